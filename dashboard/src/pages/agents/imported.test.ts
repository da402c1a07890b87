import { describe, expect, it } from "vitest";
import { agentsOf } from "./imported.ts";

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
