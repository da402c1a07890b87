import { FRAME_SAMPLES } from "./protocol.ts";

/** Below this (0 to 1, about -62 dB) a frame is silence: no detector of the server takes it for speech. */
const QUIET_LEVEL = 0.0008;
/** Silence that goes at once: 2 s, in which the agent may wait for the end of a turn. */
const QUIET_FRAMES = 100;
/** Frames of silence that go in one message. */
const FRAMES_TOGETHER = 4;

/**
 * The caller's frames on their way to the server: after two seconds of silence, further silence goes four frames at a time, because a
 * message of each costs both sides more than its sound. Anything else goes at once, with the silence that was held back before it.
 */
export class HeldSilence {
  private readonly held = new Int16Array(FRAME_SAMPLES * FRAMES_TOGETHER);
  private filled = 0;
  private quiet = 0;

  /** The next frame and how loud it is (0 to 1). Returns the frames to be sent now, null for none. */
  push(frame: Int16Array, level: number): Int16Array<ArrayBuffer> | null {
    this.quiet = level < QUIET_LEVEL ? this.quiet + 1 : 0;
    this.held.set(frame, this.filled);
    this.filled += frame.length;
    if (this.quiet > QUIET_FRAMES && this.filled < this.held.length) return null;
    const frames = this.held.slice(0, this.filled);
    this.filled = 0;
    return frames;
  }
}
