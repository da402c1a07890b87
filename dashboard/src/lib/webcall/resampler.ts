/** Taps on each side of the centre, counted at the lower of the two rates. */
const HALF_TAPS = 12;
/** Where the filter begins to fall, as a share of half the lower rate. */
const PASSBAND = 0.9;
const PHASES = 160;
const KAISER_BETA = 7;

/**
 * Converts the sample rate of a stream: a windowed sinc, read at the nearest of 160 places between two samples.
 *
 * It holds back 0.8 ms at 16 kHz, and takes pieces of any length.
 */
export class Resampler {
  private readonly step: number;
  private readonly half: number;
  private readonly bank: Float32Array[];
  private data: Float32Array;
  private length: number;
  /** Where the next output lies, in input samples from the start of `data`. */
  private at: number;

  constructor(
    readonly fromHz: number,
    readonly toHz: number,
  ) {
    this.step = fromHz / toHz;
    const stretch = Math.max(1, this.step);
    this.half = Math.ceil(HALF_TAPS * stretch);
    this.bank = makeBank(this.half, PASSBAND / stretch);
    this.data = new Float32Array(8_192);
    this.length = this.half - 1;
    this.at = this.half - 1;
  }

  /** Feeds samples, and hands each output sample that they complete to `take`. */
  push(input: Float32Array, take: (sample: number) => void): void {
    this.makeRoom(input.length);
    this.data.set(input, this.length);
    this.length += input.length;
    while (true) {
      const place = this.at + 0.5 / PHASES;
      const base = Math.floor(place);
      if (base + this.half >= this.length) break;
      take(this.sampleAt(base, this.bank[Math.floor((place - base) * PHASES)]!));
      this.at += this.step;
    }
    this.forget();
  }

  private sampleAt(base: number, taps: Float32Array): number {
    let sum = 0;
    const first = base - this.half + 1;
    for (let k = 0; k < taps.length; k++) sum += taps[k]! * this.data[first + k]!;
    return sum;
  }

  private makeRoom(more: number): void {
    if (this.length + more <= this.data.length) return;
    const larger = new Float32Array(2 * (this.length + more));
    larger.set(this.data.subarray(0, this.length));
    this.data = larger;
  }

  /** Drops what no further output needs. */
  private forget(): void {
    const unneeded = Math.floor(this.at) - this.half + 1;
    if (unneeded <= 0) return;
    this.data.copyWithin(0, unneeded, this.length);
    this.length -= unneeded;
    this.at -= unneeded;
  }
}

/** The taps for each place between two input samples; together they weigh 1. */
function makeBank(half: number, cutoff: number): Float32Array[] {
  const weight = bessel(KAISER_BETA);
  return Array.from({ length: PHASES }, (_, phase) => {
    const taps = new Float32Array(2 * half);
    let sum = 0;
    for (let k = 0; k < taps.length; k++) {
      const offset = k - (half - 1) - phase / PHASES;
      const window = bessel(KAISER_BETA * Math.sqrt(Math.max(0, 1 - (offset / half) ** 2))) / weight;
      taps[k] = sinc(cutoff * offset) * window;
      sum += taps[k]!;
    }
    return taps.map((tap) => tap / sum);
  });
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** The modified Bessel function of order 0. */
function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-9; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
