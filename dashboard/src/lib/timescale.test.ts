import { describe, expect, it } from "vitest";
import { following, momentAt, pixelOf, SHORTEST_MS, ticks, within, zoomed } from "./timescale.ts";

const WHOLE = { fromMs: 1_000, toMs: 31_000 };

describe("zoomed", () => {
  it("keeps the moment under the pointer where it is", () => {
    const before = { fromMs: 5_000, toMs: 15_000 };
    const after = zoomed(before, WHOLE, 0.5, 7_000);
    expect(pixelOf(7_000, after, 1_000)).toBeCloseTo(pixelOf(7_000, before, 1_000));
    expect(after.toMs - after.fromMs).toBe(5_000);
  });

  it("never leaves the call, nor goes below the shortest span", () => {
    expect(zoomed({ fromMs: 2_000, toMs: 30_000 }, WHOLE, 10, 2_000)).toEqual(WHOLE);
    const closest = zoomed({ fromMs: 5_000, toMs: 5_300 }, WHOLE, 0.001, 5_100);
    expect(closest.toMs - closest.fromMs).toBeCloseTo(SHORTEST_MS);
  });
});

describe("within", () => {
  it("moves a span back into the call", () => {
    expect(within({ fromMs: 29_000, toMs: 35_000 }, WHOLE)).toEqual({ fromMs: 25_000, toMs: 31_000 });
  });

  it("shows a call that is shorter than the shortest span whole", () => {
    expect(within({ fromMs: 0, toMs: 1 }, { fromMs: 0, toMs: 100 })).toEqual({ fromMs: 0, toMs: 100 });
  });
});

describe("following", () => {
  it("stands still while the moment can be seen, and goes on a page when it cannot", () => {
    const span = { fromMs: 5_000, toMs: 15_000 };
    expect(following(span, WHOLE, 14_999)).toBe(span);
    expect(following(span, WHOLE, 16_000)).toEqual({ fromMs: 15_000, toMs: 25_000 });
  });
});

describe("ticks", () => {
  it("counts from the answer and leaves room between the marks", () => {
    const { atMs, stepMs } = ticks(WHOLE, 1_000, 1_000);
    expect(stepMs).toBe(5_000);
    expect(atMs).toEqual([1_000, 6_000, 11_000, 16_000, 21_000, 26_000, 31_000]);
  });
});

describe("momentAt", () => {
  it("undoes pixelOf", () => expect(momentAt(pixelOf(9_876, WHOLE, 640), WHOLE, 640)).toBeCloseTo(9_876));
});
