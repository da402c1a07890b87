import { createContext, use } from "react";
import type { Timeline, Turn } from "../../api/types.ts";
import type { Span } from "../../lib/timescale.ts";
import type { Player } from "./player/player.ts";

/** What all parts of the page of a call share. */
export interface CallContextValue {
  id: string;
  attempt: number | undefined;
  timeline: Timeline;
  /** The moment that is shown as 0:00: the answer. */
  zeroMs: number;
  whole: Span;
  player: Player;
  openTurn: number | undefined;
  /** Moves to a moment. */
  seek: (atMs: number) => void;
  /** Opens a turn and moves to its beginning; undefined closes it. */
  showTurn: (turn: number | undefined, atMs?: number) => void;
  /** Opens the what-if, with changes to try at once if there are any. */
  tryWhatIf: (fromTurn: number, settings?: string[]) => void;
}

export const CallContext = createContext<CallContextValue | null>(null);

/** The call that is shown. */
export function useCall(): CallContextValue {
  const value = use(CallContext);
  if (!value) throw new Error("useCall is called outside the page of a call");
  return value;
}

/** Turns in which somebody said something, in order: without work that nobody heard and work after the call. */
export function heardTurns(timeline: Timeline): Turn[] {
  return timeline.turns.filter((turn) => turn.turn !== null && (turn.user || turn.assistant));
}

/** The part of the axis that is drawn: from the answer to the end, or as far as the log goes. */
export function wholeOf(timeline: Timeline): Span {
  const fromMs = timeline.answered_ms ?? 0;
  return { fromMs, toMs: Math.max(fromMs + 1_000, timeline.ended_ms ?? timeline.until_ms) };
}
