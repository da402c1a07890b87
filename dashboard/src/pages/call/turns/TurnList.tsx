import { useEffect, useMemo } from "react";
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
  useEffect(() => {
    if (openTurn !== undefined) document.querySelector(`#turn-${openTurn} > div`)?.scrollIntoView({ block: "nearest" });
  }, [openTurn]);
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
        {turns.map((turn) => (
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

const NO_FINDINGS: Finding[] = [];
const NO_WORK: Work[] = [];

function grouped(findings: Finding[], work: Work[]) {
  const tools = work.filter(({ kind }) => kind === "tool");
  return { findings: Map.groupBy(findings, ({ turn }) => turn), tools: Map.groupBy(tools, ({ turn }) => turn) };
}
