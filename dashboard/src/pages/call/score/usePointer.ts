import { type CSSProperties, type PointerEvent, useRef, useState } from "react";
import { momentAt, type Span } from "../../../lib/timescale.ts";

/** A pointer that moves less than this is a click. */
const CLICK_PX = 4;

interface Wanted {
  span: Span;
  widthPx: number;
  show: (span: Span) => void;
  seek: (atMs: number) => void;
  showTurn: (turn: number | undefined, atMs?: number) => void;
}

/** A click seeks, and opens the turn of what was clicked; a drag zooms into what it spans. */
export function usePointer({ span, widthPx, show, seek, showTurn }: Wanted) {
  const began = useRef<number | null>(null);
  const [dragged, setDragged] = useState<{ from: number; to: number } | null>(null);
  const pixel = (event: PointerEvent<HTMLElement>) =>
    Math.min(widthPx, Math.max(0, event.clientX - event.currentTarget.getBoundingClientRect().left));
  const listeners = {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (event.button !== 0) return;
      began.current = pixel(event);
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      const from = began.current;
      if (from === null) return;
      const to = pixel(event);
      if (!dragged && Math.abs(to - from) < CLICK_PX) return;
      // Captured only now, so that a click still has the block under it as its target.
      event.currentTarget.setPointerCapture(event.pointerId);
      setDragged({ from: Math.min(from, to), to: Math.max(from, to) });
    },
    onPointerUp: (event: PointerEvent<HTMLElement>) => {
      if (began.current === null) return;
      began.current = null;
      setDragged(null);
      if (dragged) {
        show({ fromMs: momentAt(dragged.from, span, widthPx), toMs: momentAt(dragged.to, span, widthPx) });
        return;
      }
      const atMs = momentAt(pixel(event), span, widthPx);
      const turn =
        event.target instanceof Element ? event.target.closest<HTMLElement>("[data-turn]")?.dataset.turn : undefined;
      if (turn === undefined) seek(atMs);
      else showTurn(Number(turn), atMs);
    },
    onPointerCancel: () => {
      began.current = null;
      setDragged(null);
    },
  };
  const band: CSSProperties | null = dragged && { left: dragged.from, width: dragged.to - dragged.from };
  return { listeners, band };
}
