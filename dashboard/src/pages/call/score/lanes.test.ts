import { describe, expect, it } from "vitest";
import { timelineOf } from "../../../testing/timeline.ts";
import { clipsOf, rowsOf, spread, visible, wordsFit, workOf } from "./lanes.ts";

const span = (fromMs: number, toMs: number) => ({ fromMs, toMs });

describe("rowsOf", () => {
  it("puts what lies apart into one row and what overlaps into several", () => {
    expect(rowsOf([span(0, 10), span(10, 20), span(15, 25), span(16, 18), span(26, 30)])).toEqual([0, 0, 1, 2, 0]);
  });

  it("never makes more rows than there is room for", () => {
    expect(rowsOf([span(0, 10), span(1, 10), span(2, 10)], 2)).toEqual([0, 1, 1]);
  });
});

describe("visible", () => {
  it("leaves out what lies outside and what is too thin to be told apart", () => {
    const drawn = visible([span(0, 90), span(200, 260), span(300, 301), span(500, 600)], span(100, 400), 300);
    expect(drawn).toEqual([span(200, 260)]);
  });
});

describe("spread", () => {
  it("draws few of many thin blocks, and every one that can be told apart", () => {
    const thin = Array.from({ length: 1_000 }, (_, at) => span(at * 100, at * 100 + 50));
    const drawn = spread([...thin, span(100_000, 110_000)], span(0, 110_000), 550);
    expect(drawn.length).toBeLessThan(140);
    expect(drawn.at(-1)).toEqual(span(100_000, 110_000));
  });
});

describe("wordsFit", () => {
  const clip = (...starts: number[]) => ({
    ...clipsOf(timelineOf(), 0).agent[0]!,
    ...span(0, 1_000),
    label: "Good morning",
    words: starts.map((fromMs, place) => ({ fromMs, text: place ? "morning" : "Good" })),
  });

  it("needs room for all letters, and for each word until the next one", () => {
    expect(wordsFit(clip(0, 400), 200)).toBe(true);
    expect(wordsFit(clip(0, 400), 100)).toBe(false);
    expect(wordsFit(clip(0, 20), 200)).toBe(false);
    expect(wordsFit(clip(0, 950), 200)).toBe(false);
    expect(wordsFit(clip(), 200)).toBe(false);
  });
});

describe("clipsOf", () => {
  it("marks sounds without words and replies that broke off, and tells both under the pointer", () => {
    const { caller, agent } = clipsOf(timelineOf(), 1_000);
    expect(caller.map(({ isWordless }) => isWordless)).toEqual([false, true]);
    expect(agent.map(({ isCut }) => isCut)).toEqual([false, true]);
    expect(caller[1]!.tip).toContain("sound without words");
    expect(agent[1]!.tip).toContain("interrupted");
  });
});

describe("workOf", () => {
  it("says how much of a reply passed before its first token, and lets unfinished work go on", () => {
    const { model, tools } = workOf(timelineOf(), 9_000);
    expect(model[0]!.untilFirst).toBeCloseTo(0.25);
    expect(tools[0]!.toMs).toBe(9_000);
  });
});
