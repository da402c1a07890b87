import { describe, expect, it } from "vitest";
import type { Execution } from "../../api/types.ts";
import { attemptsOf, costOf } from "./attempts.ts";

const ONCE = { callwright: { attempts: [] }, total_cost: 6 } as unknown as Execution;
const TWICE = {
  callwright: {
    attempts: [
      { attempt: 1, total_cost: 2 },
      { attempt: 3, total_cost: 4 },
    ],
  },
  total_cost: 6,
} as unknown as Execution;

describe("the attempts of a call", () => {
  it("are none where the call was made once, or is not known yet", () => {
    expect(attemptsOf(ONCE)).toEqual([]);
    expect(attemptsOf(undefined)).toEqual([]);
    expect(attemptsOf(TWICE).map(({ attempt }) => attempt)).toEqual([1, 3]);
  });
});

describe("the cost of the attempt that is shown", () => {
  it("is that of the call where there is one attempt", () => {
    expect(costOf(ONCE, { attempt: 1, live: false })).toBe(6);
  });

  it("is its own, and not that of all of them", () => {
    expect(costOf(TWICE, { attempt: 1, live: false })).toBe(2);
    expect(costOf(TWICE, { attempt: 3, live: false })).toBe(4);
  });

  it("is not known while it goes on, and before the call is read", () => {
    expect(costOf(TWICE, { attempt: 3, live: true })).toBeUndefined();
    expect(costOf(undefined, { attempt: 1, live: false })).toBeUndefined();
    expect(costOf(TWICE, { attempt: 2, live: false })).toBeUndefined();
  });
});
