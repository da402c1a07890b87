import { describe, expect, it } from "vitest";
import { HeldSilence } from "./holding.ts";
import { FRAME_SAMPLES } from "./protocol.ts";

/** Feeds frames of these levels, numbered from 1. Returns which numbers were sent at each. */
function sent(levels: number[]): number[][] {
  const holding = new HeldSilence();
  return levels.map((level, n) => {
    const frames = holding.push(new Int16Array(FRAME_SAMPLES).fill(n + 1), level);
    return frames ? Array.from({ length: frames.length / FRAME_SAMPLES }, (_, k) => frames[k * FRAME_SAMPLES]!) : [];
  });
}

const silence = (frames: number): number[] => Array(frames).fill(0);

describe("HeldSilence", () => {
  it("sends speech and the silence of two seconds after it frame by frame", () => {
    const frames = sent([0.1, 0.001, ...silence(100)]);
    expect(frames).toEqual(frames.map((_, n) => [n + 1]));
  });

  it("sends longer silence four frames at a time", () => {
    expect(sent(silence(109)).slice(100)).toEqual([
      [],
      [],
      [],
      [101, 102, 103, 104],
      [],
      [],
      [],
      [105, 106, 107, 108],
      [],
    ]);
  });

  it("sends the first sound at once, with the silence before it, and then frame by frame", () => {
    expect(sent([...silence(102), 0.001, 0, 0]).slice(100)).toEqual([[], [], [101, 102, 103], [104], [105]]);
  });
});
