import type { Sound, SoundListener } from "../lib/webcall/sound.ts";

/** A microphone and a loudspeaker that note what is done with them. */
export class FakeSound implements Sound {
  listener: SoundListener | null = null;
  done: string[] = [];
  play(): void {
    this.done.push("play");
  }
  clear(): void {
    this.done.push("clear");
  }
  restart(): void {
    this.done.push("restart");
  }
  mute(on: boolean): void {
    this.done.push(on ? "mute" : "unmute");
  }
  async close(): Promise<void> {
    this.done.push("close");
  }
}

/** A websocket whose far end the test plays. */
export class FakeSocket {
  static opened: FakeSocket[] = [];
  binaryType = "";
  readyState = 0;
  bufferedAmount = 0;
  sent: unknown[] = [];
  closedWith = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;

  constructor(readonly url: string) {
    FakeSocket.opened.push(this);
  }

  send(data: unknown): void {
    this.sent.push(typeof data === "string" ? JSON.parse(data) : data);
  }

  close(code: number): void {
    this.closedWith = code;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  tell(message: unknown): void {
    this.onmessage?.({ data: message instanceof ArrayBuffer ? message : JSON.stringify(message) });
  }

  breakOff(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code, reason: "" });
  }
}
