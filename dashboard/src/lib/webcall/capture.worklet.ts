/** The microphone: what the browser gives, as frames of 20 ms at 16 kHz. */

import { HeldSilence } from "./holding.ts";
import { CAPTURE, type Captured } from "./messages.ts";
import { FRAME_SAMPLES, RATE_HZ } from "./protocol.ts";
import { Resampler } from "./resampler.ts";

class Capture extends AudioWorkletProcessor {
  private readonly resampler = new Resampler(sampleRate, RATE_HZ);
  private readonly holding = new HeldSilence();
  private readonly frame = new Int16Array(FRAME_SAMPLES);
  private filled = 0;
  private power = 0;

  process(inputs: Float32Array[][]): boolean {
    const channels = inputs[0];
    // A microphone that is being changed has no channel for a moment.
    if (channels?.[0]) this.resampler.push(channels[0], this.take);
    return true;
  }

  private readonly take = (sample: number): void => {
    this.frame[this.filled] = Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_768)));
    this.power += sample * sample;
    this.filled += 1;
    if (this.filled < FRAME_SAMPLES) return;
    const level = Math.sqrt(this.power / FRAME_SAMPLES);
    const frames = this.holding.push(this.frame, level);
    if (frames) {
      const message: Captured = { frames: frames.buffer, level };
      this.port.postMessage(message, [message.frames]);
    }
    this.filled = 0;
    this.power = 0;
  };
}

registerProcessor(CAPTURE, Capture);
