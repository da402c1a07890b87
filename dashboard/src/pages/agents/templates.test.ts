import { describe, expect, it } from "vitest";
import { TEMPLATES } from "./templates.ts";

describe("templates", () => {
  it.each(TEMPLATES)("$name names no provider, so that it works without a key", ({ body }) => {
    expect(JSON.stringify(body)).not.toContain('"provider"');
  });

  it.each(TEMPLATES)("$name has a prompt and a first sentence", ({ body }) => {
    expect(body.agent_prompts.task_1).toHaveProperty("system_prompt");
    expect(body.agent_config.agent_welcome_message).not.toBe("");
  });
});
