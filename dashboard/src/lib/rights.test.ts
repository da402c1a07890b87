import { expect, it } from "vitest";
import type { Session } from "../api/types.ts";
import { mayChange } from "./rights.ts";

const signedIn = (role: string, scope: string) => ({ key: { role, scope } as Session["key"] });

it("is for full keys of administrators to change agents", () => {
  const keys = [signedIn("admin", "full"), signedIn("member", "full"), signedIn("admin", "read-only"), null];
  expect(keys.map(mayChange)).toEqual([true, false, false, false]);
});
