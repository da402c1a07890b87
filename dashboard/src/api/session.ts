import { queryOptions } from "@tanstack/react-query";
import { ApiError, api, dataOf } from "./client.ts";
import type { Session } from "./types.ts";

/** Who is signed in; null where nobody is. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async (): Promise<Session | null> => {
    try {
      return (await dataOf(api.GET("/v1/callwright/session"))) ?? null;
    } catch (error) {
      if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return null;
      throw error;
    }
  },
  staleTime: 60_000,
});

/** Opens a session with a key. Throws ApiError where it is not accepted. */
export function signIn(key: string): Promise<Session> {
  return dataOf(api.POST("/v1/callwright/session", { body: { key } })) as Promise<Session>;
}

/** Ends the session of this browser. */
export async function signOut(): Promise<void> {
  await dataOf(api.DELETE("/v1/callwright/session"));
}
