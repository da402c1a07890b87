/** What page and server say to each other on the websocket of a call (docs/how-to/browser-calls.md). */

export const RATE_HZ = 16_000;
export const FRAME_MS = 20;
export const FRAME_SAMPLES = (RATE_HZ / 1_000) * FRAME_MS;

/** How the server closes a websocket that it refuses. */
export const CLOSED = { foreignOrigin: 4403, noAgent: 4404, busy: 4429, unavailable: 4503 } as const;

export type ServerMessage =
  | { type: "ready"; executionId: string; resume: string; resumeWithinMs: number }
  | { type: "clear" }
  | { type: "keys"; keys: string }
  | { type: "error"; code: string; message: string }
  | { type: "ended"; by: string; reason: string; cause: string };

export type PageMessage =
  | { type: "start"; user_data?: Record<string, unknown> }
  | { type: "played" | "cleared"; frames: number }
  | { type: "key"; key: string }
  | { type: "hangup" };

/** A control message of the server; null for one of a later version, which a page may ignore. */
export function readMessage(text: string): ServerMessage | null {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof found !== "object" || found === null) return null;
  const given = found as Record<string, unknown>;
  const word = (name: string) => (typeof given[name] === "string" ? (given[name] as string) : "");
  switch (given.type) {
    case "ready":
      return {
        type: "ready",
        executionId: word("execution_id"),
        resume: word("resume"),
        resumeWithinMs: 1_000 * (typeof given.resume_within_s === "number" ? given.resume_within_s : 0),
      };
    case "clear":
      return { type: "clear" };
    case "keys":
      return { type: "keys", keys: word("keys") };
    case "error":
      return { type: "error", code: word("code"), message: word("message") };
    case "ended":
      return { type: "ended", by: word("by"), reason: word("reason"), cause: word("cause") };
    default:
      return null;
  }
}
