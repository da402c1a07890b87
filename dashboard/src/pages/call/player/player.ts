/** Which voices are heard. */
export type Side = "both" | "caller" | "agent";

export interface PlayerState {
  readonly isPlaying: boolean;
  readonly side: Side;
  readonly rate: number;
  readonly hasFailed: boolean;
}

export const RATES = [0.5, 0.75, 1, 1.25, 1.5, 2, 3];
const CALLER_CHANNEL = 0;
const AGENT_CHANNEL = 1;

/**
 * Plays the recording of a call, and is where the position in the call is kept, with a recording or without one.
 *
 * Positions are milliseconds on the axis of the call. What changes rarely is a state to subscribe to; the position changes with every
 * frame and has listeners of its own, which write into the page without drawing it anew.
 */
export class Player {
  #state: PlayerState = { isPlaying: false, side: "both", rate: 1, hasFailed: false };
  #positionMs: number;
  #untilMs = Number.POSITIVE_INFINITY;
  #audio: HTMLAudioElement | null = null;
  #audioFromMs = 0;
  #gains: readonly [GainNode, GainNode] | null = null;
  #context: AudioContext | null = null;
  readonly #stateListeners = new Set<() => void>();
  readonly #positionListeners = new Set<(atMs: number) => void>();

  constructor(positionMs: number) {
    this.#positionMs = positionMs;
  }

  get state(): PlayerState {
    return this.#state;
  }

  get positionMs(): number {
    return this.#positionMs;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#stateListeners.add(listener);
    return () => this.#stateListeners.delete(listener);
  };

  readonly onPosition = (listener: (atMs: number) => void): (() => void) => {
    this.#positionListeners.add(listener);
    return () => this.#positionListeners.delete(listener);
  };

  /** Takes an audio element whose first sample is at `fromMs`. Returns what lets go of it. */
  attach(audio: HTMLAudioElement, fromMs: number): () => void {
    this.#audio = audio;
    this.#audioFromMs = fromMs;
    const events = {
      playing: () => this.#began(),
      pause: () => this.#change({ isPlaying: false }),
      ended: () => this.#change({ isPlaying: false }),
      error: () => this.#change({ isPlaying: false, hasFailed: true }),
    };
    for (const [name, listener] of Object.entries(events)) audio.addEventListener(name, listener);
    return () => {
      for (const [name, listener] of Object.entries(events)) audio.removeEventListener(name, listener);
      audio.pause();
      void this.#context?.close();
      this.#audio = this.#gains = this.#context = null;
    };
  }

  /** Moves to a position; goes on playing from there if it played. */
  seek(atMs: number): void {
    this.#untilMs = Number.POSITIVE_INFINITY;
    this.#positionMs = atMs;
    if (this.#audio) this.#audio.currentTime = Math.max(0, (atMs - this.#audioFromMs) / 1_000);
    this.#moved();
  }

  toggle(): void {
    if (this.#state.isPlaying) this.pause();
    else this.play();
  }

  play(): void {
    const audio = this.#audio;
    if (!audio) return;
    this.#connect(audio);
    if (audio.ended) this.seek(this.#audioFromMs);
    else audio.currentTime = Math.max(0, (this.#positionMs - this.#audioFromMs) / 1_000);
    audio.playbackRate = this.#state.rate;
    audio.play().catch(() => this.#change({ isPlaying: false, hasFailed: audio.error !== null }));
  }

  pause(): void {
    this.#audio?.pause();
  }

  /** Plays one stretch and stops at its end. */
  playSpan(fromMs: number, toMs: number): void {
    this.seek(fromMs);
    this.#untilMs = toMs;
    this.play();
  }

  setSide(side: Side): void {
    this.#change({ side });
    this.#setGains();
  }

  setRate(rate: number): void {
    if (this.#audio) this.#audio.playbackRate = rate;
    this.#change({ rate });
  }

  #began(): void {
    this.#change({ isPlaying: true });
    const frame = () => {
      const audio = this.#audio;
      if (!audio || !this.#state.isPlaying) return;
      this.#positionMs = this.#audioFromMs + audio.currentTime * 1_000;
      if (this.#positionMs >= this.#untilMs) {
        this.#positionMs = this.#untilMs;
        this.#untilMs = Number.POSITIVE_INFINITY;
        audio.pause();
      }
      this.#moved();
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  /** One side alone needs its channel apart. The browser lets sound through only after a click, so not before the first play. */
  #connect(audio: HTMLAudioElement): void {
    if (this.#gains) return;
    const context = new AudioContext();
    const splitter = context.createChannelSplitter(2);
    const gains = [context.createGain(), context.createGain()] as const;
    context.createMediaElementSource(audio).connect(splitter);
    splitter.connect(gains[0], CALLER_CHANNEL).connect(context.destination);
    splitter.connect(gains[1], AGENT_CHANNEL).connect(context.destination);
    this.#context = context;
    this.#gains = gains;
    this.#setGains();
  }

  #setGains(): void {
    if (!this.#gains) return;
    const [caller, agent] = this.#gains;
    caller.gain.value = this.#state.side === "agent" ? 0 : 1;
    agent.gain.value = this.#state.side === "caller" ? 0 : 1;
  }

  #change(next: Partial<PlayerState>): void {
    this.#state = { ...this.#state, ...next };
    for (const listener of this.#stateListeners) listener();
  }

  #moved(): void {
    for (const listener of this.#positionListeners) listener(this.#positionMs);
  }
}
