import { describe, expect, it } from "vitest";
import { isWhole, settingOf, settingsOf, textOf, tryablePath } from "./settingText.ts";

describe("settings of a what-if", () => {
  it("are numbers, switches and texts, as they are written", () => {
    expect(
      settingsOf([
        "task_config.incremental_delay=1800",
        "task_config.speculative_replies=true",
        "agent_welcome_message=Hello, a=b",
        'tools_config.transcriber.language="en"',
      ]),
    ).toEqual({
      "task_config.incremental_delay": 1800,
      "task_config.speculative_replies": true,
      agent_welcome_message: "Hello, a=b",
      "tools_config.transcriber.language": "en",
    });
  });

  it("are left out while a part of them is missing", () => {
    expect(["a=", "=1", "a", ""].map(isWhole)).toEqual([false, false, false, false]);
    expect(settingsOf(["a=", "b=1"])).toEqual({ b: 1 });
  });

  it("come back from the address as they went", () => {
    expect(settingOf(textOf({ path: "a.b", value: "x=y" }))).toEqual({ path: "a.b", value: "x=y" });
  });
});

describe("tryablePath", () => {
  it.each([
    ["agent_config.tasks[].task_config.incremental_delay", "task_config.incremental_delay"],
    ["agent_config.agent_welcome_message", "agent_welcome_message"],
    ["agent_prompts.task_1.system_prompt", "agent_prompts.task_1.system_prompt"],
    ["agent_config.tasks[].tools_config.api_tools.tools[].name", null],
    ["agent_config.tasks[].tools_config.api_tools.tools_params.{name}.url", null],
  ])("of %s is %s", (path, tried) => expect(tryablePath(path)).toBe(tried));
});
