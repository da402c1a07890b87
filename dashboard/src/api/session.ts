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
  // Who was signed out may have come back in another tab, with the link that the server prints.
  refetchOnWindowFocus: ({ state }) => (state.data === null ? "always" : false),
});

/** Opens a session with a key. Throws ApiError where it is not accepted. */
export function signIn(key: string): Promise<Session> {
  return dataOf(api.POST("/v1/callwright/session", { body: { key } })) as Promise<Session>;
}

/** Ends the session of this browser; it may have ended by itself. */
export async function signOut(): Promise<void> {
  try {
    await dataOf(api.DELETE("/v1/callwright/session"));
  } catch (error) {
    if (!isSignedOut(error)) throw error;
  }
}

/** Whether an answer says that the session has ended. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}
