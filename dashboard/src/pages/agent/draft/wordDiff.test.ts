import { describe, expect, it } from "vitest";
import { wordDiff } from "./wordDiff.ts";

const marked = (before: string, after: string) =>
  wordDiff(before, after)
    .map(({ text, differs }) => (differs ? `[${text}]` : text))
    .join("");

describe("the words that differ", () => {
  it("are marked, and nothing else", () => {
    expect(marked("Open from nine to five.", "Open from eight to six.")).toBe("Open from [eight] to [six].");
    expect(marked("Say hello.", "Say hello and smile.")).toBe("Say hello[ and smile].");
    expect(marked("Say hello and smile.", "Say hello.")).toBe("Say hello.");
    expect(marked("one two.", "three four.")).toBe("[three four].");
    expect(marked("same", "same")).toBe("same");
    expect(marked("", "new")).toBe("[new]");
  });

  it("are the whole middle of texts that are too long to compare", () => {
    const long = (word: string) => Array.from({ length: 1_500 }, (_, place) => `${word}${place}`).join(" ");
    const found = wordDiff(`begin ${long("a")} end`, `begin ${long("b")} end`);
    expect(found.map(({ differs }) => differs)).toEqual([false, true, false]);
  });
});
