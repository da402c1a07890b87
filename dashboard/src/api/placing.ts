import { queryOptions } from "@tanstack/react-query";
import { api, dataOf } from "./client.ts";
import type { Variables } from "./tests.ts";
import type { PhoneNumber } from "./types.ts";

/** A call that a person wants. */
export interface Order {
  agent_id: string;
  recipient_phone_number: string;
  from_phone_number?: string;
  user_data: Variables;
}

/** Places a call; the id of its execution. With the same `key` the same order is placed once, however often it is sent. */
export async function placeCall(order: Order, key: string): Promise<string> {
  const params = { header: { "Idempotency-Key": key } };
  return (await dataOf(api.POST("/call", { params, body: order as never }))).execution_id;
}

/** What the list of numbers has as the provider of an extension, which is called and calls nobody. */
const EXTENSION = "sip";

/** The numbers that the account may call from. */
export const callerNumbersQuery = queryOptions({
  queryKey: ["phone-numbers"],
  queryFn: async ({ signal }): Promise<PhoneNumber[]> => {
    const numbers = await dataOf(api.GET("/phone-numbers/all", { signal }));
    return numbers.filter(({ telephony_provider }) => telephony_provider !== EXTENSION);
  },
  staleTime: 60_000,
});
