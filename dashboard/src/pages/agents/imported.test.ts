import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { type AgentPlace, agentsOf, Importing, PartlyImportedError } from "./imported.ts";

describe("a pasted text", () => {
  it("is one agent as programs send it, or as the API reads it", () => {
    expect(agentsOf('{"agent_config": {"agent_name": "A"}}')).toHaveLength(1);
    expect(agentsOf('{"agent_name": "A", "tasks": []}')).toHaveLength(1);
  });

  it("is a list of agents, as the API lists them", () => {
    expect(agentsOf('[{"agent_name": "A", "tasks": []}, {"agent_config": {}}]')).toHaveLength(2);
  });

  it("is refused where it is something else", () => {
    for (const text of ["[]", "1", "{}", '[{"agent_config": {}}, {"name": "x"}]']) {
      expect(() => agentsOf(text)).toThrow("neither an agent");
    }
    expect(() => agentsOf("{")).toThrow("not JSON");
  });
});

const named = (agent_name: string): JsonObject => ({ agent_name, tasks: [] });
const [A, B, C] = [named("A"), named("B"), named("C")];

/** A server that makes what it is not told to refuse or to lose, and makes it once for a key. */
class Server implements AgentPlace {
  readonly made: JsonObject[] = [];
  refused: JsonObject | null = null;
  /** Whose answer is lost: before it is made, or after. */
  lost: { agent: JsonObject; when: "before" | "after" } | null = null;
  private readonly known = new Map<string, string>();

  refusalOf = async (agent: JsonObject) => (agent === this.refused ? "the voice is unknown." : undefined);

  create = async (agent: JsonObject, key: string) => {
    const lost = this.lost?.agent === agent ? this.lost.when : null;
    if (lost === "before") throw new Error("The server cannot be reached.");
    let id = this.known.get(key);
    if (id === undefined) {
      id = `id-${this.made.push(agent)}`;
      this.known.set(key, id);
    }
    if (lost === "after") throw new Error("The server cannot be reached.");
    return id;
  };
}

async function failed(work: Promise<unknown>): Promise<PartlyImportedError> {
  const error = await work.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(PartlyImportedError);
  return error as PartlyImportedError;
}

describe("an import of a list", () => {
  it("makes every agent, also one that comes twice", async () => {
    const server = new Server();
    expect(await new Importing(server).run([A, A, B])).toEqual(["id-1", "id-2", "id-3"]);
  });

  it("makes none where one is refused, and says which", async () => {
    const server = new Server();
    server.refused = B;
    await expect(new Importing(server).run([A, B])).rejects.toThrow(
      "Agent 2 of 2 is refused, and none was made: the voice is unknown.",
    );
    await expect(new Importing(server).run([B])).rejects.toThrow(/^the voice is unknown\.$/);
    expect(server.made).toEqual([]);
  });

  it.each(["before", "after"] as const)(
    "goes on with the rest where an answer was lost, %s it was made",
    async (when) => {
      const server = new Server();
      const work = new Importing(server);
      server.lost = { agent: B, when };
      const { rest, message } = await failed(work.run([A, B, C]));
      expect(rest).toEqual([B, C]);
      expect(message).toMatch(/^1 of 3 agents was made\. .* other 2: .*cannot be reached\.$/);
      server.lost = null;
      expect(await work.run(rest)).toEqual(["id-2", "id-3"]);
      expect(server.made).toEqual([A, B, C]);
    },
  );

  it("says what happened, and no more, where none was made", async () => {
    const server = new Server();
    server.lost = { agent: A, when: "before" };
    await expect(new Importing(server).run([A, B])).rejects.toThrow(/^The server cannot be reached\.$/);
  });
});
