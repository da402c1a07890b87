import { useEffect, useMemo, useState } from "react";
import type { Finding, Work } from "../../../api/types.ts";
import { strings } from "../../../strings/index.ts";
import { heardTurns, useCall } from "../context.ts";
import { useFromPosition } from "../player/hooks.ts";
import classes from "./TurnList.module.css";
import { TurnRow } from "./TurnRow.tsx";

/** What was said, turn after turn, with what each turn took and cost. */
export function TurnList() {
  const { timeline, player, openTurn } = useCall();
  const turns = useMemo(() => heardTurns(timeline), [timeline]);
  const byTurn = useMemo(() => grouped(timeline.findings, timeline.work), [timeline]);
  const parts = useMemo(
    () =>
      Object.keys(strings.parts).filter((part) => turns.some(({ wait }) => wait?.steps.some((s) => s.part === part))),
    [turns],
  );
  const heard = useFromPosition(
    player,
    (atMs) => turns.findLast(({ from_ms }) => from_ms !== null && from_ms <= atMs)?.turn,
  );
  const opened = turns.findIndex(({ turn }) => turn === openTurn);
  const drawn = turns.slice(0, useGrowing(turns.length, opened + 1));
  const isDrawn = opened >= 0;
  useEffect(() => {
    if (isDrawn) document.querySelector(`#turn-${openTurn} > div`)?.scrollIntoView({ block: "nearest" });
  }, [openTurn, isDrawn]);
  return (
    <section className={classes.card} aria-labelledby="turns-title">
      <header className={classes.header}>
        <h2 id="turns-title">{strings.turns.title}</h2>
        <ul className={classes.legend}>
          {parts.map((part) => (
            <li key={part} title={strings.partsMean[part]}>
              <i style={{ background: `var(--part-${part})` }} />
              {strings.parts[part]}
            </li>
          ))}
        </ul>
      </header>
      {turns.length === 0 && (
        <p className={classes.none}>{timeline.live ? strings.turns.noneYet : strings.turns.none}</p>
      )}
      <ol className={classes.turns}>
        {drawn.map((turn) => (
          <TurnRow
            key={turn.turn}
            turn={turn}
            findings={byTurn.findings.get(turn.turn) ?? NO_FINDINGS}
            tools={byTurn.tools.get(turn.turn) ?? NO_WORK}
            isOpen={turn.turn === openTurn}
            isHeard={turn.turn === heard}
          />
        ))}
      </ol>
    </section>
  );
}

const AT_ONCE = 30;
const PAUSE_MS = 50;

/** How many of a long list are drawn: a screen of them at once, `least` of them in any case, the others a few at a time, so that no frame waits. */
function useGrowing(length: number, least: number): number {
  const [count, setCount] = useState(AT_ONCE);
  const drawn = Math.max(count, least);
  useEffect(() => {
    if (drawn >= length) return;
    const timer = setTimeout(() => setCount(drawn + AT_ONCE), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [drawn, length]);
  return drawn;
}

const NO_FINDINGS: Finding[] = [];
const NO_WORK: Work[] = [];

function grouped(findings: Finding[], work: Work[]) {
  const tools = work.filter(({ kind }) => kind === "tool");
  return { findings: Map.groupBy(findings, ({ turn }) => turn), tools: Map.groupBy(tools, ({ turn }) => turn) };
}
