import { useEffect, useEffectEvent, useState } from "react";
import { following, lengthOf, type Span, within, zoomed } from "../../../lib/timescale.ts";
import { usePosition } from "../player/hooks.ts";
import type { Player } from "../player/player.ts";

export interface DrawnSpan {
  span: Span;
  isWhole: boolean;
  show: (span: Span) => void;
  showWhole: () => void;
  /** Shows `factor` times as much, around a moment, else around the position if it can be seen. */
  zoom: (factor: number, aroundMs?: number) => void;
}

/** Which part of the call is drawn. While it plays, the part follows the position. */
export function useSpan(whole: Span, player: Player): DrawnSpan {
  // Null is the whole call, which grows while the call goes on.
  const [chosen, setChosen] = useState<Span | null>(null);
  const span = chosen ? within(chosen, whole) : whole;
  const show = (next: Span) => {
    const fitting = within(next, whole);
    setChosen(lengthOf(fitting) >= lengthOf(whole) ? null : fitting);
  };
  usePosition(player, (atMs) => {
    if (chosen && player.state.isPlaying) setChosen(following(chosen, whole, atMs));
  });
  const zoom = (factor: number, aroundMs?: number) => {
    const at = player.positionMs;
    const canBeSeen = at >= span.fromMs && at <= span.toMs;
    show(zoomed(span, whole, factor, aroundMs ?? (canBeSeen ? at : span.fromMs + lengthOf(span) / 2)));
  };
  return { span, isWhole: chosen === null, show, showWhole: () => setChosen(null), zoom };
}

interface WheelActions {
  zoom: (factor: number, px: number) => void;
  pan: (px: number) => void;
}

/** Ctrl and wheel zoom; a wheel or two fingers to the side move. The page itself scrolls as ever. */
export function useWheel(element: HTMLElement | null, actions: WheelActions): void {
  const act = useEffectEvent((event: WheelEvent) => {
    if (!element) return;
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      actions.zoom(Math.exp(event.deltaY * 0.004), event.clientX - element.getBoundingClientRect().left);
    } else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
      event.preventDefault();
      actions.pan(sideways);
    }
  });
  useEffect(() => {
    if (!element) return;
    const onWheel = (event: WheelEvent) => act(event);
    // React listens passively, which could not keep the browser from zooming the page.
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [element]);
}
