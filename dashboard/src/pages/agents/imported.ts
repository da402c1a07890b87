import { isObject, type Json, type JsonObject } from "../../lib/json.ts";
import { randomKey } from "../../lib/randomKey.ts";
import { strings } from "../../strings/index.ts";

const words = strings.agents.importing;

/** The agents of a pasted text: one, or a list, each as the API takes it or reads it. Throws an Error that says what is wrong. */
export function agentsOf(text: string): JsonObject[] {
  const found = parsed(text);
  const agents = Array.isArray(found) ? found : [found];
  if (agents.length === 0 || !agents.every(isAgent)) throw new Error(words.notAgent);
  return agents;
}

/** Some agents of a list are made, and the others are not. */
export class PartlyImportedError extends Error {
  constructor(
    made: number,
    /** The agents that are not made. */
    readonly rest: JsonObject[],
    why: unknown,
  ) {
    super(words.partly(made, rest.length, why instanceof Error ? why.message : String(why)));
    this.name = "PartlyImportedError";
  }
}

/** Where agents are made. */
export interface AgentPlace {
  /** Why an agent could not be made; undefined where it could. */
  refusalOf: (agent: JsonObject) => Promise<string | undefined>;
  /** Makes an agent; its id. With the same key, the same agent is made once. */
  create: (agent: JsonObject, key: string) => Promise<string>;
}

/** Makes agents. One that is tried again, because the answer was lost, is made once. */
export class Importing {
  /** The agent that was last sent, until it is known to be made. */
  private sent = { text: "", key: "" };

  constructor(private readonly at: AgentPlace) {}

  /**
   * Makes all agents, or none where one is refused; their ids. Throws an Error that says what is wrong, and PartlyImportedError where some
   * were made all the same.
   */
  async run(agents: JsonObject[]): Promise<string[]> {
    for (const [place, agent] of agents.entries()) {
      const refusal = await this.at.refusalOf(agent);
      if (refusal) throw new Error(agents.length > 1 ? words.refused(place + 1, agents.length, refusal) : refusal);
    }
    const ids: string[] = [];
    for (const agent of agents) {
      try {
        ids.push(await this.at.create(agent, this.keyOf(agent)));
      } catch (error) {
        throw ids.length ? new PartlyImportedError(ids.length, agents.slice(ids.length), error) : error;
      }
      // The next one may be alike, and is another agent.
      this.sent = { text: "", key: "" };
    }
    return ids;
  }

  private keyOf(agent: JsonObject): string {
    const text = JSON.stringify(agent);
    if (text !== this.sent.text) this.sent = { text, key: randomKey() };
    return this.sent.key;
  }
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
