import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeSocket, FakeSound } from "../../testing/webcall.ts";
import { type CallOptions, WebCall } from "./client.ts";
import { RefusedError } from "./session.ts";
import { SoundError } from "./sound.ts";

const READY = { type: "ready", execution_id: "e1", resume: "wss://here/again", resume_within_s: 5 };

function world(more: Partial<CallOptions> = {}) {
  const sound = new FakeSound();
  const call = new WebCall({
    address: () => "wss://here/once",
    sound: async () => sound,
    socket: (url) => new FakeSocket(url) as unknown as WebSocket,
    ...more,
  });
  const states: string[] = [];
  call.subscribe(() => {
    const { state } = call.get();
    if (states.at(-1) !== state) states.push(state);
  });
  return { call, sound, states };
}

function newest(): FakeSocket {
  return FakeSocket.opened.at(-1)!;
}

async function active(more: Partial<CallOptions> = {}) {
  const made = world(more);
  await made.call.start();
  newest().open();
  newest().tell(READY);
  return made;
}

beforeEach(() => {
  FakeSocket.opened = [];
  vi.useFakeTimers();
  vi.stubGlobal("window", globalThis);
  vi.stubGlobal("WebSocket", { OPEN: 1 });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a call", () => {
  it("asks for the microphone, connects, and is active when the server is ready", async () => {
    const { call, sound, states } = await active();
    expect(states).toEqual(["asking", "connecting", "active"]);
    expect(call.get()).toMatchObject({ executionId: "e1", failure: null });
    expect(newest().sent).toEqual([{ type: "start" }]);
    expect(sound.done).toEqual(["restart"]);
  });

  it("sends the caller's frames and what was played, and plays the agent's", async () => {
    const { sound } = await active();
    const frame = new ArrayBuffer(640);
    sound.listener?.captured(frame);
    newest().tell(new ArrayBuffer(640));
    sound.listener?.played(3);
    newest().tell({ type: "clear" });
    sound.listener?.cleared(7);
    expect(newest().sent.slice(1)).toEqual([frame, { type: "played", frames: 3 }, { type: "cleared", frames: 7 }]);
    expect(sound.done.slice(1)).toEqual(["play", "clear"]);
  });

  it("drops sound that a slow line would only bring later", async () => {
    const { sound } = await active();
    newest().bufferedAmount = 100_000;
    sound.listener?.captured(new ArrayBuffer(640));
    expect(newest().sent).toHaveLength(1);
  });

  it("ends as the server says", async () => {
    const { call, sound } = await active();
    newest().tell({ type: "ended", by: "API Request", reason: "end_call_tool", cause: "hung_up_by_us" });
    newest().breakOff(1000);
    expect(call.get()).toMatchObject({ state: "ended", failure: null, ending: { reason: "end_call_tool" } });
    expect(sound.done.at(-1)).toBe("close");
  });

  it("is hung up once", async () => {
    const { call } = await active();
    call.hangUp();
    call.hangUp();
    expect(newest().sent.slice(1)).toEqual([{ type: "hangup" }]);
    expect(newest().closedWith).toBe(1000);
    expect(call.get()).toMatchObject({ state: "ended", ending: { by: "Caller" } });
  });

  it("gives its variables only with the first connection", async () => {
    await active({ userData: { page: "basket" } });
    expect(newest().sent[0]).toEqual({ type: "start", user_data: { page: "basket" } });
    newest().breakOff();
    await vi.advanceTimersByTimeAsync(500);
    newest().open();
    expect(newest().sent).toEqual([{ type: "start" }]);
  });

  it("ignores messages of a later version", async () => {
    const { call } = await active();
    newest().tell({ type: "weather" });
    newest().onmessage?.({ data: "{" });
    expect(call.get().state).toBe("active");
  });

  it("mutes, presses keys and tells keys", async () => {
    const onKeys = vi.fn();
    const { call, sound } = await active({ onKeys });
    call.mute(true);
    call.press("5");
    newest().tell({ type: "keys", keys: "12" });
    expect(call.get().muted).toBe(true);
    expect(sound.done.at(-1)).toBe("mute");
    expect(newest().sent.at(-1)).toEqual({ type: "key", key: "5" });
    expect(onKeys).toHaveBeenCalledWith("12");
  });
});

describe("a call that is muted while the microphone is asked for", () => {
  it("is silent from its first frame", async () => {
    const { call, sound } = world();
    const starting = call.start();
    call.mute(true);
    await starting;
    expect(call.get()).toMatchObject({ state: "connecting", muted: true });
    expect(sound.done).toEqual(["mute"]);
  });

  it("is heard where that was taken back", async () => {
    const { call, sound } = world();
    const starting = call.start();
    call.mute(true);
    call.mute(false);
    await starting;
    expect(call.get().muted).toBe(false);
    expect(sound.done).toEqual([]);
  });
});

describe("a connection that breaks off", () => {
  it("is resumed at the newest address", async () => {
    const { call, sound, states } = await active();
    newest().breakOff();
    expect(call.get().state).toBe("reconnecting");
    expect(sound.listener).toBeNull();
    await vi.advanceTimersByTimeAsync(500);
    expect(newest().url).toBe("wss://here/again");
    newest().open();
    newest().tell({ ...READY, resume: "wss://here/third" });
    expect(states).toEqual(["asking", "connecting", "active", "reconnecting", "active"]);
    newest().breakOff();
    await vi.advanceTimersByTimeAsync(500);
    expect(newest().url).toBe("wss://here/third");
  });

  it("is given up after five seconds", async () => {
    const { call } = await active();
    for (let n = 0; n < 20; n++) {
      newest().breakOff();
      await vi.advanceTimersByTimeAsync(500);
    }
    expect(call.get()).toMatchObject({ state: "ended", failure: "connect_failed" });
    expect(FakeSocket.opened.length).toBeLessThan(15);
  });

  it("is not resumed when the server refused the page", async () => {
    const { call } = await active();
    newest().tell({ type: "error", code: "bad_message", message: "a frame has 640 bytes" });
    newest().breakOff(4400);
    expect(call.get()).toMatchObject({ state: "ended", failure: "rejected", message: "a frame has 640 bytes" });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(FakeSocket.opened).toHaveLength(1);
  });
});

describe("no call", () => {
  it.each(["no_microphone", "permission_denied", "not_secure"] as const)("without a microphone: %s", async (code) => {
    const { call } = world({ sound: () => Promise.reject(new SoundError(code)) });
    await call.start();
    expect(call.get()).toMatchObject({ state: "ended", failure: code, message: "" });
    expect(FakeSocket.opened).toHaveLength(0);
  });

  it.each([
    [new RefusedError("busy", "full"), "busy"],
    [new RefusedError("rejected", "no such agent"), "rejected"],
    [new TypeError("Failed to fetch"), "connect_failed"],
  ])("without a session: %s", async (error, failure) => {
    const { call, sound } = world({ address: () => Promise.reject(error) });
    await call.start();
    expect(call.get()).toMatchObject({ state: "ended", failure, message: error.message });
    expect(sound.done).toEqual(["close"]);
  });

  it.each([
    [4429, "busy"],
    [4404, "rejected"],
    [4403, "rejected"],
    [4503, "connect_failed"],
    [1006, "connect_failed"],
  ])("when the websocket is closed with %i", async (code, failure) => {
    const { call } = world();
    await call.start();
    newest().open();
    newest().breakOff(code);
    expect(call.get()).toMatchObject({ state: "ended", failure });
  });

  it("when it is hung up while the microphone is asked for", async () => {
    const { call, sound } = world();
    const starting = call.start();
    call.hangUp();
    await starting;
    expect(sound.done).toEqual(["close"]);
    expect(FakeSocket.opened).toHaveLength(0);
  });
});
