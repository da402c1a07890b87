import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../lib/json.ts";
import { changesBetween, merged, resolved, withTyped } from "./changes.ts";

const base: JsonObject = { name: "A", task: { patience: 900, delay: 400 }, tools: [{ name: "book", strict: false }] };

describe("changes", () => {
  it("are found setting by setting, also in members of lists", () => {
    const after = { name: "A", task: { patience: 800, words: 2 }, tools: [{ name: "book", strict: true }] };
    expect(changesBetween(base, after).map(({ path, before, after }) => [path, before, after])).toEqual([
      ["task.patience", 900, 800],
      ["task.delay", 400, undefined],
      ["task.words", undefined, 2],
      ["tools[0].strict", false, true],
    ]);
  });

  it("are one where a list became longer, and none where names only moved", () => {
    expect(changesBetween(base, { ...base, tools: [] }).map(({ path }) => path)).toEqual(["tools"]);
    expect(changesBetween(base, { tools: base.tools!, task: { delay: 400, patience: 900 }, name: "A" })).toEqual([]);
  });
});

describe("two people who changed one agent", () => {
  it("both keep what the other did not touch", () => {
    const mine = { ...base, task: { patience: 800, delay: 400 } };
    const theirs = { ...base, name: "B", task: { patience: 900, delay: 300 } };
    const found = merged(base, mine, theirs);
    expect(found.conflicts).toEqual([]);
    expect(found.merged).toEqual({ ...base, name: "B", task: { patience: 800, delay: 300 } });
  });

  it("have to choose where both changed the same setting", () => {
    const mine = { ...base, task: { patience: 800, delay: 1 } };
    const theirs = { ...base, task: { patience: 700, delay: 400 } };
    const found = merged(base, mine, theirs);
    expect(found.conflicts).toMatchObject([{ path: "task.patience", base: 900, mine: 800, theirs: 700 }]);
    expect([found.mine.map(({ path }) => path), found.theirs]).toEqual([["task.delay"], []]);
    expect(resolved(found, new Set())).toEqual({ ...base, task: { patience: 700, delay: 1 } });
    expect(resolved(found, new Set(["task.patience"]))).toEqual({ ...base, task: { patience: 800, delay: 1 } });
  });

  it("do not contradict each other with the same change", () => {
    const both = { ...base, name: "B" };
    expect(merged(base, both, { ...both })).toMatchObject({ conflicts: [], merged: both });
  });

  it("contradict each other where one changed what the other took out", () => {
    const mine = { ...base, tools: [{ name: "book", strict: true }] };
    const theirs = { ...base, tools: [] };
    const found = merged(base, mine, theirs);
    expect(found.conflicts).toMatchObject([{ path: "tools", theirs: [] }]);
    expect(resolved(found, new Set(["tools"]))).toEqual(mine);
  });
});

describe("what is typed while a save is under way", () => {
  const saved = { ...base, name: "B" };

  it("stays, with what the server made of the rest", () => {
    const read = { ...saved, task: { patience: 900, delay: 400, words: 2 } };
    const typed = { ...saved, name: "B and more", tools: [] };
    expect(withTyped(saved, typed, read)).toEqual({ ...read, name: "B and more", tools: [] });
  });

  it("stays where the server changed the same", () => {
    expect(withTyped(saved, { ...saved, name: "B!" }, { ...saved, name: "b" })).toEqual({ ...saved, name: "B!" });
  });

  it("is nothing where nobody typed", () => {
    const read = { ...saved, name: "b" };
    expect(withTyped(saved, saved, read)).toEqual(read);
    expect(withTyped(saved, saved, structuredClone(saved))).toBe(saved);
  });
});
