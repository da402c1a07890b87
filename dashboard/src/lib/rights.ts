import type { Session } from "../api/types.ts";

type SignedIn = Pick<Session, "key"> | null;

/** Whether the key that is signed in may change agents; keys of members and of lesser scopes may not. */
export function mayChange(session: SignedIn): boolean {
  return session?.key.role === "admin" && session.key.scope === "full";
}

/** Whether the key that is signed in may place and end calls; keys that may only read may not. */
export function mayCall(session: SignedIn): boolean {
  return session?.key.scope === "full" || session?.key.scope === "call-only";
}
