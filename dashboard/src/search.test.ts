import { describe, expect, it } from "vitest";
import { agentSearch, agentsSearch, callSearch, callsSearch, signInSearch } from "./search.ts";

describe("the search of the calls page", () => {
  it("keeps what it knows and drops the rest", () => {
    expect(
      callsSearch({ q: 15550001, status: "busy", findings: true, min_wait_ms: "1500", sort: "worst", x: 1 }),
    ).toEqual({
      q: "15550001",
      status: "busy",
      findings: true,
      min_wait_ms: 1500,
    });
  });
});

describe("the search of a call", () => {
  it("keeps position, turn, tab and the list it was opened from", () => {
    expect(callSearch({ turn: 2, t: 10.6, tab: "money", list: { status: "busy", evil: 1 } })).toEqual({
      turn: 2,
      t: 10.6,
      tab: "money",
      list: { status: "busy" },
    });
  });

  it("takes nothing that is no state of it", () => {
    expect(callSearch({ turn: -1, t: "x", tab: "secrets", set: [1, "a=2"] })).toEqual({ set: ["a=2"] });
  });
});

describe("the search of agents", () => {
  it("keeps the dialog that is open, and the words of a name", () => {
    expect(agentsSearch({ q: "clinic", dialog: "new" })).toEqual({ q: "clinic", dialog: "new" });
    expect(agentsSearch({ q: " ", dialog: "secrets" })).toEqual({});
  });

  it("keeps what the editor shows, also one change without brackets", () => {
    expect(
      agentSearch({ view: "versions", version: "3", against: "now", test: "call", run: "0c62", set: "a.b=1", x: 1 }),
    ).toEqual({ view: "versions", version: 3, against: "now", test: "call", run: "0c62", set: ["a.b=1"] });
    expect(agentSearch({ dialog: "call", to: 15550001 })).toEqual({ dialog: "call", to: "15550001" });
    expect(agentSearch({ view: "x", version: 0, set: [1] })).toEqual({});
  });
});

describe("the way on from the sign-in", () => {
  it.each(["https://example.org/", "//example.org/", "javascript:alert(1)", ""])("does not lead to %s", (to) => {
    expect(signInSearch({ to })).toEqual({});
  });

  it("leads to a page of ours", () =>
    expect(signInSearch({ to: "/calls?status=busy" })).toEqual({ to: "/calls?status=busy" }));
});
