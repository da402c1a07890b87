import { useEffect, useRef, useState } from "react";
import { clock } from "../../../lib/format.ts";
import { strings } from "../../../strings/index.ts";
import { useCall } from "../context.ts";
import { useFromPosition } from "../player/hooks.ts";
import classes from "./Log.module.css";
import type { Line } from "./Log.tsx";

const ROW_PX = 24;
/** Rows above and below the window that are drawn as well, so that scrolling shows no gap. */
const SPARE = 12;
const ARROWS: Record<string, string> = { in: "→", out: "←", fact: "·" };

/** The rows of the log that can be seen, of as many as there are. */
export function LogRows({ lines }: { lines: Line[] }) {
  const { player, zeroMs, seek } = useCall();
  const [chosen, setChosen] = useState<number | null>(null);
  const frame = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(0);
  const at = useFromPosition(player, (atMs) => lines.findLastIndex(({ entry }) => entry.at_ms <= atMs));
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const element = frame.current;
    if (!element || at < 0) return;
    const place = at * ROW_PX;
    const isSeen = place >= element.scrollTop && place <= element.scrollTop + element.clientHeight - ROW_PX;
    if (!isSeen) element.scrollTop = place - element.clientHeight / 2;
  }, [at]);
  const first = Math.max(0, Math.floor(top / ROW_PX) - SPARE);
  const last = Math.min(lines.length, Math.ceil((top + height) / ROW_PX) + SPARE);
  const details = lines.find(({ entry }) => entry.seq === chosen);
  return (
    <>
      <section
        ref={frame}
        className={classes.frame}
        aria-label={strings.log.entries}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
        tabIndex={0}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      >
        <div style={{ blockSize: lines.length * ROW_PX, position: "relative" }}>
          {lines.slice(first, last).map(({ entry, text }, index) => (
            <button
              key={entry.seq}
              type="button"
              className={`plain ${classes.row}`}
              data-direction={entry.direction}
              data-at={first + index === at || undefined}
              aria-pressed={entry.seq === chosen}
              style={{ top: (first + index) * ROW_PX }}
              onClick={() => {
                setChosen(entry.seq);
                seek(entry.at_ms);
              }}
            >
              <span>{clock(entry.at_ms - zeroMs, 2)}</span>
              <span aria-hidden>{ARROWS[entry.direction]}</span>
              <b>{entry.type}</b>
              <span>{text}</span>
            </button>
          ))}
        </div>
      </section>
      {details && <pre className={classes.details}>{JSON.stringify(details.entry.values, null, 2)}</pre>}
    </>
  );
}
