import { type PointerEvent, useState } from "react";
import classes from "./Tip.module.css";

interface Shown {
  text: string;
  x: number;
  y: number;
}

const GAP_PX = 8;
const WIDEST_PX = 320;

/** One tooltip for all blocks of the score: with one for each, a long call took three seconds to draw. */
export function useTip() {
  const [shown, setShown] = useState<Shown | null>(null);
  const over = (event: PointerEvent) => {
    const block = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-tip]") : null;
    const text = block?.dataset.tip;
    if (!block || !text) return setShown(null);
    const { bottom } = block.getBoundingClientRect();
    setShown({ text, x: Math.min(event.clientX, window.innerWidth - WIDEST_PX - GAP_PX), y: bottom + GAP_PX });
  };
  return { shown, over, leave: () => setShown(null) };
}

/** What is told of the block under the pointer. */
export function Tip({ shown }: { shown: Shown | null }) {
  if (!shown) return null;
  const [first, ...rest] = shown.text.split("\n");
  return (
    <div className={classes.tip} style={{ left: shown.x, top: shown.y, maxInlineSize: WIDEST_PX }} aria-hidden>
      <strong>{first}</strong>
      {rest.join("\n")}
    </div>
  );
}
