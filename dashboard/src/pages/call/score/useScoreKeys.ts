import { useKeys } from "../../../lib/keys.ts";
import { useCall } from "../context.ts";
import type { DrawnSpan } from "./useSpan.ts";

const STEP_MS = 2_000;
const CLOSER = 0.5;
const FURTHER = 2;

/** Keys of the score and the player. */
export function useScoreKeys(drawn: DrawnSpan): void {
  const { player, whole, seek } = useCall();
  const step = (byMs: number) => seek(Math.min(whole.toMs, Math.max(whole.fromMs, player.positionMs + byMs)));
  useKeys({
    " ": () => player.toggle(),
    arrowleft: () => step(-STEP_MS),
    arrowright: () => step(STEP_MS),
    "+": () => drawn.zoom(CLOSER),
    "=": () => drawn.zoom(CLOSER),
    "-": () => drawn.zoom(FURTHER),
    "0": drawn.showWhole,
    "1": () => player.setSide("both"),
    "2": () => player.setSide("caller"),
    "3": () => player.setSide("agent"),
  });
}
