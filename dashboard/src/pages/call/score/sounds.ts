import type { Peaks } from "../../../api/types.ts";
import type { Sound } from "./Waveform.tsx";

export type Sounds = Record<"caller" | "agent", Sound>;

/** The loudness of both sides as bytes. */
export function soundsOf(peaks: Peaks): Sounds {
  const sound = (text: string): Sound => ({
    peaks: bytesOf(atob(text)),
    perSecond: peaks.per_second,
    fromMs: peaks.from_ms,
  });
  return { caller: sound(peaks.caller), agent: sound(peaks.agent) };
}

/** Each letter as a byte. A loop, because `Uint8Array.from` takes ten times as long with the peaks of a long call. */
function bytesOf(binary: string): Uint8Array {
  const bytes = new Uint8Array(binary.length);
  for (let place = 0; place < binary.length; place += 1) bytes[place] = binary.charCodeAt(place);
  return bytes;
}
