import { expect, it } from "vitest";
import type { Session } from "../api/types.ts";
import { mayCall, mayChange } from "./rights.ts";

const signedIn = (role: string, scope: string) => ({ key: { role, scope } as Session["key"] });

it("is for full keys of administrators to change agents", () => {
  const keys = [signedIn("admin", "full"), signedIn("member", "full"), signedIn("admin", "read-only"), null];
  expect(keys.map(mayChange)).toEqual([true, false, false, false]);
});

it("is for every key but one that only reads to place calls", () => {
  const keys = [signedIn("member", "full"), signedIn("member", "call-only"), signedIn("admin", "read-only"), null];
  expect(keys.map(mayCall)).toEqual([true, true, false, false]);
});
