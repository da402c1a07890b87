import type { AgentClip, CallerClip, Timeline, Work } from "../../../api/types.ts";
import { clock, lasting } from "../../../lib/format.ts";
import { pixelOf, type Span } from "../../../lib/timescale.ts";
import { strings } from "../../../strings/index.ts";

const words = strings.score;

/** Something drawn in a lane. */
export interface Block extends Span {
  key: string;
  turn: number | null;
  label: string;
  /** What is told of it under the pointer. Made when it is read: of a long call few blocks are wide enough to be drawn. */
  readonly tip: string;
}

export interface Clip extends Block {
  isWordless: boolean;
  isCut: boolean;
  /** When each word was heard, where that is known. */
  words: { fromMs: number; text: string }[];
}

export interface WorkBlock extends Block {
  /** The share of it that passed before the first token or audio. */
  untilFirst: number;
  isWithdrawn: boolean;
  hasFailed: boolean;
}

type Word = AgentClip["words"][number];

/** Below this a block is no more than a line, which the waveform shows as well. */
export const THINNEST_PX = 4;

/** Letters of a tool's arguments or result that are told under the pointer; the turn has all of them. */
const LONGEST_TIP = 120;

export type WorkLane = "model" | "tools" | "voice" | "turn_model";
const LANE_OF: Record<Work["kind"], WorkLane> = {
  model: "model",
  classifier: "turn_model",
  tool: "tools",
  voice: "voice",
  turn_model: "turn_model",
};

/** A letter of a word that stands where it is heard, on average and where words come fast; and the word's margin. */
const SPOKEN_LETTER_PX = 9;
const DENSE_LETTER_PX = 6;
const WORD_MARGIN_PX = 5;

/** Whether each word of a clip can stand where it is heard, at this width of the clip. */
export function wordsFit(clip: Clip, widthPx: number): boolean {
  const { words: heard, label, fromMs, toMs } = clip;
  if (!heard.length || widthPx < label.length * SPOKEN_LETTER_PX) return false;
  const pxPerMs = widthPx / (toMs - fromMs);
  return heard.every(({ fromMs: at, text }, place) => {
    const roomPx = ((heard[place + 1]?.fromMs ?? toMs) - at) * pxPerMs;
    return roomPx >= text.length * DENSE_LETTER_PX + WORD_MARGIN_PX;
  });
}

/** The clips of both sides. */
export function clipsOf(timeline: Timeline, zeroMs: number): { caller: Clip[]; agent: Clip[] } {
  const clip = (side: string, one: CallerClip | AgentClip, isCut: boolean, heard: Word[] = []): Clip => ({
    key: `${side}${one.from_ms}`,
    fromMs: one.from_ms,
    toMs: one.to_ms,
    turn: one.turn,
    label: one.text,
    isWordless: !one.text,
    isCut,
    words: heard.map(({ from_ms, text }) => ({ fromMs: from_ms, text })),
    get tip() {
      const about = `${side}, ${clock(one.from_ms - zeroMs)}, ${lasting(one.to_ms - one.from_ms)}`;
      return [about, one.text || words.noWords, isCut ? words.interrupted : ""].filter(Boolean).join("\n");
    },
  });
  return {
    caller: timeline.caller.map((one) => clip(strings.words.caller, one, false)),
    agent: timeline.agent.map((one) => clip(strings.words.agent, one, one.cut, one.words)),
  };
}

/** The work of a call by lane. What has no end yet goes on to `untilMs`. */
export function workOf(timeline: Timeline, untilMs: number): Record<WorkLane, WorkBlock[]> {
  const lanes: Record<WorkLane, WorkBlock[]> = { model: [], tools: [], voice: [], turn_model: [] };
  for (const [index, one] of timeline.work.entries()) {
    const toMs = one.to_ms ?? untilMs;
    const length = Math.max(1, toMs - one.from_ms);
    lanes[LANE_OF[one.kind]].push({
      key: `${one.kind}${index}`,
      fromMs: one.from_ms,
      toMs,
      turn: one.turn,
      label: one.name,
      untilFirst: one.first_ms === null ? 0 : Math.min(1, (one.first_ms - one.from_ms) / length),
      isWithdrawn: one.withdrawn,
      hasFailed: one.error !== null,
      get tip() {
        return workTip(one, toMs);
      },
    });
  }
  return lanes;
}

function workTip(one: Work, toMs: number): string {
  const lines = [`${one.name}${one.purpose ? `, ${one.purpose}` : ""}`, words.lasted(lasting(toMs - one.from_ms))];
  if (one.first_ms !== null && one.kind === "model") lines.push(words.firstToken(lasting(one.first_ms - one.from_ms)));
  if (one.arguments) lines.push(shortened(one.arguments));
  if (one.kind === "tool" && one.result) lines.push(shortened(one.result));
  if (one.withdrawn) lines.push(words.withdrawn);
  if (one.error) lines.push(one.error);
  return lines.join("\n");
}

function shortened(text: string): string {
  return text.length > LONGEST_TIP ? `${text.slice(0, LONGEST_TIP)}…` : text;
}

/** Blocks that lie in the drawn span and are wide enough to be seen as blocks. */
export function visible<T extends Span>(blocks: T[], span: Span, widthPx: number, thinnestPx = THINNEST_PX): T[] {
  return blocks.filter(
    (one) =>
      one.toMs >= span.fromMs &&
      one.fromMs <= span.toMs &&
      pixelOf(one.toMs, span, widthPx) - pixelOf(one.fromMs, span, widthPx) >= thinnestPx,
  );
}

/** The same with every block, but of those too thin to be told apart no more than one in a few pixels. */
export function spread<T extends Span>(blocks: T[], span: Span, widthPx: number): T[] {
  let freeFrom = Number.NEGATIVE_INFINITY;
  return visible(blocks, span, widthPx, 0).filter((one) => {
    const from = pixelOf(one.fromMs, span, widthPx);
    const to = pixelOf(one.toMs, span, widthPx);
    if (to - from < THINNEST_PX && from < freeFrom) return false;
    freeFrom = from + THINNEST_PX;
    return true;
  });
}

/** In which row each block lies so that none covers another that is wanted: the first row that is free. */
export function rowsOf(blocks: Span[], most = 3): number[] {
  const freeFrom: number[] = [];
  return blocks.map((block) => {
    const free = freeFrom.findIndex((from) => from <= block.fromMs);
    const row = free >= 0 ? free : Math.min(freeFrom.length, most - 1);
    freeFrom[row] = Math.max(freeFrom[row] ?? 0, block.toMs);
    return row;
  });
}
