/** What page and worklets tell each other. */

export const CAPTURE = "callwright-capture";
export const PLAYBACK = "callwright-playback";

/** One frame of the microphone or more: 16-bit samples at 16 kHz, and how loud the last frame is (0 to 1). */
export type Captured = { frames: ArrayBuffer; level: number };

export type ToPlayback = { type: "frame"; frame: ArrayBuffer } | { type: "clear" } | { type: "restart" };

/** `frames` counts those of this connection; `level` is that of the last 100 ms (0 to 1). */
export type FromPlayback = { type: "played" | "cleared"; frames: number } | { type: "level"; level: number };
