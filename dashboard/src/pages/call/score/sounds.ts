import type { Peaks } from "../../../api/types.ts";
import type { Sound } from "./Waveform.tsx";

export type Sounds = Record<"caller" | "agent", Sound>;

/** The loudness of both sides as bytes. */
export function soundsOf(peaks: Peaks): Sounds {
  const sound = (text: string): Sound => ({
    peaks: Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)),
    perSecond: peaks.per_second,
    fromMs: peaks.from_ms,
  });
  return { caller: sound(peaks.caller), agent: sound(peaks.agent) };
}
