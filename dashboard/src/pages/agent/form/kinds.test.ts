import { describe, expect, it } from "vitest";
import type { AgentSetting } from "../../../api/types.ts";
import { isWide, kindOf, looseText, looseValue, numberValue, valuesShown } from "./kinds.ts";

const setting = (types: string[], more: Partial<AgentSetting> = {}) =>
  ({ types, choices: null, name: "x", default: "", ...more }) as AgentSetting;

describe("the control of a setting", () => {
  it("goes by its type", () => {
    expect(kindOf(setting(["boolean"], { default: false }), undefined)).toBe("switch");
    expect(kindOf(setting(["boolean"], { default: null }), true)).toBe("tristate");
    expect(kindOf(setting(["string"], { choices: ["a"] }), "a")).toBe("choice");
    expect(kindOf(setting(["integer"]), "30")).toBe("number");
    expect(kindOf(setting(["array"]), ["a"])).toBe("list");
    expect(kindOf(setting([]), undefined)).toBe("loose");
  });

  it("is a text area for sentences, and JSON for a map of languages", () => {
    const message = setting(["string", "object"], { name: "call_hangup_message" });
    expect(kindOf(message, "Goodbye.")).toBe("area");
    expect(kindOf(message, { en: "Goodbye." })).toBe("loose");
  });

  it("shows a value of a wrong type as it is, so that it can be corrected", () => {
    expect(kindOf(setting(["integer"]), "soon")).toBe("loose");
    expect(kindOf(setting(["boolean"], { default: false }), "true")).toBe("loose");
  });
});

describe("what a value may be", () => {
  it("is a range of numbers, and nothing where the control shows it", () => {
    const number = setting(["integer"], { values: "1 to 1e+06", minimum: 1, maximum: 1_000_000 });
    expect(valuesShown("number", number)).toBe("1 to 1,000,000");
    expect(valuesShown("switch", setting(["boolean"], { values: "true or false" }))).toBe("");
    expect(valuesShown("text", setting(["string"], { values: "a text" }))).toBe("");
    expect(valuesShown("loose", setting([], { values: "a map" }))).toBe("a map");
  });

  it("leaves the width to addresses", () => {
    expect(["webhook_url", "voice"].map((name) => isWide("text", { name }))).toEqual([true, false]);
  });
});

describe("a number while it is typed", () => {
  it.each(["", "-", ".", "-."])("is none yet: %j", (text) => {
    expect(numberValue(text)).toBeUndefined();
  });

  it.each([
    [-1, -1],
    ["-0.", -0],
    ["0.50", 0.5],
    ["1.", 1],
    ["007", 7],
    ["99999999999999999999", "99999999999999999999"],
  ])("%j is %j", (text, value) => {
    expect(numberValue(text)).toBe(value);
    expect(kindOf(setting(["number"]), numberValue(text))).toBe("number");
  });
});

describe("a loose value", () => {
  it.each([["default"], [{ a: [1] }], [["x"]], [12], [true], ["12"], ["{name}"], ["+15550100"], ["two\nlines "]])(
    "%j comes back from its text as it was",
    (value) => {
      expect(looseValue(looseText(value))).toEqual(value);
    },
  );

  it("is nothing where its text is empty, and an error where it begins as JSON", () => {
    expect(looseValue("  ")).toBeUndefined();
    expect(() => looseValue('{"a":')).toThrow();
  });
});
