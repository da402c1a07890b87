import { Loader } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import type { Timeline, Turn, Work } from "../../../api/types.ts";
import { lasting, money, NONE } from "../../../lib/format.ts";
import { ToolIcon } from "../../../lib/icons.tsx";
import { WaitBar } from "../../../lib/WaitBar.tsx";
import { isSlow } from "../../../lib/waits.ts";
import { strings } from "../../../strings/index.ts";
import classes from "./TestTurns.module.css";

const words = strings.test;

interface Props {
  /** The execution of the test. */
  run: string;
  timeline: Timeline | undefined;
  isOver: boolean;
  /** A line that was sent and is not answered yet. */
  pending?: string | undefined;
}

/** The turns of a test as they come, each with its wait and its price. */
export function TestTurns({ run, timeline, isOver, pending }: Props) {
  const end = useRef<HTMLDivElement>(null);
  const turns = timeline?.turns.filter(isShown) ?? [];
  // A line stands in the timeline as soon as it is being answered.
  const waiting = pending && turns.at(-1)?.user !== pending ? pending : undefined;
  const said = turns.length + (waiting ? 1 : 0);
  useEffect(() => {
    if (said) end.current?.scrollIntoView({ block: "nearest" });
  }, [said]);
  return (
    <>
      <div className={classes.frame} aria-live="polite">
        <ol className={classes.turns} aria-label={words.turns}>
          {turns.map((turn) => (
            <TestTurn
              key={turn.turn}
              turn={turn}
              tools={timeline?.work.filter((one) => one.kind === "tool" && one.turn === turn.turn) ?? []}
            />
          ))}
          {waiting && (
            <li className={classes.turn}>
              <Line side="caller" text={waiting} />
              <p className={classes.pending}>
                <Loader size={12} type="dots" /> {words.chat.writing}
              </p>
            </li>
          )}
        </ol>
        {said === 0 && <p className={classes.pending}>{isOver ? words.silent : words.nothing}</p>}
        <div ref={end} />
      </div>
      <footer className={classes.footer}>
        <span>{isOver ? words.ended : words.live}</span>
        <span>{turns.length > 0 && sums(turns)}</span>
        <Link to="/calls/$id" params={{ id: run }} target="_blank">
          {words.open}
        </Link>
      </footer>
    </>
  );
}

/** A turn of the conversation of which something is known: the welcome is there before its first word sounds. */
function isShown({ part, user, assistant, wait }: Turn): boolean {
  return (part === "turn" || part === "welcome") && Boolean(user || assistant || wait);
}

function TestTurn({ turn, tools }: { turn: Turn; tools: Work[] }) {
  return (
    <li className={classes.turn}>
      {turn.user && <Line side="caller" text={turn.user} />}
      {turn.assistant && <Line side="agent" text={turn.assistant} />}
      {tools.map((tool) => (
        <span key={tool.from_ms} className={classes.tool} data-failed={tool.error !== null || undefined}>
          <ToolIcon size={11} aria-hidden /> {tool.name}
          {tool.to_ms !== null && ` ${lasting(tool.to_ms - tool.from_ms)}`}
        </span>
      ))}
      <div className={classes.figures}>
        {turn.wait && (
          <>
            <b data-slow={isSlow(turn.wait.total_ms) || undefined}>{lasting(turn.wait.total_ms)}</b>
            <WaitBar wait={turn.wait} />
          </>
        )}
        {turn.cost && <span className={classes.cost}>{money(turn.cost.total)}</span>}
      </div>
    </li>
  );
}

function Line({ side, text }: { side: "caller" | "agent"; text: string }) {
  return (
    <p className={classes.line}>
      <b data-side={side}>{strings.words[side]}</b> {text}
    </p>
  );
}

function sums(turns: Turn[]): string {
  const waits = turns.flatMap(({ wait }) => (wait ? [wait.total_ms] : [])).sort((one, other) => one - other);
  const median = waits[Math.floor((waits.length - 1) / 2)];
  const costs = turns.flatMap(({ cost }) => (cost ? [cost.total] : []));
  return words.total(
    strings.words.turns(turns.filter(({ user }) => user).length),
    median === undefined ? NONE : lasting(median),
    // It is reckoned when all of it is over.
    costs.length ? money(costs.reduce((sum, one) => sum + one, 0)) : "",
  );
}
