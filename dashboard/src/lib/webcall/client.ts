import { CLOSED, type PageMessage, readMessage, type ServerMessage } from "./protocol.ts";
import { RefusedError } from "./session.ts";
import { openSound, type Sound, SoundError, type SoundFailure } from "./sound.ts";

export type CallState = "idle" | "asking" | "connecting" | "active" | "reconnecting" | "ended";

/**
 * Why there is no call, or no more: beside those of the microphone `busy` (as many calls as are allowed are under way),
 * `connect_failed` (no connection, or it broke off), `rejected` (the server does not take this call).
 */
export type CallFailure = SoundFailure | "busy" | "connect_failed" | "rejected";

export interface CallEnding {
  by: string;
  reason: string;
  cause: string;
}

export interface CallSnapshot {
  state: CallState;
  executionId: string;
  muted: boolean;
  /** When the call was answered, by `Date.now()`; 0 before. */
  answeredAt: number;
  failure: CallFailure | null;
  /** What the server said about the failure, for whoever looks into it. */
  message: string;
  ending: CallEnding | null;
}

export interface CallOptions {
  /** Gives the address of a new session; raises RefusedError, or anything else for a failed connection. */
  address: () => Promise<string> | string;
  deviceId?: string;
  /** Variables of prompts: only calls without a session take them from a page. */
  userData?: Record<string, unknown>;
  onLevel?: (side: "caller" | "agent", level: number) => void;
  /** Keys that the agent pressed. */
  onKeys?: (keys: string) => void;
  sound?: (deviceId: string) => Promise<Sound>;
  socket?: (url: string) => WebSocket;
}

/** Codes of the server's own, from which no call comes back. */
const OURS = 4_400;
/** Between two tries to come back. */
const RETRY_MS = 400;
/** Sound that is under way to the server at most. More is dropped: it would only come later and later. */
const MOST_BUFFERED_BYTES = 64_000;

const IDLE: CallSnapshot = {
  state: "idle",
  executionId: "",
  muted: false,
  answeredAt: 0,
  failure: null,
  message: "",
  ending: null,
};

/** One call from a page to an agent. `start` in the handler of a click: browsers play nothing before. */
export class WebCall {
  private snapshot: CallSnapshot = IDLE;
  private readonly listeners = new Set<() => void>();
  private sound: Sound | null = null;
  private socket: WebSocket | null = null;
  private resume = "";
  private resumeUntil = 0;
  private resumeWithinMs = 0;
  private retry = 0;

  constructor(private readonly options: CallOptions) {}

  /** What is known now; another object after each change. */
  readonly get = (): CallSnapshot => this.snapshot;

  /** Calls `listener` after each change. Returns what ends that. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Opens the microphone and calls. What goes wrong is in the snapshot. */
  async start(): Promise<void> {
    if (this.snapshot.state !== "idle") return;
    this.change({ state: "asking" });
    try {
      const sound = await (this.options.sound ?? openSound)(this.options.deviceId ?? "");
      if (this.isOver) {
        await sound.close();
        return;
      }
      this.sound = sound;
      if (this.snapshot.muted) sound.mute(true);
      this.change({ state: "connecting" });
      const url = await this.options.address();
      if (!this.isOver) this.connect(url);
    } catch (error) {
      // Why there is no sound is said by the failure alone.
      this.fail(failureOf(error), error instanceof Error && !(error instanceof SoundError) ? error.message : "");
    }
  }

  /** Ends the call. Safe to call twice. */
  hangUp(): void {
    if (this.isOver) return;
    this.send({ type: "hangup" });
    this.end({ by: "Caller", reason: "Call ended", cause: "caller_hung_up" });
  }

  /** Presses one of 0-9 * # A-D. */
  press(key: string): void {
    this.send({ type: "key", key });
  }

  /** Sends silence in place of the microphone, or no longer. */
  mute(on: boolean): void {
    this.sound?.mute(on);
    this.change({ muted: on });
  }

  private get isOver(): boolean {
    return this.snapshot.state === "ended";
  }

  private connect(url: string): void {
    const socket = (this.options.socket ?? ((address) => new WebSocket(address)))(url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    const userData = this.options.userData;
    socket.onopen = () => this.send({ type: "start", ...(userData && !this.resume && { user_data: userData }) });
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
      if (socket === this.socket) this.receive(event.data);
    };
    socket.onclose = (event) => {
      if (socket === this.socket) this.closed(event.code, event.reason);
    };
  }

  private receive(data: string | ArrayBuffer): void {
    if (typeof data !== "string") {
      this.sound?.play(data);
      return;
    }
    const message = readMessage(data);
    if (message) this.obey(message);
  }

  private obey(message: ServerMessage): void {
    switch (message.type) {
      case "ready":
        this.ready(message.executionId, message.resume, message.resumeWithinMs);
        break;
      case "clear":
        this.sound?.clear();
        break;
      case "keys":
        this.options.onKeys?.(message.keys);
        break;
      case "error":
        this.change({ message: message.message });
        break;
      case "ended":
        this.end({ by: message.by, reason: message.reason, cause: message.cause });
        break;
    }
  }

  private ready(executionId: string, resume: string, resumeWithinMs: number): void {
    this.resume = resume;
    this.resumeWithinMs = resumeWithinMs;
    this.resumeUntil = 0;
    const sound = this.sound;
    if (!sound) return;
    sound.restart();
    sound.listener = {
      captured: (frames) => this.speak(frames),
      played: (frames) => this.send({ type: "played", frames }),
      cleared: (frames) => this.send({ type: "cleared", frames }),
      level: (side, level) => this.options.onLevel?.(side, level),
    };
    this.change({ state: "active", executionId, answeredAt: this.snapshot.answeredAt || Date.now() });
  }

  private speak(frames: ArrayBuffer): void {
    const socket = this.socket;
    if (socket?.readyState === WebSocket.OPEN && socket.bufferedAmount < MOST_BUFFERED_BYTES) socket.send(frames);
  }

  private closed(code: number, reason: string): void {
    this.socket = null;
    if (this.isOver) return;
    if (this.resume && code !== 1000 && code < OURS) {
      this.comeBack();
    } else {
      this.fail(failureOfClose(code), this.snapshot.message || reason);
    }
  }

  /** The connection broke off: try again for as long as the server waits. */
  private comeBack(): void {
    if (this.sound) this.sound.listener = null;
    this.sound?.clear();
    this.resumeUntil ||= Date.now() + this.resumeWithinMs;
    if (Date.now() >= this.resumeUntil) {
      this.fail("connect_failed", this.snapshot.message);
      return;
    }
    this.change({ state: "reconnecting" });
    this.retry = window.setTimeout(() => this.connect(this.resume), RETRY_MS);
  }

  private send(message: PageMessage): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private fail(failure: CallFailure, message: string): void {
    if (this.isOver) return;
    this.change({ failure, message });
    this.end(null);
  }

  private end(ending: CallEnding | null): void {
    if (this.isOver) return;
    window.clearTimeout(this.retry);
    const { sound, socket } = this;
    this.sound = null;
    this.socket = null;
    socket?.close(1000);
    void sound?.close();
    this.change({ state: "ended", ending });
  }

  private change(more: Partial<CallSnapshot>): void {
    this.snapshot = { ...this.snapshot, ...more };
    for (const listener of this.listeners) listener();
  }
}

function failureOf(error: unknown): CallFailure {
  if (error instanceof SoundError || error instanceof RefusedError) return error.code;
  return "connect_failed";
}

function failureOfClose(code: number): CallFailure {
  if (code === CLOSED.busy) return "busy";
  return code >= OURS && code < CLOSED.unavailable ? "rejected" : "connect_failed";
}
