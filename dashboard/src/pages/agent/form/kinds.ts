import type { AgentSetting } from "../../../api/types.ts";
import { count } from "../../../lib/format.ts";
import type { Json } from "../../../lib/json.ts";
import { strings } from "../../../strings/index.ts";

/** The control that edits a setting. `loose` takes a text or JSON, for what the table describes in words only. */
export type Kind = "switch" | "tristate" | "choice" | "number" | "text" | "area" | "list" | "loose";

const LONG = /message|prompt|details|keywords/;

/** The control for a setting with this value. A value of an unexpected type is shown as it is. */
export function kindOf({ types, choices, name, default: fallback }: AgentSetting, value: Json | undefined): Kind {
  if (value != null && !fits(types, value)) return "loose";
  if (choices?.length) return "choice";
  const [type, ...others] = types;
  if (type === "boolean") return fallback === null ? "tristate" : "switch";
  if (type === "integer" || type === "number") return "number";
  if (type === "array" && others.length === 0) return "list";
  if (type === "string" && typeof (value ?? "") === "string") return LONG.test(name) ? "area" : "text";
  return "loose";
}

/** Whether the control of a setting takes the whole width. */
export function isWide(kind: Kind, { name }: Pick<AgentSetting, "name">): boolean {
  return kind === "area" || kind === "list" || kind === "loose" || (kind === "text" && name.endsWith("url"));
}

/** What a value may be, where its control does not show it. */
export function valuesShown(kind: Kind, { values, minimum, maximum }: AgentSetting): string {
  if (kind === "number" && minimum !== null && maximum !== null) {
    return strings.agent.range(count(minimum), count(maximum));
  }
  return kind === "switch" || kind === "tristate" || kind === "choice" || values === PLAIN ? "" : values;
}

/** The table's words for a text of any kind. */
const PLAIN = "a text";

function fits(types: readonly string[], value: Json): boolean {
  return types.some((type) => {
    if (type === "array") return Array.isArray(value) && value.every((one) => typeof one === "string");
    if (type === "integer" || type === "number") {
      return (
        typeof value === "number" || (typeof value === "string" && value.trim() !== "" && !Number.isNaN(Number(value)))
      );
    }
    return typeof value === type;
  });
}

/** A number as the control reports it: the text of one while it is typed. Undefined where it is none yet, as a sign alone. */
export function numberValue(typed: number | string): number | string | undefined {
  const found = typeof typed === "string" && !/\d/.test(typed) ? Number.NaN : Number(typed);
  if (Number.isNaN(found)) return undefined;
  // One that is too long stays as it was typed.
  return Math.abs(found) > Number.MAX_SAFE_INTEGER ? typed : found;
}

/** A text as a loose value: JSON where it can be nothing else. Throws where it begins as JSON and is none. */
export function looseValue(text: string): Json | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  if (/^[{["]/.test(trimmed) || /^(-?\d+(\.\d+)?|true|false)$/.test(trimmed)) return JSON.parse(trimmed) as Json;
  return text;
}

/** A loose value as a person edits it. */
export function looseText(value: Json | undefined): string {
  if (value == null) return "";
  if (typeof value === "string") {
    // A text that would be read as JSON is written as a text of JSON.
    return isPlain(value) ? value : JSON.stringify(value);
  }
  return JSON.stringify(value, null, 2);
}

function isPlain(text: string): boolean {
  try {
    return looseValue(text) === text;
  } catch {
    return false;
  }
}
