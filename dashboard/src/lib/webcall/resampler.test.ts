import { describe, expect, it } from "vitest";
import { Resampler } from "./resampler.ts";

function tone(rateHz: number, hz: number, seconds: number): Float32Array {
  return Float32Array.from({ length: rateHz * seconds }, (_, n) => 0.5 * Math.sin((2 * Math.PI * hz * n) / rateHz));
}

function converted(fromHz: number, toHz: number, input: Float32Array, piece = 128): number[] {
  const resampler = new Resampler(fromHz, toHz);
  const out: number[] = [];
  for (let at = 0; at < input.length; at += piece) {
    resampler.push(input.subarray(at, at + piece), (sample) => out.push(sample));
  }
  return out;
}

function level(samples: number[]): number {
  const inner = samples.slice(400, -400);
  return Math.sqrt(inner.reduce((sum, one) => sum + one * one, 0) / inner.length);
}

describe.each([
  [48_000, 16_000],
  [44_100, 16_000],
  [16_000, 48_000],
  [16_000, 44_100],
  [16_000, 16_000],
])("from %i to %i Hz", (fromHz, toHz) => {
  it("keeps length, pitch and level of a tone", () => {
    const out = converted(fromHz, toHz, tone(fromHz, 1_000, 1));
    expect(Math.abs(out.length - toHz)).toBeLessThan(80);
    expect(level(out)).toBeCloseTo(0.5 / Math.SQRT2, 2);
    const crossings = out.slice(1).filter((one, n) => one >= 0 && out[n]! < 0).length;
    expect(Math.abs(crossings - (1_000 * out.length) / toHz)).toBeLessThanOrEqual(2);
  });

  it("gives the same whatever the pieces", () => {
    const input = tone(fromHz, 700, 0.2);
    const whole = converted(fromHz, toHz, input, input.length);
    expect(converted(fromHz, toHz, input, 37)).toEqual(whole);
  });
});

describe("what 16 kHz cannot carry", () => {
  it.each([9_500, 12_000, 20_000])("%i Hz does not come back as another tone", (hz) => {
    expect(level(converted(48_000, 16_000, tone(48_000, hz, 1)))).toBeLessThan(0.005);
  });
});
