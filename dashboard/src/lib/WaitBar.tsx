import type { Wait } from "../api/types.ts";
import { strings } from "../strings/index.ts";
import classes from "./WaitBar.module.css";
import { SLOW_MS } from "./waits.ts";

/** All bars have one scale, so that they can be compared. A wait beyond it fills the bar. */
const FULL_MS = 2_100;

/** A wait in its parts, and the line from which it is slow. */
export function WaitBar({ wait }: { wait: Wait }) {
  const full = Math.max(FULL_MS, wait.total_ms);
  return (
    <span className={classes.bar} aria-hidden title={strings.turns.slowAt}>
      {wait.steps.map(({ part, ms }, place) => (
        <span
          // biome-ignore lint/suspicious/noArrayIndexKey: a part may come twice, so that its place is its name
          key={place}
          style={{ inlineSize: `${(ms / full) * 100}%`, background: `var(--part-${part})` }}
        />
      ))}
      <i style={{ insetInlineStart: `${(SLOW_MS / full) * 100}%` }} />
    </span>
  );
}
