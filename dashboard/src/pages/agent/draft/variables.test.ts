import { describe, expect, it } from "vitest";
import { completed, completions, nameBefore, variablesIn, variablesToFill } from "./variables.ts";

describe("variables", () => {
  it("are found once each, and no JSON is one", () => {
    expect(variablesIn("Hello {customer_name}, on {day}.", 'Not {"a": 1}, {customer_name}')).toEqual([
      "customer_name",
      "day",
    ]);
  });

  it("are asked for unless the platform fills them in", () => {
    const body = {
      agent_config: { agent_welcome_message: "Hello {name}" },
      agent_prompts: { task_1: { system_prompt: "Today is {current_date}. You talk to {name} of {town}." } },
    };
    expect(variablesToFill(body)).toEqual(["name", "town"]);
  });
});

describe("a name that is being written", () => {
  it.each([
    ["Hello {cus", 10, "cus"],
    ["Hello {", 7, ""],
    ["Hello {customer} and", 20, null],
    ['{"a', 3, null],
    ["Hello", 5, null],
  ])("in %j at %i is %j", (text, caret, written) => {
    expect(nameBefore(text, caret)).toBe(written);
  });

  it("goes on as the names that begin so, whatever their capitals", () => {
    expect(completions("cu", ["customer_name", "Currency", "day"])).toEqual(["customer_name", "Currency"]);
  });

  it("is written to its end, over what stood behind it", () => {
    expect(completed("Hello {cus, good day", 10, "customer_name")).toEqual({
      text: "Hello {customer_name}, good day",
      caret: 21,
    });
    expect(completed("Hello {custom}!", 8, "customer_name").text).toBe("Hello {customer_name}!");
  });
});
