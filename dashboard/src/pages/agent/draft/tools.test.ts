import { describe, expect, it } from "vitest";
import type { AgentBody } from "../../../api/agents.ts";
import type { JsonObject } from "../../../lib/json.ts";
import { valueAt, withValue } from "./paths.ts";
import { asJson } from "./places.ts";
import {
  exampleArguments,
  nameOf,
  placeToEmpty,
  renamedTool,
  requestPlace,
  toolSettingPlace,
  toolsOf,
  toolsPlace,
  whyNotName,
  withoutTool,
  withTool,
} from "./tools.ts";

const body: AgentBody = { agent_config: { tasks: [{ task_type: "conversation" }] }, agent_prompts: {} };
const withTools = (tools: JsonObject[], tools_params?: JsonObject): AgentBody => ({
  agent_config: {
    tasks: [
      { task_type: "conversation", tools_config: { api_tools: { tools, ...(tools_params && { tools_params }) } } },
    ],
  },
  agent_prompts: {},
});
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

const REQUEST = [{ name: "method" }, { name: "url" }, { name: "headers" }];
const API_TOOLS = "agent_config.tasks[0].tools_config.api_tools";
const url = "https://booking.example.com/slots";

describe("the request of a tool", () => {
  it.each<[string, JsonObject, JsonObject | undefined, string]>([
    ["by the tool's name, before all others", { value: { url } }, { book: {} }, "tools_params.book"],
    ["in `value`, as the documents have it", { value: { method: "POST", url } }, undefined, "tools[0].value"],
    ["in `value` beside others' parameters", { value: { url } }, { look_up: { url } }, "tools[0].value"],
    ["in the value of its definition", { function: { name: "book", value: { url } } }, {}, "tools[0].function.value"],
    ["in the tool itself", { url, headers: {} }, {}, "tools[0]"],
    ["in the tool itself while its URL is typed anew", { headers: {} }, {}, "tools[0]"],
    ["by the name where there is none yet", {}, undefined, "tools_params.book"],
  ])("stands %s", (_, tool, params, place) => {
    expect(requestPlace(withTools([{ name: "book", ...tool }], params), 0, REQUEST)).toBe(`${API_TOOLS}.${place}`);
  });

  it("never stands under no name", () => {
    expect(requestPlace(withTools([{ key: "custom_task" }]), 0, REQUEST)).toBe(`${API_TOOLS}.tools[0].value`);
  });

  it("shows what an emptied object stood before", () => {
    const both = withTools([{ name: "book", value: { url } }], { book: { method: "PUT" } });
    const object = requestPlace(both, 0, REQUEST);
    const emptied = withValue(asJson(both), placeToEmpty(both, object, `${object}.method`), undefined);
    expect(emptied).toEqual(withTools([{ name: "book", value: { url } }], {}));
    expect(requestPlace(emptied as unknown as AgentBody, 0, REQUEST)).toBe(`${API_TOOLS}.tools[0].value`);
    expect(placeToEmpty(both, object, `${object}.url`)).toBe(`${object}.url`);
  });
});

describe("a tool that is wrapped", () => {
  const schema = { type: "object", properties: { day: {} } };
  const wrapped = withTools([{ key: "custom_task", function: { name: "book", input_schema: schema } }]);

  it("has its settings where the server reads them", () => {
    const places = ["name", "description", "key", "strict", "parameters"].map((one) =>
      toolSettingPlace(wrapped, 0, one),
    );
    const at = `${API_TOOLS}.tools[0]`;
    const inside = `${at}.function`;
    expect(places).toEqual([
      ...[`${inside}.name`, `${inside}.description`, `${at}.key`, `${at}.strict`, `${inside}.input_schema`],
    ]);
  });

  it("is renamed and tried as others are", () => {
    const [tool] = toolsOf(renamedTool(wrapped, 0, "book_visit"))!;
    expect(tool).toEqual({ key: "custom_task", function: { name: "book_visit", input_schema: schema } });
    expect(exampleArguments(tool!)).toEqual({ day: "" });
  });
});

describe("a name", () => {
  const named = (body: AgentBody) => toolsOf(body)?.map(nameOf);

  it("wipes no request on its way through another tool's name", () => {
    const before = withTools([{ name: "book_visit" }, { name: "boo" }], { book_visit: { url }, boo: { url: "b" } });
    let found = before;
    for (const text of ["book", "book_", "book_visit", "book_visits"]) found = renamedTool(found, 1, text);
    expect(named(found)).toEqual(["book_visit", "book_visits"]);
    expect(paramsOf(found)).toEqual({ book_visit: { url }, book_visits: { url: "b" } });
    expect(whyNotName(before, 1, "book_visit")).toBe("taken");
    expect(renamedTool(before, 1, "book_visit")).toBe(before);
  });

  it("takes over no parameters that stand under it", () => {
    const found = withTools([{ name: "book", value: { url } }], { older: { url: "b" } });
    expect(whyNotName(found, 0, "older")).toBe("taken");
  });

  it("is one that models' endpoints take, or the one that was there", () => {
    const found = withTools([{ name: "book visit" }]);
    expect(["", "a.b", "book a visit"].map((name) => whyNotName(found, 0, name))).toEqual(["signs", "signs", "signs"]);
    expect(whyNotName(found, 0, "book visit")).toBeUndefined();
  });

  it("that two tools have keeps its parameters when one of them goes", () => {
    const twins = withTools([{ name: "book" }, { name: "book" }], { book: { url } });
    expect(paramsOf(withoutTool(twins, 0))).toEqual({ book: { url } });
    expect(paramsOf(renamedTool(twins, 0, "call"))).toEqual({ book: { url }, call: { url } });
  });

  it("changes nothing but itself in the documented form", () => {
    const found = renamedTool(withTools([{ name: "book", value: { url } }]), 0, "call");
    expect(found).toEqual(withTools([{ name: "call", value: { url } }]));
  });
});
