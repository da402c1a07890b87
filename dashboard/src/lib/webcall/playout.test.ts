import { describe, expect, it } from "vitest";
import { Playout } from "./playout.ts";
import { FRAME_SAMPLES } from "./protocol.ts";

function frame(value: number): Int16Array {
  return new Int16Array(FRAME_SAMPLES).fill(value * 32_768);
}

function play(playout: Playout, frames: number): number[] {
  return Array.from({ length: frames * FRAME_SAMPLES }, () => playout.next());
}

describe("Playout", () => {
  it("plays what comes in order and counts what was played", () => {
    const playout = new Playout();
    playout.write(frame(0.25));
    playout.write(frame(0.5));
    const heard = play(playout, 1.5);
    expect(heard[0]).toBe(0.25);
    expect(heard.at(-1)).toBe(0.5);
    expect(playout.position).toBe(1);
    play(playout, 0.5);
    expect(playout.position).toBe(2);
    expect(playout.isEmpty).toBe(true);
  });

  it("is silent without sound, which is not counted", () => {
    const playout = new Playout();
    expect(play(playout, 3).every((sample) => sample === 0)).toBe(true);
    expect(playout.position).toBe(0);
  });

  it("makes one gap of a line that falters, and still plays a last frame alone", () => {
    const playout = new Playout();
    playout.write(frame(0.25));
    play(playout, 1);
    playout.write(frame(0.5));
    expect(play(playout, 2).every((sample) => sample === 0)).toBe(true);
    expect(play(playout, 1).every((sample) => sample === 0.5)).toBe(true);
    playout.write(frame(0.25));
    playout.write(frame(0.25));
    expect(playout.next()).toBe(0.25);
  });

  it("drops at once what was not played, and fades out", () => {
    const playout = new Playout();
    for (let n = 0; n < 10; n++) playout.write(frame(0.5));
    play(playout, 3);
    expect(playout.clear()).toBe(10);
    const after = play(playout, 1);
    expect(after.slice(64).every((sample) => sample === 0)).toBe(true);
    expect(after[63]).toBeLessThan(0.01);
    playout.write(frame(0.25));
    playout.write(frame(0.25));
    play(playout, 2);
    expect(playout.position).toBe(12);
  });

  it("counts anew on another connection", () => {
    const playout = new Playout();
    for (let n = 0; n < 5; n++) playout.write(frame(0.5));
    playout.restart();
    expect(playout.position).toBe(0);
    playout.write(frame(0.25));
    playout.write(frame(0.25));
    play(playout, 3);
    expect(playout.position).toBe(2);
  });

  it("keeps four seconds at most, and still counts all", () => {
    const playout = new Playout();
    for (let n = 0; n < 300; n++) playout.write(frame(0.5));
    expect(playout.clear()).toBe(300);
  });
});
