import type { AgentBody } from "../../../api/agents.ts";
import { isObject, type Json, type JsonObject } from "../../../lib/json.ts";

/** A task that a person can add. */
export type TaskKind = "extraction" | "summarization" | "webhook";

/** The tasks of a body; none where it has something else there. */
export function tasksOf({ agent_config }: AgentBody): JsonObject[] {
  return Array.isArray(agent_config.tasks) ? agent_config.tasks.filter(isObject) : [];
}

/** The kind of a task, as the server takes it. */
export function kindOfTask(task: JsonObject): string {
  return typeof task.task_type === "string" ? task.task_type : "conversation";
}

/** A body with another task at its end. */
export function withTask(body: AgentBody, kind: TaskKind): AgentBody {
  const task = { task_type: kind, toolchain: { execution: "parallel", pipelines: [["llm"]] }, tools_config: {} };
  return { ...body, agent_config: { ...body.agent_config, tasks: [...tasksOf(body), task] } };
}

/** A body without a task. Prompts go by the number of their task: those of later ones move up. */
export function withoutTask(body: AgentBody, place: number): AgentBody {
  const tasks = tasksOf(body);
  const kept = tasks.filter((_, at) => at !== place);
  const prompts: Record<string, Json> = {};
  for (const [name, prompt] of Object.entries(body.agent_prompts)) {
    const number = /^task_(\d+)$/.exec(name)?.[1];
    const at = number === undefined ? -1 : Number(number) - 1;
    if (at < place) prompts[name] = prompt;
    else if (at > place) prompts[`task_${at}`] = prompt;
  }
  return { agent_config: { ...body.agent_config, tasks: kept }, agent_prompts: prompts };
}
