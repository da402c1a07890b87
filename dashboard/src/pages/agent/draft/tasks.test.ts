import { describe, expect, it } from "vitest";
import type { AgentBody } from "../../../api/agents.ts";
import { kindOfTask, tasksOf, withoutTask, withTask } from "./tasks.ts";

const body: AgentBody = {
  agent_config: { agent_name: "A", tasks: [{}, { task_type: "extraction" }, { task_type: "summarization" }] },
  agent_prompts: { task_1: { system_prompt: "talk" }, task_3: { system_prompt: "sum up" }, other: 1 },
};

describe("tasks", () => {
  it("are added at the end", () => {
    expect(tasksOf(withTask(body, "webhook")).map(kindOfTask)).toEqual([
      "conversation",
      "extraction",
      "summarization",
      "webhook",
    ]);
  });

  it("take the prompts of later ones with them when one is removed", () => {
    const found = withoutTask(body, 1);
    expect(tasksOf(found).map(kindOfTask)).toEqual(["conversation", "summarization"]);
    expect(found.agent_prompts).toEqual({
      task_1: { system_prompt: "talk" },
      task_2: { system_prompt: "sum up" },
      other: 1,
    });
    expect(withoutTask(body, 2).agent_prompts).toEqual({ task_1: { system_prompt: "talk" }, other: 1 });
  });
});
