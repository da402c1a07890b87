import { type KeyboardEvent, useRef } from "react";
import { clock } from "../../../lib/format.ts";
import { pixelOf, type Span } from "../../../lib/timescale.ts";
import { strings } from "../../../strings/index.ts";
import { useCall } from "../context.ts";
import { usePosition } from "../player/hooks.ts";
import classes from "./Score.module.css";

const STEP_MS = 2_000;
const PAGE_MS = 10_000;

/** Where in the call we are. It is a slider for keyboards and screen readers. */
export function Playhead({ span, widthPx }: { span: Span; widthPx: number }) {
  const { player, whole, zeroMs, seek } = useCall();
  const line = useRef<HTMLDivElement>(null);
  // Written into the element: with each frame of sound nothing is drawn anew.
  const write = (atMs: number) => {
    const element = line.current;
    if (!element) return;
    const px = pixelOf(atMs, span, widthPx);
    element.style.transform = `translateX(${px}px)`;
    // Out of the drawn part it is not seen, and still there for the keyboard.
    element.style.opacity = px < -1 || px > widthPx + 1 ? "0" : "1";
    element.setAttribute("aria-valuenow", String(Math.round(atMs - zeroMs)));
    element.setAttribute("aria-valuetext", clock(atMs - zeroMs));
  };
  usePosition(player, write);
  const onKeyDown = (event: KeyboardEvent) => {
    const to: Record<string, number> = {
      ArrowLeft: player.positionMs - STEP_MS,
      ArrowRight: player.positionMs + STEP_MS,
      PageDown: player.positionMs - PAGE_MS,
      PageUp: player.positionMs + PAGE_MS,
      Home: whole.fromMs,
      End: whole.toMs,
    };
    const atMs = to[event.key];
    if (atMs === undefined) return;
    event.preventDefault();
    seek(Math.min(whole.toMs, Math.max(whole.fromMs, atMs)));
  };
  return (
    <div
      ref={(element) => {
        line.current = element;
        write(player.positionMs);
      }}
      className={classes.playhead}
      role="slider"
      tabIndex={0}
      aria-label={strings.score.position}
      aria-valuemin={0}
      aria-valuemax={Math.round(whole.toMs - zeroMs)}
      aria-valuenow={0}
      onKeyDown={onKeyDown}
    />
  );
}
