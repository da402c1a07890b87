import type { AgentBody } from "../../../api/agents.ts";
import type { AgentSetting } from "../../../api/types.ts";
import { isObject, isSame, type Json } from "../../../lib/json.ts";
import { valueAt } from "./paths.ts";

export const PROMPTS = "agent_prompts";
const TASK = "agent_config.tasks[]";

/** Objects whose settings are also read beside them, where they are missing. */
const ALSO_BESIDE = ["llm_config", "provider_config"];

/** The number of the conversation among the tasks: the first of its kind, as the server takes it. */
export function conversationOf(body: AgentBody): number {
  const tasks = body.agent_config.tasks;
  if (!Array.isArray(tasks)) return 0;
  const found = tasks.findIndex((task) => isObject(task) && (task.task_type ?? "conversation") === "conversation");
  return Math.max(0, found);
}

/** Where a setting stands in this body. Older agents have some beside the object that they belong into. */
export function placeOf(path: string, body: AgentBody, task = conversationOf(body)): string {
  const place = path.replace(TASK, `agent_config.tasks[${task}]`);
  const within = ALSO_BESIDE.find((name) => place.includes(`.${name}.`));
  if (!within) return place;
  const beside = place.replace(`.${within}.`, ".");
  const object = valueAt(asJson(body), place.slice(0, place.indexOf(`.${within}.`) + within.length + 1));
  return object == null && valueAt(asJson(body), beside) != null ? beside : place;
}

/** Where the prompt of a task stands. */
export function promptPlace(task: number): string {
  return `${PROMPTS}.task_${task + 1}.system_prompt`;
}

/** A body as JSON: an interface has no index of its own. */
export function asJson(body: AgentBody): Json {
  return body as unknown as Json;
}

/** Whether a value does something else than a missing one. */
export function isChanged(setting: Pick<AgentSetting, "default">, value: Json | undefined): boolean {
  return value != null && !isSame(value, setting.default as Json);
}

/** The setting that a path of another page names: `task_config.patience`, or the whole path. */
export function settingAt(path: string, settings: readonly AgentSetting[]): AgentSetting | undefined {
  const whole = path.replace(/^agent\./, "").replace(/^tasks\.0\.|^tasks\[0\]\./, "");
  return settings.find(
    (one) =>
      one.path === path ||
      one.path === `agent_config.${whole}` ||
      one.path === `${TASK}.${whole}` ||
      one.path === `${TASK}.tools_config.${whole}` ||
      `${one.section}.${one.name}` === whole,
  );
}
