import { describe, expect, it } from "vitest";
import { OrderKeys } from "./orderKeys.ts";

describe("keys of orders", () => {
  it("are the same for an order that is sent again, and new for another one", () => {
    const keys = new OrderKeys();
    const first = keys.of({ to: "+15550001" });
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect(keys.of({ to: "+15550001" })).toBe(first);
    expect(keys.of({ to: "+15550002" })).not.toBe(first);
    expect(keys.of({ to: "+15550001" })).not.toBe(first);
  });
});
