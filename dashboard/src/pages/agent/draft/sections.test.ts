import { describe, expect, it } from "vitest";
import type { AgentSetting } from "../../../api/types.ts";
import { isField, matching, sectionAt, sectionOf, titleOf } from "./sections.ts";

const setting = (path: string, section: string, does = "") =>
  ({ path, section, name: path.split(".").at(-1), does }) as AgentSetting;

const delay = setting(
  "agent_config.tasks[].task_config.incremental_delay",
  "task_config",
  "Least milliseconds to a reply.",
);
const digits = setting("agent_config.tasks[].task_config.dtmf_max_digits", "task_config");
const tool = setting("agent_config.tasks[].tools_config.api_tools.tools[].name", "tool");
const unknown = setting("agent_config.tasks[].task_config.something_new", "task_config");

describe("sections", () => {
  it("take a setting by its name, else by its table, so that a new one is never lost", () => {
    expect([delay, digits, unknown, setting("agent_config.x", "agent")].map(sectionOf)).toEqual([
      "turns",
      "keys",
      "turns",
      "more",
    ]);
  });

  it("leave to the editor of tools what is its own", () => {
    expect([delay, tool].map(isField)).toEqual([true, false]);
  });

  it("are found for an error, also within a setting", () => {
    const all = [delay, digits, tool];
    expect(sectionAt("agent_config.tasks[0].task_config.dtmf_max_digits", all)).toBe("keys");
    expect(sectionAt("agent_config.tasks[0].tools_config.api_tools.tools[0].name", all)).toBe("tools");
    expect(sectionAt("agent_config.tasks", all)).toBe("more");
  });
});

describe("a search", () => {
  it("finds by name, by title and by what a setting does; every word has to be there", () => {
    expect(matching([delay, digits], "incremental delay")).toEqual([delay]);
    expect(matching([delay, digits], "reply milliseconds")).toEqual([delay]);
    expect(matching([delay, digits], "delay digits")).toEqual([]);
  });
});

describe("names", () => {
  it("are titles for people", () => {
    expect(["incremental_delay", "dtmf_max_digits", "hangup_after_LLMCall", "webhook_url"].map(titleOf)).toEqual([
      "Incremental delay",
      "DTMF max digits",
      "Hang up when the model says so",
      "Webhook URL",
    ]);
  });
});
