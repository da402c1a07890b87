import { clock } from "../../../lib/format.ts";
import { pixelOf, type Span, ticks } from "../../../lib/timescale.ts";
import classes from "./Score.module.css";

/** A label that would be cut at the edge is left out. */
const LABEL_PX = 44;

/** Marks of time, counted from the answer. */
export function Ruler({ span, widthPx, zeroMs }: { span: Span; widthPx: number; zeroMs: number }) {
  const { atMs, stepMs } = ticks(span, widthPx, zeroMs);
  const digits = stepMs >= 1_000 ? 0 : stepMs >= 100 ? 1 : 2;
  return (
    <div className={classes.ruler} aria-hidden>
      {atMs.map((at) => (
        <span key={at} style={{ left: pixelOf(at, span, widthPx) }}>
          {pixelOf(at, span, widthPx) < widthPx - LABEL_PX && clock(at - zeroMs, digits)}
        </span>
      ))}
    </div>
  );
}
