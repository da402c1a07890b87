import { isObject, type Json, type JsonObject } from "../../../lib/json.ts";

/** A step into a body: a name, or the place in a list. */
export type Step = string | number;

const STEP = /([^.[\]]+)|\[(\d+)\]/g;

/** `agent_config.tasks[0].task_type` as steps. */
export function stepsOf(path: string): Step[] {
  return [...path.matchAll(STEP)].map(([, name, place]) => (place === undefined ? name! : Number(place)));
}

/** Steps as the server writes them. */
export function pathOf(steps: readonly Step[]): string {
  return steps.reduce<string>(
    (path, step) => (typeof step === "number" ? `${path}[${step}]` : path ? `${path}.${step}` : step),
    "",
  );
}

/** What stands at a path; undefined where there is nothing. */
export function valueAt(body: Json, path: string | readonly Step[]): Json | undefined {
  let at: Json | undefined = body;
  for (const step of typeof path === "string" ? stepsOf(path) : path) {
    if (Array.isArray(at) && typeof step === "number") at = at[step];
    else if (isObject(at) && typeof step === "string") at = Object.hasOwn(at, step) ? at[step] : undefined;
    else return undefined;
  }
  return at;
}

/** A copy of a body with another value at a path. Undefined takes out what stands there; objects and lists on the way are made. */
export function withValue<T extends Json>(body: T, path: string | readonly Step[], value: Json | undefined): T {
  const steps = typeof path === "string" ? stepsOf(path) : path;
  if (value === undefined && valueAt(body, steps) === undefined) return body;
  return put(body, steps, value) as T;
}

function put(at: Json | undefined, steps: readonly Step[], value: Json | undefined): Json | undefined {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  if (typeof step === "number") {
    const list = Array.isArray(at) ? [...at] : [];
    const next = put(list[step], rest, value);
    if (next === undefined) list.splice(step, 1);
    else list[step] = next;
    return list;
  }
  const object: JsonObject = isObject(at) ? { ...at } : {};
  const next = put(object[step], rest, value);
  if (next === undefined) delete object[step];
  else object[step] = next;
  return object;
}
