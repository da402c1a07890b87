import { isObject, isSame, type Json } from "../../../lib/json.ts";
import { pathOf, type Step, valueAt, withValue } from "./paths.ts";

/** A value that differs between two bodies. Undefined: it is not there. */
export interface Change {
  steps: Step[];
  path: string;
  before: Json | undefined;
  after: Json | undefined;
}

/** What differs, setting by setting. A list whose length differs is one change. */
export function changesBetween(before: Json | undefined, after: Json | undefined, steps: Step[] = []): Change[] {
  if (isSame(before, after)) return [];
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) => changesBetween(before[name], after[name], [...steps, name]));
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length && before.every(isContainer)) {
    return before.flatMap((one, place) => changesBetween(one, after[place], [...steps, place]));
  }
  return [{ steps, path: pathOf(steps), before, after }];
}

function isContainer(value: Json): boolean {
  return typeof value === "object" && value !== null;
}

/** A setting that was changed here and elsewhere, to different values. */
export interface Conflict {
  steps: Step[];
  path: string;
  base: Json | undefined;
  mine: Json | undefined;
  theirs: Json | undefined;
}

/** What saving over somebody else's revision comes to. */
export interface Merge<T extends Json> {
  /** Their body with all of my changes that do not contradict theirs. */
  merged: T;
  conflicts: Conflict[];
  /** My changes that are in `merged`. */
  mine: Change[];
  /** Their changes that contradict none of mine. */
  theirs: Change[];
}

/** Puts my changes and theirs together. Both began from `base`. */
export function merged<T extends Json>(base: T, mine: T, theirs: T): Merge<T> {
  const ours = changesBetween(base, mine);
  const others = changesBetween(base, theirs);
  const free = ours.filter((one) => !others.some((other) => touches(one.steps, other.steps)));
  const places = new Map<string, Step[]>();
  for (const one of ours) {
    for (const other of others.filter(({ steps }) => touches(one.steps, steps))) {
      const steps = one.steps.length <= other.steps.length ? one.steps : other.steps;
      places.set(pathOf(steps), steps);
    }
  }
  const conflicts = [...places].map(([path, steps]) => ({
    steps,
    path,
    base: valueAt(base, steps),
    mine: valueAt(mine, steps),
    theirs: valueAt(theirs, steps),
  }));
  return {
    merged: free.reduce((body, { steps, after }) => withValue(body, steps, after), theirs),
    // Both changed it to the same: nobody has to choose.
    conflicts: conflicts.filter((one) => !isSame(one.mine, one.theirs)),
    mine: free,
    theirs: others.filter((other) => !ours.some((one) => touches(one.steps, other.steps))),
  };
}

/** The merged body in which each conflict of `kept` has my value. */
export function resolved<T extends Json>({ merged: body, conflicts }: Merge<T>, kept: ReadonlySet<string>): T {
  return conflicts
    .filter(({ path }) => kept.has(path))
    .reduce((found, { steps, mine }) => withValue(found, steps, mine), body);
}

/** What is read after a save, with what was typed since: `saved` is the draft of that time. */
export function withTyped<T extends Json>(saved: T, typed: T, read: T): T {
  const found = merged(saved, typed, read);
  const all = resolved(found, new Set(found.conflicts.map(({ path }) => path)));
  // The same is left as it is, so that a text that shows it does not jump.
  return isSame(all, typed) ? typed : all;
}

/** Whether one path leads into the other, or is the same. */
function touches(one: readonly Step[], other: readonly Step[]): boolean {
  const shared = Math.min(one.length, other.length);
  return one.slice(0, shared).every((step, place) => step === other[place]);
}
