import type { AgentBody } from "../../../api/agents.ts";
import type { AgentSetting } from "../../../api/types.ts";
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

/** What a tool is called, does and takes. Some programs wrap it in `function`. */
export function definitionOf(tool: JsonObject): JsonObject {
  return isObject(tool.function) ? tool.function : tool;
}

/** The name of a tool. */
export function nameOf(tool: JsonObject): string {
  return String(definitionOf(tool).name ?? "");
}

/** What the server reads in the definition of a tool, and not beside it. */
const DEFINED = ["name", "description", "parameters"];

/** Where a setting of a tool stands that is none of its request. */
export function toolSettingPlace(body: AgentBody, place: number, name: string): string {
  const at = `${toolsPlace(body)}.tools[${place}]`;
  const tool = toolsOf(body)?.[place] ?? {};
  const definition = definitionOf(tool);
  const isInside = DEFINED.includes(name) || (tool[name] == null && definition[name] != null);
  const isOlder = name === "parameters" && !isObject(definition.parameters) && isObject(definition.input_schema);
  return `${at}${definition !== tool && isInside ? ".function" : ""}.${isOlder ? "input_schema" : name}`;
}

/** Where the request of a tool stands, as the server looks for it. `settings` are those that a request has. */
export function requestPlace(body: AgentBody, place: number, settings: Pick<AgentSetting, "name">[]): string {
  const tool = toolsOf(body)?.[place] ?? {};
  const name = nameOf(tool);
  const at = `${toolsPlace(body)}.tools[${place}]`;
  const byName = `${toolsPlace(body)}.tools_params.${name}`;
  const objects = [...(name ? [byName] : []), `${at}.value`, `${at}.function.value`];
  const found = objects.find((one) => isObject(valueAt(asJson(body), one)));
  if (found) return found;
  // One that has lost its URL for a moment is still being typed.
  if (settings.some((one) => tool[one.name] != null)) return at;
  return name ? byName : `${at}.value`;
}

/** What goes when a value at a path within an object is taken out: the object, where nothing else is in it. Even an empty one would
 * stand before the other places of a request. */
export function placeToEmpty(body: AgentBody, object: string, path: string): string {
  const found = valueAt(asJson(body), object);
  return isObject(found) && Object.keys(found).every((name) => `${object}.${name}` === path) ? object : path;
}

/** A body with another tool. */
export function withTool(body: AgentBody, kind: ToolKind): AgentBody {
  let name: string = kind;
  for (let number = 2; isTaken(body, undefined, name); number += 1) name = `${kind}_${number}`;
  const tool: JsonObject = { name, key: kind, description: "", parameters: { type: "object", properties: {} } };
  const own: JsonObject = kind === "custom_task" ? { method: "POST", url: "" } : {};
  return changed(body, (tools, params) => ({ tools: [...tools, tool], params: { ...params, [name]: own } }));
}

/** A body without a tool, and without its parameters, unless another one goes by the same name. */
export function withoutTool(body: AgentBody, place: number): AgentBody {
  return changed(body, (tools, params) => {
    const name = nameAt(tools, place);
    const others = tools.filter((_tool, at) => at !== place);
    const { [name]: _, ...rest } = params;
    return { tools: others, params: others.some((tool) => nameOf(tool) === name) ? params : rest };
  });
}

/** What models' endpoints take as a name. */
const NAME = /^[a-zA-Z0-9_-]{1,64}$/;

/** Why a tool cannot have a name; undefined where it can. */
export function whyNotName(body: AgentBody, place: number, name: string): "signs" | "taken" | undefined {
  if (name === nameAt(toolsOf(body) ?? [], place)) return undefined;
  if (!NAME.test(name)) return "signs";
  return isTaken(body, place, name) ? "taken" : undefined;
}

/** Whether a name is that of another tool, or of parameters that would become this tool's. */
function isTaken(body: AgentBody, place: number | undefined, name: string): boolean {
  const tools = toolsOf(body) ?? [];
  return tools.some((tool, at) => at !== place && nameOf(tool) === name) || Object.hasOwn(paramsOf(body), name);
}

/** A body in which a tool has another name; its parameters go by it. One that it cannot have changes nothing. */
export function renamedTool(body: AgentBody, place: number, name: string): AgentBody {
  if (name === nameAt(toolsOf(body) ?? [], place) || whyNotName(body, place, name)) return body;
  return changed(body, (tools, params) => {
    const before = nameAt(tools, place);
    const { [before]: own, ...rest } = params;
    const renamed = tools.map((tool, at) => (at === place ? withName(tool, name) : tool));
    if (own === undefined) return { tools: renamed, params };
    const isShared = renamed.some((tool) => nameOf(tool) === before);
    return { tools: renamed, params: { ...(isShared ? params : rest), [name]: own } };
  });
}

function withName(tool: JsonObject, name: string): JsonObject {
  return isObject(tool.function) ? { ...tool, function: { ...tool.function, name } } : { ...tool, name };
}

function nameAt(tools: JsonObject[], place: number): string {
  return nameOf(tools[place] ?? {});
}

function paramsOf(body: AgentBody): JsonObject {
  const found = valueAt(asJson(body), `${toolsPlace(body)}.tools_params`);
  return isObject(found) ? found : {};
}

interface Tools {
  tools: JsonObject[];
  params: JsonObject;
}

function changed(body: AgentBody, change: (tools: JsonObject[], params: JsonObject) => Tools): AgentBody {
  const place = toolsPlace(body);
  const before = valueAt(asJson(body), place);
  const { tools, params: next } = change(toolsOf(body) ?? [], paramsOf(body));
  const { tools_params: given, ...rest } = isObject(before) ? before : {};
  const hasParams = given !== undefined || Object.keys(next).length > 0;
  const after: Json = { ...rest, tools, ...(hasParams && { tools_params: next }) };
  return withValue(asJson(body), place, after) as unknown as AgentBody;
}

/** Arguments of a tool to begin with: one of each declared parameter. */
export function exampleArguments(tool: JsonObject): JsonObject {
  const { parameters, input_schema: older } = definitionOf(tool);
  const schema = isObject(parameters) ? parameters : older;
  const properties = isObject(schema) && isObject(schema.properties) ? schema.properties : {};
  return Object.fromEntries(Object.entries(properties).map(([name, rule]) => [name, exampleOf(rule)]));
}

const EXAMPLES: Record<string, Json> = { integer: 0, number: 0, boolean: false, array: [], object: {} };

function exampleOf(rule: Json): Json {
  if (!isObject(rule)) return "";
  if (Array.isArray(rule.enum) && rule.enum.length) return rule.enum[0]!;
  return EXAMPLES[String(rule.type)] ?? "";
}
