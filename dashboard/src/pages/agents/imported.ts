import { isObject, type Json, type JsonObject } from "../../lib/json.ts";
import { strings } from "../../strings/index.ts";

const words = strings.agents.importing;

/** The agents of a pasted text: one, or a list, each as the API takes it or reads it. Throws an Error that says what is wrong. */
export function agentsOf(text: string): JsonObject[] {
  const found = parsed(text);
  const agents = Array.isArray(found) ? found : [found];
  if (agents.length === 0 || !agents.every(isAgent)) throw new Error(words.notAgent);
  return agents;
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new Error(words.notJson(error instanceof Error ? error.message : String(error)));
  }
}

function isAgent(value: Json): value is JsonObject {
  return isObject(value) && (isObject(value.agent_config) || Array.isArray(value.tasks));
}
