import { describe, expect, it } from "vitest";
import { lineOf, linesOf } from "./lines.ts";

const TEXT = JSON.stringify(
  { agent_config: { tasks: [{ a: "x, {y}: \\" }, { b: [1, -2.5e3, null] }], name: "A" } },
  null,
  2,
);

describe("lines", () => {
  it("are those of the values", () => {
    const lines = linesOf(TEXT);
    expect(lines.broken).toBeUndefined();
    const line = (path: string) => TEXT.split("\n")[lineOf(lines, path) - 1]?.trim();
    expect(line("agent_config.tasks[0].a")).toMatch(/^"a"/);
    expect(line("agent_config.tasks[1].b[1]")).toBe("-2500,");
    expect(line("agent_config.name")).toBe('"name": "A"');
  });

  it("are those of what is around a value that is missing", () => {
    const lines = linesOf(TEXT);
    expect(lineOf(lines, "agent_config.tasks[1].task_config.patience")).toBe(lineOf(lines, "agent_config.tasks[1]"));
    expect(lineOf(lines, "elsewhere")).toBe(1);
  });

  it("say where a text stops to be JSON", () => {
    expect(linesOf('{\n  "a": 1,\n  "b" 2\n}').broken).toBe(3);
    expect(linesOf('{\n  "a": 1,\n}').broken).toBe(3);
    expect(linesOf('{"a": "open\n}').broken).toBe(1);
    expect(linesOf("[1] 2").broken).toBe(1);
    expect(linesOf("").broken).toBe(1);
  });

  it("agree with the reader of the browser about what is JSON", () => {
    for (const text of ["{}", "[]", "1", '"\\u00e4"', "01", "{a:1}", "[1,]", "nul", '{"a":[{}]}', "'x'", "+1"]) {
      let isJson = true;
      try {
        JSON.parse(text);
      } catch {
        isJson = false;
      }
      expect([text, linesOf(text).broken === undefined]).toEqual([text, isJson]);
    }
  });
});
