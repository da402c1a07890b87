import { describe, expect, it } from "vitest";
import { isUnsaved, lostBy, maySave, withBroken } from "./leaving.ts";

const AGENT = "/agents/a1";
const BROKEN = { changes: 2, isBroken: true };
const at = (search: object, pathname = AGENT) => ({ pathname, search });

describe("a field that holds what is no value yet", () => {
  it("keeps an older draft from being saved", () => {
    expect(maySave(BROKEN)).toBe(false);
    expect(maySave({ changes: 2, isBroken: false })).toBe(true);
    expect(maySave({ changes: 0, isBroken: false })).toBe(false);
  });

  it("is lost with its view and with its section, and the changes are not", () => {
    const view = { changes: 0, isBroken: true };
    expect(lostBy(at({ view: "json" }), at({ view: "form" }), BROKEN)).toEqual(view);
    expect(lostBy(at({}), at({ section: "tools" }), BROKEN)).toEqual(view);
    expect(lostBy(at({ section: "tools" }), at({ section: "tools", q: "delay" }), BROKEN)).toEqual(view);
  });

  it("is lost with the page, as the changes are", () => {
    expect(lostBy(at({}), at({}, "/calls"), BROKEN)).toEqual(BROKEN);
    expect(isUnsaved(lostBy(at({}), at({}, "/calls"), { changes: 0, isBroken: true }))).toBe(true);
  });

  it("stays where the address changes and the view does not", () => {
    const nothing = { changes: 0, isBroken: false };
    expect(lostBy(at({}), at({ view: "form", section: "talk" }), BROKEN)).toEqual(nothing);
    expect(lostBy(at({ view: "json" }), at({ view: "json", test: "call", section: "tools" }), BROKEN)).toEqual(nothing);
    expect(isUnsaved(nothing)).toBe(false);
  });

  it("counts until it is corrected, each for itself", () => {
    const both = withBroken(withBroken(new Set(), "a", true), "b", true);
    expect(withBroken(both, "b", true)).toBe(both);
    expect([...withBroken(both, "a", false)]).toEqual(["b"]);
  });
});
