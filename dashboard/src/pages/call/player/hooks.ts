import { useEffect, useEffectEvent, useState, useSyncExternalStore } from "react";
import type { Player, PlayerState } from "./player.ts";

/** What of the player changes rarely. */
export function usePlayerState(player: Player): PlayerState {
  return useSyncExternalStore(player.subscribe, () => player.state);
}

/** Calls `listener` with the position now and whenever it moves, without drawing anything anew. */
export function usePosition(player: Player, listener: (atMs: number) => void): void {
  const newest = useEffectEvent(listener);
  useEffect(() => {
    newest(player.positionMs);
    return player.onPosition((atMs) => newest(atMs));
  }, [player]);
}

/** Something that follows from the position and changes now and then, as which turn is heard. */
export function useFromPosition<T>(player: Player, of: (atMs: number) => T): T {
  const [value, setValue] = useState(() => of(player.positionMs));
  usePosition(player, (atMs) => setValue(of(atMs)));
  return value;
}
