import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import type { Timeline } from "../../api/types.ts";
import { type CallContextValue, wholeOf } from "./context.ts";
import { Player } from "./player/player.ts";

/** The address gets a position when it has stood still for so long: a history entry for each drag helps nobody. */
const SETTLED_MS = 400;

/** What the parts of the page share: the player, and the address as their state. */
export function useCallState(id: string, attempt: number | undefined, timeline: Timeline): CallContextValue {
  const search = useSearch({ from: "/shell/calls/$id" });
  const navigate = useNavigate({ from: "/calls/$id" });
  const whole = useMemo(() => wholeOf(timeline), [timeline]);
  const zeroMs = whole.fromMs;
  const [player] = useState(() => new Player(zeroMs + (search.t ?? 0) * 1_000));
  usePositionInAddress(player, zeroMs, search.t);
  return useMemo(
    () => ({
      id,
      attempt,
      timeline,
      zeroMs,
      whole,
      player,
      openTurn: search.turn,
      seek: (atMs) => player.seek(atMs),
      showTurn: (turn, atMs) => {
        if (atMs !== undefined) player.seek(atMs);
        const t = secondsOf(player.positionMs - zeroMs);
        void navigate({ search: (now) => ({ ...now, turn, t }), replace: true, resetScroll: false });
      },
      tryWhatIf: (fromTurn, settings) =>
        void navigate({ search: (now) => ({ ...now, what_if: fromTurn, set: settings }), resetScroll: false }),
    }),
    [id, attempt, timeline, zeroMs, whole, player, search.turn, navigate],
  );
}

/** A position as it stands in the address: tenths of a second, and nothing for the beginning. */
function secondsOf(ms: number): number | undefined {
  const seconds = Math.round(ms / 100) / 10;
  return seconds > 0 ? seconds : undefined;
}

/** Keeps the position in the address, and follows an address that changes by going back. */
function usePositionInAddress(player: Player, zeroMs: number, t: number | undefined): void {
  const navigate = useNavigate({ from: "/calls/$id" });
  const known = useRef(t);
  const write = useEffectEvent(() => {
    const next = secondsOf(player.positionMs - zeroMs);
    if (player.state.isPlaying || next === known.current) return;
    known.current = next;
    void navigate({ search: (now) => ({ ...now, t: next }), replace: true, resetScroll: false });
  });
  const read = useEffectEvent((given: number | undefined) => {
    const now = secondsOf(player.positionMs - zeroMs);
    if (given !== known.current && given !== now) player.seek(zeroMs + (given ?? 0) * 1_000);
    known.current = given;
  });
  useEffect(() => read(t), [t]);
  // Of a call that is not answered yet nobody knows where it begins.
  const begin = useEffectEvent(() => {
    if (player.positionMs < zeroMs) player.seek(zeroMs + (t ?? 0) * 1_000);
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the beginning that moves
  useEffect(() => begin(), [zeroMs]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const later = () => {
      clearTimeout(timer);
      timer = setTimeout(() => write(), SETTLED_MS);
    };
    const leave = [player.onPosition(later), player.subscribe(later)];
    return () => {
      clearTimeout(timer);
      for (const stop of leave) stop();
    };
  }, [player]);
}
