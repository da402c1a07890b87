import type { AgentBody } from "../../../api/agents.ts";

/** Variables that the platform fills in by itself. */
export const OWN_VARIABLES = [
  "agent_id",
  "execution_id",
  "call_sid",
  "from_number",
  "to_number",
  "current_date",
  "current_time",
  "timezone",
] as const;
const OWN: ReadonlySet<string> = new Set(OWN_VARIABLES);

/** The variables of a text, `{customer_name}` say, in the order in which they first come. */
export function variablesIn(...texts: string[]): string[] {
  const found = texts.flatMap((text) =>
    [...text.matchAll(/\{([\p{L}_][\p{L}\p{N}_ .-]{0,63})\}/gu)].map(([, name]) => name!),
  );
  return [...new Set(found)];
}

/** What a call has to be given: the variables of all prompts and of the welcome message that the platform does not fill in. */
export function variablesToFill({ agent_config, agent_prompts }: AgentBody): string[] {
  const prompts = Object.values(agent_prompts).map((one) => JSON.stringify(one));
  return variablesIn(...prompts, JSON.stringify(agent_config.agent_welcome_message ?? "")).filter(
    (name) => !OWN.has(name),
  );
}

/** The name that is being written at a place of a text, behind its `{`; null where none is. */
export function nameBefore(text: string, caret: number): string | null {
  const found = /\{([\p{L}_][\p{L}\p{N}_ .-]{0,63})?$/u.exec(text.slice(0, caret));
  return found ? (found[1] ?? "") : null;
}

/** The names that go on as what was written, those that are it already left out. */
export function completions(written: string, names: readonly string[]): string[] {
  const begun = written.toLowerCase();
  return names.filter((name) => name.toLowerCase().startsWith(begun));
}

/** A text in which the name before a place is written to its end, and the place behind it. */
export function completed(text: string, caret: number, name: string): { text: string; caret: number } {
  const written = nameBefore(text, caret) ?? "";
  const rest = text.slice(caret).replace(/^[\p{L}\p{N}_.-]*\}?/u, "");
  const before = `${text.slice(0, caret - written.length)}${name}}`;
  return { text: before + rest, caret: before.length };
}
