import { memo } from "react";
import type { Finding, Turn } from "../../../api/types.ts";
import { lasting } from "../../../lib/format.ts";
import { SeverityIcon } from "../../../lib/SeverityIcon.tsx";
import { pixelOf, type Span } from "../../../lib/timescale.ts";
import { isSlow } from "../../../lib/waits.ts";
import { strings } from "../../../strings/index.ts";
import classes from "./Blocks.module.css";
import { type Clip, rowsOf, spread, visible, type WorkBlock, wordsFit } from "./lanes.ts";

interface Scale {
  span: Span;
  widthPx: number;
}

/** Room that a clip needs for the number of its turn, and for words as well. */
const NUMBER_PX = 15;
const WORDS_PX = 44;
const ICON_PX = 12;
const WAIT_LABEL_PX = 52;
const ROW_PX = 17;

function place({ fromMs, toMs }: Span, { span, widthPx }: Scale, leastPx = 2) {
  const from = pixelOf(fromMs, span, widthPx);
  return { left: from, width: Math.max(leastPx, pixelOf(toMs, span, widthPx) - from) };
}

/** Sounds of one side with their words. */
export const Clips = memo(function Clips(props: Scale & { clips: Clip[]; side: string; openTurn: number | undefined }) {
  const { clips, side, openTurn, ...scale } = props;
  return visible(clips, scale.span, scale.widthPx).map((clip) => {
    const { left, width } = place(clip, scale);
    // What began before the drawn part shows its words where they can be read.
    const shift = Math.max(0, -left);
    return (
      <div
        key={clip.key}
        className={classes.clip}
        data-side={side}
        data-turn={clip.turn ?? undefined}
        data-at={clip.fromMs}
        data-tip={clip.tip}
        data-wordless={clip.isWordless || undefined}
        data-cut={clip.isCut || undefined}
        data-open={(clip.turn !== null && clip.turn === openTurn) || undefined}
        style={{ left, width }}
      >
        {wordsFit(clip, width)
          ? clip.words.map(({ fromMs, text }) => (
              <span
                key={fromMs}
                className={classes.word}
                style={{ left: pixelOf(fromMs, scale.span, scale.widthPx) - left }}
              >
                {text}
              </span>
            ))
          : width - shift >= NUMBER_PX && (
              <span className={classes.words} style={{ paddingInlineStart: shift + 5 }}>
                {clip.turn ? <i>{clip.turn}</i> : null}
                {width - shift >= WORDS_PX && clip.label}
              </span>
            )}
      </div>
    );
  });
});

/** Each wait for the agent in its parts. */
export const Waits = memo(function Waits({ turns, ...scale }: Scale & { turns: Turn[] }) {
  const waits = turns.flatMap(({ turn, wait }) =>
    wait ? [{ turn, wait, fromMs: wait.from_ms, toMs: wait.from_ms + wait.total_ms }] : [],
  );
  return spread(waits, scale.span, scale.widthPx).map(({ turn, wait, ...span }, index, all) => {
    const { left, width } = place(span, scale);
    const following = all[index + 1];
    const roomPx = (following ? place(following, scale).left : scale.widthPx) - left - width;
    return (
      <div
        key={span.fromMs}
        className={classes.wait}
        data-turn={turn ?? undefined}
        data-at={span.fromMs}
        data-tip={waitTip(wait)}
        style={{ left, width }}
      >
        <span className={classes.steps}>
          {wait.steps.map((step, place) => (
            <span
              // biome-ignore lint/suspicious/noArrayIndexKey: a part may come twice, so that its place is its name
              key={place}
              style={{ flexGrow: step.ms, background: `var(--part-${step.part})` }}
            />
          ))}
        </span>
        {roomPx >= WAIT_LABEL_PX && (
          <span className={classes.total} data-slow={isSlow(wait.total_ms) || undefined}>
            {lasting(wait.total_ms)}
          </span>
        )}
      </div>
    );
  });
});

/** What a wait was, part after part. */
export function waitTip(wait: NonNullable<Turn["wait"]>): string {
  const parts = wait.steps.map(({ part, ms }) => `${strings.parts[part] ?? part}: ${lasting(ms)}`);
  return [strings.score.waited(lasting(wait.total_ms)), ...parts].join("\n");
}

/** Work of the model, of tools or of the voice. Pale: before the first token or audio. Hatched: nobody heard it. */
export const WorkBlocks = memo(function WorkBlocks({
  work,
  lane,
  ...scale
}: Scale & { work: WorkBlock[]; lane: string }) {
  const rows = rowsOf(work);
  const shown = new Set(spread(work, scale.span, scale.widthPx));
  return work.map((one, index) => {
    if (!shown.has(one)) return null;
    const { left, width } = place(one, scale);
    return (
      <div
        key={one.key}
        className={classes.work}
        data-lane={lane}
        data-turn={one.turn ?? undefined}
        data-at={one.fromMs}
        data-tip={one.tip}
        data-withdrawn={one.isWithdrawn || undefined}
        data-failed={one.hasFailed || undefined}
        style={{ left, width, top: 4 + rows[index]! * ROW_PX }}
      >
        <span className={classes.before} style={{ inlineSize: `${one.untilFirst * 100}%` }} />
        {lane === "tools" && width >= WORDS_PX && <span className={classes.name}>{one.label}</span>}
      </div>
    );
  });
});

/** How high a lane of work has to be. */
export function workHeight(work: WorkBlock[]): number {
  return 7 + ROW_PX * Math.max(1, ...rowsOf(work).map((row) => row + 1));
}

/** Findings: a wash behind all lanes, and a label as far as the next one leaves room. */
export const Findings = memo(function Findings({ findings, ...scale }: Scale & { findings: Finding[] }) {
  const sorted = findings.toSorted((one, other) => one.from_ms - other.from_ms);
  const lefts = sorted.map(({ from_ms }) => pixelOf(from_ms, scale.span, scale.widthPx));
  return sorted.map((finding, index) => {
    const { left, width } = place({ fromMs: finding.from_ms, toMs: finding.to_ms }, scale, 1);
    const labelAt = Math.max(0, left);
    const room = (lefts[index + 1] ?? scale.widthPx) - labelAt;
    if (left + width < 0 || left > scale.widthPx) return null;
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: findings of a call do not move
      <div key={index} data-severity={finding.severity} className={classes.finding} style={{ left, width }}>
        {room >= ICON_PX && (
          <span
            className={classes.label}
            data-at={finding.from_ms}
            data-turn={finding.turn ?? undefined}
            data-tip={`${finding.title}\n${finding.text}`}
            style={{ marginInlineStart: labelAt - left, maxInlineSize: room - 2 }}
          >
            <SeverityIcon severity={finding.severity} size={12} />
            {room >= WORDS_PX && <span>{finding.title}</span>}
          </span>
        )}
      </div>
    );
  });
});
