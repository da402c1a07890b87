import { FRAME_SAMPLES } from "./protocol.ts";

/** Sound that is kept at most: 4 s. A server that sends more than it says is ahead of itself. */
const MOST_SAMPLES = 64_000;
/** After the sound ran dry, it goes on when so much is there, or so much later: one gap instead of many. */
const AFTER_GAP_SAMPLES = 2 * FRAME_SAMPLES;
/** What is cut off fades out in 4 ms, which clicks less. */
const FADE_SAMPLES = 64;

/**
 * The agent's sound on its way to the ear: 16 kHz frames in, samples out, and how many frames were played.
 *
 * Positions count the frames of one connection. Frames that `clear` drops are counted as soon as they are dropped.
 */
export class Playout {
  private readonly ring = new Float32Array(MOST_SAMPLES);
  private read = 0;
  private waiting = 0;
  private consumed = 0;
  private received = 0;
  /** Samples for which the sound still waits after it ran dry. */
  private holding = 0;
  private fading = 0;

  /** Frames that were played, or dropped. */
  get position(): number {
    return Math.floor(this.consumed / FRAME_SAMPLES);
  }

  /** Whether nothing is left to play. */
  get isEmpty(): boolean {
    return this.waiting === 0;
  }

  /** A frame has come. */
  write(frame: Int16Array): void {
    this.received += frame.length;
    for (let k = 0; k < frame.length && this.waiting < MOST_SAMPLES; k++) {
      this.ring[(this.read + this.waiting) % MOST_SAMPLES] = frame[k]! / 32_768;
      this.waiting += 1;
    }
    if (this.waiting >= AFTER_GAP_SAMPLES) this.holding = 0;
  }

  /** The next sample; 0 where there is none. */
  next(): number {
    if (this.fading > 0) return this.fade();
    if (this.waiting === 0) return 0;
    if (this.holding > 0) {
      this.holding -= 1;
      return 0;
    }
    const sample = this.take();
    this.consumed += 1;
    // Perhaps the agent is done. If not, the next frame alone would not last.
    if (this.waiting === 0) this.holding = AFTER_GAP_SAMPLES;
    return sample;
  }

  /** Drops what was not played. Returns the frames received so far: they are all done with. */
  clear(): number {
    this.fading = Math.min(FADE_SAMPLES, this.waiting);
    this.waiting = this.fading;
    this.consumed = this.received;
    this.holding = 0;
    return this.position;
  }

  /** Another connection: its frames count from 0. */
  restart(): void {
    this.clear();
    this.received = 0;
    this.consumed = 0;
  }

  private take(): number {
    const sample = this.ring[this.read]!;
    this.read = (this.read + 1) % MOST_SAMPLES;
    this.waiting -= 1;
    return sample;
  }

  private fade(): number {
    const sample = this.take() * (this.fading / FADE_SAMPLES);
    this.fading -= 1;
    return sample;
  }
}
