import { randomKey } from "../../../lib/randomKey.ts";

/**
 * Keys under which orders are placed once. An order that is sent again, because its answer was lost say, has the key it had; another one
 * gets a key of its own.
 */
export class OrderKeys {
  private last = { order: "", key: "" };

  constructor(private readonly make: () => string = randomKey) {}

  /** The key of an order. */
  of(order: object): string {
    const text = JSON.stringify(order);
    if (text !== this.last.order) this.last = { order: text, key: this.make() };
    return this.last.key;
  }
}
