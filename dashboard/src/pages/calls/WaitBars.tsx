import { lasting, NONE } from "../../lib/format.ts";
import { isSlow, SLOW_MS, VERY_SLOW_MS } from "../../lib/waits.ts";
import classes from "./WaitBars.module.css";

const BAR_PX = 3;
const GAP_PX = 1;
const HEIGHT_PX = 16;
const MOST_BARS = 18;

interface Props {
  waitsMs: number[];
  medianMs: number | null;
  worstMs: number | null;
}

/** Each wait of a call as a small bar, then the median and the worst. The line is where slow begins. */
export function WaitBars({ waitsMs, medianMs, worstMs }: Props) {
  if (!waitsMs.length || medianMs === null || worstMs === null) return <>{NONE}</>;
  const shown = waitsMs.slice(0, MOST_BARS);
  const tallest = Math.max(VERY_SLOW_MS, worstMs);
  return (
    <span className={classes.waits}>
      <svg width={MOST_BARS * (BAR_PX + GAP_PX)} height={HEIGHT_PX} aria-hidden="true">
        {shown.map((ms, index) => {
          const height = Math.max(1.5, (ms / tallest) * HEIGHT_PX);
          return (
            <rect
              // biome-ignore lint/suspicious/noArrayIndexKey: a wait has no name but its place
              key={index}
              x={index * (BAR_PX + GAP_PX)}
              y={HEIGHT_PX - height}
              width={BAR_PX}
              height={height}
              rx={1}
              fill={isSlow(ms) ? "var(--part-hold)" : "var(--part-first_token)"}
            />
          );
        })}
        <line
          x1={0}
          x2={shown.length * (BAR_PX + GAP_PX)}
          y1={HEIGHT_PX * (1 - SLOW_MS / tallest)}
          y2={HEIGHT_PX * (1 - SLOW_MS / tallest)}
          stroke="var(--edge-strong)"
        />
      </svg>
      <span className={classes.median}>{lasting(medianMs)}</span>
      <span className={classes.worst} data-slow={isSlow(worstMs) || undefined}>
        {lasting(worstMs)}
      </span>
    </span>
  );
}
