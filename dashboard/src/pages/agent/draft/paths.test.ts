import { describe, expect, it } from "vitest";
import { pathOf, stepsOf, valueAt, withValue } from "./paths.ts";

const body = { agent_config: { tasks: [{ task_type: "conversation", task_config: { patience: 900 } }] } };

describe("paths", () => {
  it("are read as the server writes them, and written so", () => {
    const steps = ["agent_config", "tasks", 0, "tools_config", "api_tools", "tools", 12, "name"];
    expect(stepsOf("agent_config.tasks[0].tools_config.api_tools.tools[12].name")).toEqual(steps);
    expect(pathOf(steps)).toBe("agent_config.tasks[0].tools_config.api_tools.tools[12].name");
  });

  it("lead to values, or nowhere", () => {
    expect(valueAt(body, "agent_config.tasks[0].task_config.patience")).toBe(900);
    expect(valueAt(body, "agent_config.tasks[1].task_config.patience")).toBeUndefined();
    expect(valueAt(body, "agent_config.tasks.length")).toBeUndefined();
    expect(valueAt(body, "agent_config.toString")).toBeUndefined();
  });

  it("change a copy, and make what is missing on the way", () => {
    const changed = withValue(body, "agent_config.tasks[0].tools_config.transcriber.language", "de");
    expect(valueAt(changed, "agent_config.tasks[0].tools_config.transcriber.language")).toBe("de");
    expect(valueAt(body, "agent_config.tasks[0].tools_config")).toBeUndefined();
    expect(changed.agent_config.tasks[0]?.task_config).toBe(body.agent_config.tasks[0]?.task_config);
  });

  it("take a value out, and make nothing for it", () => {
    expect(
      valueAt(withValue(body, "agent_config.tasks[0].task_config.patience", undefined), "agent_config.tasks[0]"),
    ).toEqual({ task_type: "conversation", task_config: {} });
    expect(withValue(body, "agent_config.tasks[0].tools_config.x", undefined)).toBe(body);
    expect(valueAt(withValue(body, "agent_config.tasks[0]", undefined), "agent_config.tasks")).toEqual([]);
  });
});
