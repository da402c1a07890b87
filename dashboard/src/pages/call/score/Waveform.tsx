import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import { momentAt, type Span } from "../../../lib/timescale.ts";
import classes from "./Waveform.module.css";

export interface Sound {
  /** One value of 0 to 255 for each piece of the recording. */
  peaks: Uint8Array;
  perSecond: number;
  fromMs: number;
}

interface Props {
  sound: Sound;
  /** Sounds that count; the rest of the waveform is drawn pale. */
  clips: Span[];
  span: Span;
  widthPx: number;
  heightPx: number;
  side: "caller" | "agent";
  /** Up: half a waveform that stands on its lower edge; down: one that hangs. */
  half?: "up" | "down";
}

const BAR_PX = 1.5;
const STEP_PX = 2.5;
const PALE = 0.32;

/** The loudness of one side as bars. The colour is the element's own, so that it follows the scheme. */
export function Waveform({ sound, clips, span, widthPx, heightPx, side, half }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scheme = useComputedColorScheme("light");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the scheme changes the colour that is read from the style
  useEffect(() => {
    const element = canvas.current;
    if (!element || widthPx <= 0) return;
    const scale = window.devicePixelRatio || 1;
    element.width = widthPx * scale;
    element.height = heightPx * scale;
    const drawing = element.getContext("2d");
    if (!drawing) return;
    drawing.scale(scale, scale);
    drawing.fillStyle = getComputedStyle(element).color;
    draw(drawing, { sound, clips, span, widthPx, heightPx, half });
  }, [sound, clips, span, widthPx, heightPx, half, scheme]);
  return (
    <canvas
      ref={canvas}
      className={classes.waveform}
      data-side={side}
      style={{ inlineSize: widthPx, blockSize: heightPx }}
    />
  );
}

type Drawn = Omit<Props, "side">;

function draw(drawing: CanvasRenderingContext2D, { sound, clips, span, widthPx, heightPx, half }: Drawn): void {
  let next = 0;
  for (let x = 0; x < widthPx; x += STEP_PX) {
    const atMs = momentAt(x, span, widthPx);
    const value = loudest(sound, atMs, momentAt(x + STEP_PX, span, widthPx));
    if (value === 0) continue;
    while (next < clips.length && clips[next]!.toMs < atMs) next += 1;
    const clip = clips[next];
    drawing.globalAlpha = clip && clip.fromMs <= atMs ? 1 : PALE;
    // Loudness is heard by its logarithm; a root is close to that and shows quiet speech.
    const height = Math.max(1, Math.sqrt(value / 255) * heightPx);
    const top = half === "up" ? heightPx - height : half === "down" ? 0 : (heightPx - height) / 2;
    drawing.fillRect(x, top, BAR_PX, height);
  }
}

/** The largest value of a stretch of time. */
function loudest({ peaks, perSecond, fromMs }: Sound, beginMs: number, endMs: number): number {
  const first = Math.max(0, Math.floor(((beginMs - fromMs) * perSecond) / 1_000));
  const last = Math.min(peaks.length, Math.max(first + 1, Math.floor(((endMs - fromMs) * perSecond) / 1_000)));
  let most = 0;
  for (let index = first; index < last; index += 1) most = Math.max(most, peaks[index]!);
  return most;
}
