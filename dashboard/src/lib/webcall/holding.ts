import { FRAME_SAMPLES } from "./protocol.ts";

/** The room's noise is followed between these levels (0 to 1). With the margin: about -62 and -40 dB of full scale. */
const LEAST_FLOOR = 0.0004;
const MOST_FLOOR = 0.005;
/** A frame is silence up to this many times the floor (5.6 dB), because no frame of noise is as loud as the next. */
const MARGIN = 1.9;
/** The floor rises by this in a frame (1.3 dB in a second), so that no sentence lifts it far. */
const RISE = 1.003;
/** The share of the way that the floor falls in a frame, so that one gap between words undoes the rise. */
const FALL = 1 / 8;
/** Silence that goes at once: 2 s, in which the agent may wait for the end of a turn. */
const QUIET_FRAMES = 100;
/** Frames of silence that go in one message. */
const FRAMES_TOGETHER = 4;

/**
 * The caller's frames on their way to the server: after two seconds of silence, further silence goes four frames at a time, because a
 * message of each costs both sides more than its sound. Anything else goes at once, with the silence that was held back before it.
 * Silence is what is hardly louder than the steady noise of the room; a single louder frame, as of a click, does not end it.
 * `tests/web_page.py` does the same.
 */
export class HeldSilence {
  private readonly held = new Int16Array(FRAME_SAMPLES * FRAMES_TOGETHER);
  private filled = 0;
  private quiet = 0;
  private wasLouder = false;
  private floor = MOST_FLOOR;

  /** The next frame and how loud it is (0 to 1). Returns the frames to be sent now, null for none. */
  push(frame: Int16Array, level: number): Int16Array<ArrayBuffer> | null {
    const isQuiet = level < this.floor * MARGIN;
    if (isQuiet) this.quiet += 1;
    else if (this.wasLouder) this.quiet = 0;
    this.wasLouder = !isQuiet;
    const followed = level < this.floor ? this.floor + (level - this.floor) * FALL : this.floor * RISE;
    this.floor = Math.min(MOST_FLOOR, Math.max(LEAST_FLOOR, followed));
    this.held.set(frame, this.filled);
    this.filled += frame.length;
    if (isQuiet && this.quiet > QUIET_FRAMES && this.filled < this.held.length) return null;
    const frames = this.held.slice(0, this.filled);
    this.filled = 0;
    return frames;
  }
}
