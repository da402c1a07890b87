import { describe, expect, it } from "vitest";
import type { ListedModel, ListedVoice } from "../../../api/types.ts";
import { type Catalogue, isSuggested, suggestionsFor } from "./suggestions.ts";

const provider = (kind: string, name: string, models: string[] = [], keys: string[] = []) => ({
  kind,
  name,
  summary: name.toUpperCase(),
  keys,
  models,
  languages: [],
});
const voice = (of: string, voice_id: string) =>
  ({ provider: of, voice_id, name: `The ${voice_id}`, accent: "british" }) as ListedVoice;

const catalogue: Catalogue = {
  providers: [
    provider("transcriber", "near", ["small", "large"]),
    provider("transcriber", "far", ["nova"], ["FAR_API_KEY"]),
    provider("model", "near", ["tiny"]),
  ],
  voices: [voice("near", "anna"), voice("far", "bob")],
  models: [{ provider: "custom", model: "house" } as ListedModel],
};
const values = (section: string, name: string, of = "") =>
  suggestionsFor({ section, name }, of, catalogue).map(({ value }) => value);

describe("suggestions", () => {
  it("are the providers of the kind, each with the key that it needs", () => {
    expect(values("transcriber", "provider")).toEqual(["near", "far"]);
    const [near, far] = suggestionsFor({ section: "transcriber", name: "provider" }, "", catalogue);
    expect(near?.about).toBe("NEAR");
    expect(far?.about).toContain("FAR_API_KEY");
  });

  it("are the models and voices of the provider that the agent names, or of all", () => {
    expect(values("transcriber", "model", "far")).toEqual(["nova"]);
    expect(values("transcriber", "model", "unknown")).toEqual([]);
    expect(values("synthesizer", "voice_id", "near")).toEqual(["anna"]);
    expect(values("synthesizer", "voice_id")).toEqual(["anna", "bob"]);
    expect(values("synthesizer", "voice", "far")).toEqual(["The bob"]);
  });

  it("are also the models that the account has added", () => {
    expect(values("llm_agent", "model", "custom")).toEqual(["house"]);
    expect(values("llm_agent", "model")).toEqual(["tiny", "house"]);
  });

  it("are made for what names something that is installed", () => {
    const asked = [
      ["llm_agent", "model"],
      ["llm_agent", "temperature"],
      ["agent", "model"],
    ];
    expect(asked.map(([section, name]) => isSuggested({ section: section!, name: name! }))).toEqual([
      true,
      false,
      false,
    ]);
  });
});
