/** The agent's sound: plays what comes, says how much was played, and is silent at once when it is told to. */

import { type FromPlayback, PLAYBACK, type ToPlayback } from "./messages.ts";
import { Playout } from "./playout.ts";
import { RATE_HZ } from "./protocol.ts";
import { Resampler } from "./resampler.ts";

/** Frames between two reports: 200 ms. */
const REPORT_FRAMES = 10;
const LEVEL_MS = 100;

class Playback extends AudioWorkletProcessor {
  private readonly playout = new Playout();
  private readonly resampler = new Resampler(RATE_HZ, sampleRate);
  private readonly one = new Float32Array(1);
  private ready: number[] = [];
  private reported = 0;
  private power = 0;
  private measured = 0;

  constructor() {
    super();
    this.port.onmessage = (event: MessageEvent<ToPlayback>) => this.obey(event.data);
  }

  process(_: Float32Array[][], outputs: Float32Array[][]): boolean {
    const channel = outputs[0]?.[0];
    if (!channel) return true;
    for (let k = 0; k < channel.length; k++) channel[k] = this.sample();
    this.report();
    return true;
  }

  private obey(message: ToPlayback): void {
    if (message.type === "frame") {
      this.playout.write(new Int16Array(message.frame));
      return;
    }
    if (message.type === "restart") {
      this.playout.restart();
      this.reported = 0;
      return;
    }
    this.reported = this.playout.clear();
    this.tell({ type: "cleared", frames: this.reported });
  }

  private sample(): number {
    while (this.ready.length === 0) {
      this.one[0] = this.playout.next();
      this.resampler.push(this.one, this.keep);
    }
    const sample = this.ready.shift()!;
    this.measure(sample);
    return sample;
  }

  private readonly keep = (sample: number): void => {
    this.ready.push(sample);
  };

  private report(): void {
    const position = this.playout.position;
    if (position === this.reported) return;
    if (position - this.reported < REPORT_FRAMES && !this.playout.isEmpty) return;
    this.reported = position;
    this.tell({ type: "played", frames: position });
  }

  private measure(sample: number): void {
    this.power += sample * sample;
    this.measured += 1;
    if (this.measured < (sampleRate / 1_000) * LEVEL_MS) return;
    this.tell({ type: "level", level: Math.sqrt(this.power / this.measured) });
    this.power = 0;
    this.measured = 0;
  }

  private tell(message: FromPlayback): void {
    this.port.postMessage(message);
  }
}

registerProcessor(PLAYBACK, Playback);
