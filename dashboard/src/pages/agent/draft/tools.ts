import type { AgentBody } from "../../../api/agents.ts";
import { isObject, type Json, type JsonObject } from "../../../lib/json.ts";
import { valueAt, withValue } from "./paths.ts";
import { asJson, conversationOf } from "./places.ts";

/** The kinds of tools that act, by their `key`. */
export const TOOL_KINDS = ["custom_task", "transfer_call", "press_keys", "end_call"] as const;
export type ToolKind = (typeof TOOL_KINDS)[number];

/** Where the tools of the conversation stand. */
export function toolsPlace(body: AgentBody): string {
  return `agent_config.tasks[${conversationOf(body)}].tools_config.api_tools`;
}

/** The tools of the conversation; undefined where they are written in a way that only the JSON view can edit. */
export function toolsOf(body: AgentBody): JsonObject[] | undefined {
  const apiTools = valueAt(asJson(body), toolsPlace(body));
  if (apiTools == null) return [];
  if (!isObject(apiTools)) return undefined;
  const { tools = [], tools_params: params = {} } = apiTools;
  return Array.isArray(tools) && tools.every(isObject) && isObject(params) ? tools : undefined;
}

/** A body with another tool. */
export function withTool(body: AgentBody, kind: ToolKind): AgentBody {
  const names = new Set(toolsOf(body)?.map(({ name }) => name));
  let name: string = kind;
  for (let number = 2; names.has(name); number += 1) name = `${kind}_${number}`;
  const tool: JsonObject = { name, key: kind, description: "", parameters: { type: "object", properties: {} } };
  const own: JsonObject = kind === "custom_task" ? { method: "POST", url: "" } : {};
  return changed(body, (tools, params) => ({ tools: [...tools, tool], params: { ...params, [name]: own } }));
}

/** A body without a tool, and without its parameters. */
export function withoutTool(body: AgentBody, place: number): AgentBody {
  return changed(body, (tools, params) => {
    const { [nameAt(tools, place)]: _, ...rest } = params;
    return { tools: tools.filter((_tool, at) => at !== place), params: rest };
  });
}

/** A body in which a tool has another name; its parameters go by it. */
export function renamedTool(body: AgentBody, place: number, name: string): AgentBody {
  return changed(body, (tools, params) => {
    const { [nameAt(tools, place)]: own, ...rest } = params;
    return {
      tools: tools.map((tool, at) => (at === place ? { ...tool, name } : tool)),
      params: own === undefined ? params : { ...rest, [name]: own },
    };
  });
}

function nameAt(tools: JsonObject[], place: number): string {
  return String(tools[place]?.name ?? "");
}

interface Tools {
  tools: JsonObject[];
  params: JsonObject;
}

function changed(body: AgentBody, change: (tools: JsonObject[], params: JsonObject) => Tools): AgentBody {
  const place = toolsPlace(body);
  const before = valueAt(asJson(body), place);
  const params = isObject(before) && isObject(before.tools_params) ? before.tools_params : {};
  const { tools, params: next } = change(toolsOf(body) ?? [], params);
  const after: Json = { ...(isObject(before) ? before : {}), tools, tools_params: next };
  return withValue(asJson(body), place, after) as unknown as AgentBody;
}

/** Arguments of a tool to begin with: one of each declared parameter. */
export function exampleArguments({ parameters }: JsonObject): JsonObject {
  const properties = isObject(parameters) && isObject(parameters.properties) ? parameters.properties : {};
  return Object.fromEntries(Object.entries(properties).map(([name, rule]) => [name, exampleOf(rule)]));
}

const EXAMPLES: Record<string, Json> = { integer: 0, number: 0, boolean: false, array: [], object: {} };

function exampleOf(rule: Json): Json {
  if (!isObject(rule)) return "";
  if (Array.isArray(rule.enum) && rule.enum.length) return rule.enum[0]!;
  return EXAMPLES[String(rule.type)] ?? "";
}
