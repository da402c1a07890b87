import { memo } from "react";
import type { Finding, Turn, Work } from "../../../api/types.ts";
import { clock, lasting, money } from "../../../lib/format.ts";
import { ChevronDownIcon, ChevronUpIcon, ToolIcon } from "../../../lib/icons.tsx";
import { SeverityIcon } from "../../../lib/SeverityIcon.tsx";
import { WaitBar } from "../../../lib/WaitBar.tsx";
import { isSlow } from "../../../lib/waits.ts";
import { strings } from "../../../strings/index.ts";
import { useCall } from "../context.ts";
import { AgentWords } from "./AgentWords.tsx";
import { TurnDetails } from "./TurnDetails.tsx";
import classes from "./TurnRow.module.css";

const words = strings.turns;

interface Props {
  turn: Turn;
  findings: Finding[];
  tools: Work[];
  isOpen: boolean;
  /** Whether the position is in this turn. */
  isHeard: boolean;
}

/** One turn of the caller with the answer to it. A click opens it and moves there. */
export const TurnRow = memo(function TurnRow({ turn, findings, tools, isOpen, isHeard }: Props) {
  const { zeroMs, showTurn } = useCall();
  const number = turn.turn ?? 0;
  const Chevron = isOpen ? ChevronUpIcon : ChevronDownIcon;
  const toggle = () => showTurn(isOpen ? undefined : number, turn.from_ms ?? undefined);
  return (
    <li
      id={`turn-${number}`}
      className={classes.turn}
      data-open={isOpen || undefined}
      data-heard={isHeard || undefined}
    >
      {/* The button at the end of the row is what keyboards and screen readers use; the rest of the row may be clicked too. */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: see above */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: see above */}
      <div className={classes.row} onClick={toggle}>
        <span className={classes.at}>{turn.from_ms === null ? "" : clock(turn.from_ms - zeroMs)}</span>
        <div className={classes.said}>
          {turn.user && (
            <p>
              <b data-side="caller">{strings.words.caller}</b>
              <span>{turn.user}</span>
            </p>
          )}
          {turn.assistant && (
            <p>
              <b data-side="agent">{strings.words.agent}</b>
              <span>
                <AgentWords turn={turn} isHeard={isHeard} />
                {turn.interrupted && <em>{words.interrupted}</em>}
              </span>
            </p>
          )}
          <Chips findings={findings} tools={tools} />
        </div>
        <div className={classes.wait}>
          {turn.wait && (
            <>
              <b data-slow={isSlow(turn.wait.total_ms) || undefined}>{lasting(turn.wait.total_ms)}</b>
              <WaitBar wait={turn.wait} />
            </>
          )}
        </div>
        <span className={classes.cost}>{turn.cost ? money(turn.cost.total) : ""}</span>
        <button
          type="button"
          className={`plain ${classes.open}`}
          aria-expanded={isOpen}
          aria-label={words.open(strings.words.turn(number))}
          onClick={(event) => {
            event.stopPropagation();
            toggle();
          }}
        >
          <Chevron size={14} aria-hidden />
        </button>
      </div>
      {isOpen && <TurnDetails turn={turn} tools={tools} />}
    </li>
  );
});

function Chips({ findings, tools }: { findings: Finding[]; tools: Work[] }) {
  if (!findings.length && !tools.length) return null;
  return (
    <div className={classes.chips}>
      {tools.map((tool) => (
        <span key={tool.from_ms} className={classes.chip} data-failed={tool.error !== null || undefined}>
          <ToolIcon size={11} aria-hidden /> {tool.name}
          {tool.to_ms !== null && ` ${lasting(tool.to_ms - tool.from_ms)}`}
        </span>
      ))}
      {findings.map((finding) => (
        <span key={`${finding.rule}${finding.from_ms}`} className={classes.chip} data-severity={finding.severity}>
          <SeverityIcon severity={finding.severity} size={12} /> {finding.title}
        </span>
      ))}
    </div>
  );
}
