import type { Execution, Timeline } from "../../api/types.ts";

/** One attempt of a call that was made again. */
export interface Attempt {
  attempt: number;
  /** Cents. */
  total_cost: number;
}

/** The attempts of a call that was made again, the first one first; none of another call. */
export function attemptsOf(execution: Pick<Execution, "callwright"> | undefined): Attempt[] {
  return (execution?.callwright.attempts ?? []) as Attempt[];
}

/** What the attempt that is shown cost, in cents; undefined while that is not known. */
export function costOf(
  execution: Pick<Execution, "callwright" | "total_cost"> | undefined,
  { attempt, live }: Pick<Timeline, "attempt" | "live">,
): number | undefined {
  if (live) return undefined;
  const all = attemptsOf(execution);
  return all.length ? all.find((one) => one.attempt === attempt)?.total_cost : execution?.total_cost;
}
