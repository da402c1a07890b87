import type { Session } from "../api/types.ts";

/** Whether the key that is signed in may change agents; keys of members and of lesser scopes may not. */
export function mayChange(session: Pick<Session, "key"> | null): boolean {
  return session?.key.role === "admin" && session.key.scope === "full";
}
