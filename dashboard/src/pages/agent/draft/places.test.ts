import { describe, expect, it } from "vitest";
import type { AgentBody } from "../../../api/agents.ts";
import type { AgentSetting } from "../../../api/types.ts";
import { conversationOf, isChanged, placeOf, settingAt } from "./places.ts";

const MODEL = "agent_config.tasks[].tools_config.llm_agent.llm_config.model";

function agent(...tasks: AgentBody["agent_config"][]): AgentBody {
  return { agent_config: { agent_name: "A", tasks }, agent_prompts: {} };
}

describe("the place of a setting", () => {
  it("is in the conversation, wherever that stands among the tasks", () => {
    const body = agent({ task_type: "summarization" }, { task_type: "conversation" });
    expect(conversationOf(body)).toBe(1);
    expect(placeOf("agent_config.tasks[].task_config.patience", body)).toBe(
      "agent_config.tasks[1].task_config.patience",
    );
  });

  it("is beside llm_config in an older agent that has it there", () => {
    const older = agent({ tools_config: { llm_agent: { model: "small" } } });
    const newer = agent({ tools_config: { llm_agent: { llm_config: { model: "small" } } } });
    expect(placeOf(MODEL, older)).toBe("agent_config.tasks[0].tools_config.llm_agent.model");
    expect(placeOf(MODEL, newer)).toBe("agent_config.tasks[0].tools_config.llm_agent.llm_config.model");
    expect(placeOf(MODEL, agent({}))).toBe("agent_config.tasks[0].tools_config.llm_agent.llm_config.model");
  });
});

describe("a path of another page", () => {
  const settings = [
    { path: "agent_config.tasks[].task_config.patience", section: "task_config", name: "patience" },
    { path: "agent_config.tasks[].tools_config.transcriber.language", section: "transcriber", name: "language" },
    { path: "agent_config.agent_welcome_message", section: "agent", name: "agent_welcome_message" },
    { path: MODEL, section: "llm_agent", name: "model" },
  ] as AgentSetting[];

  it.each([
    ["task_config.patience", 0],
    ["agent.tasks.0.task_config.patience", 0],
    ["tools_config.transcriber.language", 1],
    ["transcriber.language", 1],
    ["agent_welcome_message", 2],
    ["llm_agent.model", 3],
    ["tools_config.llm_agent.llm_config.model", 3],
  ])("%s names its setting", (path, place) => {
    expect(settingAt(path, settings)).toBe(settings[place]);
  });

  it("names nothing that there is not", () => {
    expect(settingAt("task_config.impatience", settings)).toBeUndefined();
  });
});

describe("a value", () => {
  it("is changed where it does something else than a missing one", () => {
    expect([undefined, null, 400, 401].map((value) => isChanged({ default: 400 }, value))).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });
});
