/** From here on the call doctor calls a wait slow, and bad: thresholds of its rule `slow_reply`. */
export const SLOW_MS = 1_500;
export const VERY_SLOW_MS = 3_000;

/** Whether a wait is longer than callers like. */
export function isSlow(ms: number): boolean {
  return ms >= SLOW_MS;
}
