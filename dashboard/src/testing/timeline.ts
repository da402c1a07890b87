import type { Timeline, Work } from "../api/types.ts";

const NO_WORK = {
  provider: "",
  purpose: "",
  turn: 1,
  generation: null,
  first_ms: null,
  to_ms: null,
  speculative: false,
  withdrawn: false,
  status: null,
  arguments: null,
  result: null,
  error: null,
  http: null,
  input_tokens: null,
  output_tokens: null,
  cached_tokens: null,
} satisfies Partial<Work>;

const COST = { transcriber: 0.2, llm: 0.1, synthesizer: 0.2, network: 0, platform: 0.5, total: 1 };

/** A small call for tests: a welcome, one turn whose answer is cut, a sound without words, a reply and a tool. */
export function timelineOf(change: Partial<Timeline> = {}): Timeline {
  return {
    execution_id: "0c62bce5-0900-4ba2-8d9b-fe63144a5017",
    attempt: 1,
    live: false,
    written: false,
    began_at: "2026-11-24T16:31:12.119904+00:00",
    answered_ms: 1_000,
    ended_ms: 9_000,
    until_ms: 9_000,
    recording: null,
    caller: [
      { from_ms: 3_000, to_ms: 4_000, text: "Tuesday, please.", turn: 1 },
      { from_ms: 7_500, to_ms: 7_800, text: "", turn: null },
    ],
    agent: [
      clip(1_100, 2_500, "Hello, this is reception.", 0, false),
      clip(5_000, 6_000, "One moment, I will look", 1, true),
    ],
    turns: [
      turn("welcome", 0, 1_100, 2_500, "", "Hello, this is reception."),
      {
        ...turn("turn", 1, 3_000, 6_000, "Tuesday, please.", "One moment, I will look"),
        interrupted: true,
        wait: {
          from_ms: 4_000,
          total_ms: 1_000,
          steps: [
            { part: "end_of_turn", ms: 400 },
            { part: "first_token", ms: 500 },
            { part: "first_audio", ms: 100 },
          ],
        },
      },
      { ...turn("waste", null, null, null, null, null), cost: { ...COST, total: 0 } },
    ],
    work: [
      { ...NO_WORK, kind: "model", name: "scripted", purpose: "reply", from_ms: 4_400, first_ms: 4_500, to_ms: 4_800 },
      { ...NO_WORK, kind: "tool", name: "book_visit", from_ms: 5_000 },
    ],
    marks: [],
    findings: [],
    findings_left_out: 0,
    ...change,
  };
}

function clip(from_ms: number, to_ms: number, text: string, turn: number, cut: boolean): Timeline["agent"][number] {
  const sounds = [{ from_ms, to_ms }];
  return {
    from_ms,
    to_ms,
    sounds,
    text,
    turn,
    generation: turn + 1,
    purpose: "reply",
    cut,
    words: [],
    words_estimated: false,
  };
}

function turn(
  part: string,
  number: number | null,
  from_ms: number | null,
  to_ms: number | null,
  user: string | null,
  assistant: string | null,
): Timeline["turns"][number] {
  return {
    part,
    turn: number,
    from_ms,
    to_ms,
    user,
    assistant,
    assistant_estimated: false,
    interrupted: false,
    wait: null,
    cost: COST,
    model: null,
  };
}
