import { describe, expect, it } from "vitest";
import type { AgentBody } from "../../../api/agents.ts";
import { valueAt } from "./paths.ts";
import { asJson } from "./places.ts";
import { exampleArguments, renamedTool, toolsOf, toolsPlace, withoutTool, withTool } from "./tools.ts";

const body: AgentBody = { agent_config: { tasks: [{ task_type: "conversation" }] }, agent_prompts: {} };
const paramsOf = (of: AgentBody) => valueAt(asJson(of), `${toolsPlace(of)}.tools_params`);

describe("tools", () => {
  it("are added with names of their own", () => {
    const found = withTool(withTool(body, "custom_task"), "custom_task");
    expect(toolsOf(found)?.map(({ name }) => name)).toEqual(["custom_task", "custom_task_2"]);
    expect(Object.keys(paramsOf(found) as object)).toEqual(["custom_task", "custom_task_2"]);
  });

  it("keep their parameters under a new name", () => {
    const found = renamedTool(withTool(body, "custom_task"), 0, "book_visit");
    expect(toolsOf(found)?.map(({ name }) => name)).toEqual(["book_visit"]);
    expect(paramsOf(found)).toEqual({ book_visit: { method: "POST", url: "" } });
  });

  it("go with their parameters", () => {
    const found = withoutTool(withTool(withTool(body, "custom_task"), "end_call"), 0);
    expect(toolsOf(found)?.map(({ name }) => name)).toEqual(["end_call"]);
    expect(paramsOf(found)).toEqual({ end_call: {} });
  });

  it("are tried with one value of each parameter to begin with", () => {
    const properties = { day: { type: "string", enum: ["today", "later"] }, guests: { type: "integer" }, note: {} };
    expect(exampleArguments({ parameters: { type: "object", properties } })).toEqual({
      day: "today",
      guests: 0,
      note: "",
    });
    expect(exampleArguments({ parameters: "{}" })).toEqual({});
  });

  it("are left to the JSON view where they are a text or a bare list", () => {
    for (const tools of ["[]", [], { tools: "[]" }]) {
      const older = { agent_config: { tasks: [{ tools_config: { api_tools: tools } }] }, agent_prompts: {} };
      expect(toolsOf(older)).toBeUndefined();
    }
  });
});
