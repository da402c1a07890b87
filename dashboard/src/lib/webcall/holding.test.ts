import { describe, expect, it } from "vitest";
import vectors from "./holding.test.json" with { type: "json" };
import { HeldSilence } from "./holding.ts";
import { FRAME_SAMPLES, RATE_HZ } from "./protocol.ts";

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
    const frames = sent([0.1, ...silence(100)]);
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
    expect(sent([...silence(102), 0.001, 0.001, 0, 0]).slice(100)).toEqual([
      [],
      [],
      [101, 102, 103],
      [104],
      [105],
      [106],
    ]);
  });

  it("sends a click at once, and goes on to hold the silence after it", () => {
    expect(sent([...silence(102), 0.1, 0, 0, 0, 0]).slice(102)).toEqual([
      [101, 102, 103],
      [],
      [],
      [],
      [104, 105, 106, 107],
    ]);
  });

  it.each(vectors)("agrees with the pages of the tests: $name", ({ levels, messages }) => {
    const pieces = levels.flatMap(([frames, from, to]) =>
      Array.from({ length: frames! }, (_, n) => from! + ((to! - from!) * n) / frames!),
    );
    const sizes = sent(pieces).flatMap((frames) => (frames.length ? [frames.length] : []));
    expect(sizes).toEqual(messages.flatMap(([size, times]) => Array(times).fill(size)));
  });
});

/** A recording: seconds, and the sound at a time. The noise is the same in each run. */
type Sound = (seconds: number) => number;

const amplitude = (db: number): number => 10 ** (db / 20);
/** A sine of this level, as of a transformer. */
const hum = (db: number): Sound => {
  return (s) => amplitude(db) * Math.SQRT2 * Math.sin(2 * Math.PI * 100 * s);
};
/** Noise of this level, duller the nearer `dullness` is to 1, as of a fan far away. */
function noise(db: number, dullness = 0): Sound {
  let [seed, last] = [1, 0];
  const scale = amplitude(db) * Math.sqrt((3 * (1 + dullness)) / (1 - dullness));
  return () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    last = dullness * last + (1 - dullness) * (seed / 2 ** 31 - 1);
    return scale * last;
  };
}
/** Of `sound`, as much as `share` says at a time. */
const shaped = (sound: Sound, share: Sound): Sound => {
  return (s) => sound(s) * share(s);
};
const mixed = (...sounds: Sound[]): Sound => {
  return (s) => sounds.reduce((sum, sound) => sum + sound(s), 0);
};
const between = (from: number, to: number): Sound => {
  return (s) => (s >= from && s < to ? 1 : 0);
};
/** Words of 0.18 s with gaps of 0.12 s, and a longer one after every fifth. */
const words = (s: number): number => (s % 0.3 < 0.18 && s % 1.8 < 1.5 ? Math.sin((Math.PI * (s % 0.3)) / 0.18) : 0);

/** By how many frames each frame was late, and how loud it is (dB). */
function late(sound: Sound, seconds: number): { frames: number; db: number }[] {
  const levels = Array.from({ length: seconds * 50 }, (_, n) => {
    let power = 0;
    for (let k = 0; k < FRAME_SAMPLES; k++) power += sound((n * FRAME_SAMPLES + k) / RATE_HZ) ** 2;
    return Math.sqrt(power / FRAME_SAMPLES);
  });
  const delays: { frames: number; db: number }[] = [];
  sent(levels).forEach((numbers, n) => {
    for (const one of numbers) delays.push({ frames: n + 1 - one, db: 20 * Math.log10(levels[one - 1]!) });
  });
  return delays;
}

/** The share of messages that are spared of one for each frame: 0.75 when all is held. */
function spared(delays: { frames: number }[], from: number, to: number): number {
  const part = delays.slice(from * 50, to * 50);
  return part.filter((one) => one.frames > 0).length / part.length;
}

describe("HeldSilence in a room", () => {
  it.each<[string, Sound]>([
    ["hum", hum(-52)],
    ["the noise of a microphone", noise(-60)],
    ["a fan", noise(-46, 0.8)],
    ["a fan and hum", mixed(noise(-58, 0.8), hum(-55))],
    [
      "a microphone that crackles",
      mixed(
        noise(-54, 0.6),
        shaped(noise(-40), (s) => (s % 0.9 < 0.01 ? 1 : 0)),
      ),
    ],
  ])("holds %s from the third second on", (_, room) => {
    const delays = late(room, 30);
    expect(spared(delays, 0, 2)).toBe(0);
    expect(spared(delays, 3, 29)).toBeGreaterThan(0.7);
  });

  it("never holds loud noise", () => {
    expect(spared(late(noise(-37, 0.8), 20), 0, 19)).toBe(0);
  });

  it("sends a soft fricative over hum from the frame on in which it can be told from the hum", () => {
    const onset = 6.01;
    const hiss = shaped(noise(-46), (s) => (s < onset ? 0 : Math.min(1, (s - onset) / 0.15)));
    const delays = late(mixed(hum(-56), hiss), 7);
    const heard = delays.findIndex((one, n) => n > 299 && one.db > -56 + 5.6);
    expect(heard).toBeLessThan((onset + 0.1) * 50);
    expect(spared(delays, 4, 6)).toBeGreaterThan(0.7);
    expect(delays.slice(heard, 349).every((one) => one.frames === 0)).toBe(true);
  });

  it("holds nothing of whispered words 6 dB over the room, nor the two seconds after them", () => {
    const whisper = shaped(noise(-46), (s) => between(6, 26)(s) * words(s) * Math.SQRT2);
    const delays = late(mixed(noise(-52, 0.8), whisper), 30);
    const first = delays.findIndex((one, n) => n >= 300 && one.db > -52 + 5);
    expect(first).toBeLessThan(306);
    expect(delays.slice(first, 27 * 50).every((one) => one.frames === 0)).toBe(true);
    expect(spared(delays, 28, 29)).toBeGreaterThan(0.5);
  });

  it("holds nothing of whispered words from the first frame on", () => {
    expect(spared(late(mixed(noise(-56, 0.8), shaped(noise(-46), words)), 20), 0, 19)).toBe(0);
  });

  it("follows a room that fades, and one that grows louder slowly", () => {
    const fading = shaped(noise(-44, 0.6), (s) => amplitude(-Math.min(s, 30 - s)));
    expect(spared(late(fading, 30), 3, 29)).toBeGreaterThan(0.7);
  });

  it("sends a slam at once, frame by frame for two seconds after its echo, and then holds the same room again", () => {
    const slam = shaped(noise(-12), (s) => (s < 6 ? 0 : Math.exp(-(s - 6) / 0.1)));
    const delays = late(mixed(noise(-58, 0.6), slam), 12);
    expect(spared(delays, 3, 6)).toBeGreaterThan(0.7);
    expect(spared(delays, 6, 8.4)).toBe(0);
    expect(spared(delays, 9, 11)).toBeGreaterThan(0.7);
  });

  it("sends a fan that is switched on at once, and holds it when it has run for some seconds", () => {
    const fan = shaped(noise(-48, 0.8), between(6, 99));
    const delays = late(mixed(noise(-62), fan), 30);
    expect(spared(delays, 6, 8)).toBe(0);
    expect(spared(delays, 18, 29)).toBeGreaterThan(0.7);
  });
});
