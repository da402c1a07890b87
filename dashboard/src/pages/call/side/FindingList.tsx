import { Button } from "@mantine/core";
import type { Advice, Finding, Timeline } from "../../../api/types.ts";
import { clock, lasting } from "../../../lib/format.ts";
import { ChangeIcon, CheckIcon, LowerIcon, RaiseIcon } from "../../../lib/icons.tsx";
import { SeverityIcon } from "../../../lib/SeverityIcon.tsx";
import { strings } from "../../../strings/index.ts";
import { useCall } from "../context.ts";
import classes from "./FindingList.module.css";

const words = strings.findings;
const DIRECTIONS: Record<string, typeof RaiseIcon> = {
  raise: RaiseIcon,
  lower: LowerIcon,
  change: ChangeIcon,
  check: CheckIcon,
};

/** What was wrong with the call, and for each what to change. */
export function FindingList() {
  const { timeline } = useCall();
  if (!timeline.findings.length) return <p className={classes.none}>{nothing(timeline)}</p>;
  return (
    <ul className={classes.findings}>
      {timeline.findings.map((finding) => (
        <FindingItem key={`${finding.rule}${finding.from_ms}`} finding={finding} />
      ))}
    </ul>
  );
}

function nothing({ live, answered_ms, written }: Timeline): string {
  if (live) return words.live;
  return answered_ms === null && !written ? words.unanswered : words.none;
}

function FindingItem({ finding }: { finding: Finding }) {
  const { zeroMs, seek, showTurn } = useCall();
  const { turn, from_ms, to_ms } = finding;
  const go = () => (turn === null ? seek(from_ms) : showTurn(turn, from_ms));
  return (
    <li className={classes.finding}>
      <header>
        <SeverityIcon severity={finding.severity} size={15} />
        <h3>{finding.title}</h3>
        <button type="button" className={`plain ${classes.at}`} onClick={go}>
          {clock(from_ms - zeroMs)}
          {to_ms > from_ms && `, ${lasting(to_ms - from_ms)}`}
        </button>
      </header>
      <p>{finding.text}</p>
      {finding.advice.map((advice) => (
        <AdviceBox key={advice.setting} advice={advice} turn={turn} />
      ))}
    </li>
  );
}

function AdviceBox({ advice, turn }: { advice: Advice; turn: number | null }) {
  const { timeline, tryWhatIf } = useCall();
  const Icon = DIRECTIONS[advice.direction] ?? ChangeIcon;
  const direction = words.directions[advice.direction] ?? advice.direction;
  const { path, value } = advice;
  return (
    <div className={classes.advice}>
      <Icon size={14} aria-hidden />
      <div>
        <code>{advice.setting}</code>
        <p>{words.advice(direction, advice.why)}</p>
      </div>
      {path && !timeline.live && (
        <Button
          size="compact-xs"
          variant="light"
          onClick={() => tryWhatIf(turn ?? 0, [`${path}=${value == null ? "" : JSON.stringify(value)}`])}
        >
          {words.try}
        </Button>
      )}
    </div>
  );
}
