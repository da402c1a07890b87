import type { ReactNode } from "react";
import type { Execution, Severity } from "../../api/types.ts";
import { count, lasting, money, NONE } from "../../lib/format.ts";
import { SeverityIcon } from "../../lib/SeverityIcon.tsx";
import { strings } from "../../strings/index.ts";
import { costOf } from "./attempts.ts";
import classes from "./CallFigures.module.css";
import { heardTurns, useCall } from "./context.ts";
import { median } from "./median.ts";

const words = strings.call.facts;
const SEVERITIES: Severity[] = ["bad", "warning", "note"];
const MINUTE_MS = 60_000;

/** The call in six figures. */
export function CallFigures({ execution }: { execution: Execution | undefined }) {
  const { timeline, whole } = useCall();
  const talkMs = timeline.answered_ms === null ? null : whole.toMs - whole.fromMs;
  const turns = heardTurns(timeline);
  const ofCaller = turns.filter(({ turn }) => turn !== 0).length;
  const tools = timeline.work.filter(({ kind }) => kind === "tool");
  const failed = tools.filter(({ error }) => error !== null).length;
  const cost = costOf(execution, timeline);
  return (
    <dl className={classes.figures}>
      <Figure name={words.talk} value={talkMs === null ? NONE : lasting(talkMs)} />
      <WaitFigure />
      <Figure name={words.turns} value={count(ofCaller)}>
        {ofCaller > 0 && words.interrupted(turns.filter(({ interrupted }) => interrupted).length)}
      </Figure>
      <Figure name={words.tools} value={count(tools.length)}>
        {failed > 0 && words.failed(failed)}
      </Figure>
      <Figure name={words.cost} value={cost === undefined ? NONE : money(cost)}>
        {cost && talkMs ? words.perMinute(money((cost * MINUTE_MS) / talkMs)) : ""}
      </Figure>
      <Figure name={words.findings} value={<FindingCounts />} />
    </dl>
  );
}

function Figure({ name, value, children }: { name: string; value: ReactNode; children?: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <b>{value}</b> {children}
      </dd>
    </div>
  );
}

/** The median wait, and the worst as a way to its turn. */
function WaitFigure() {
  const { timeline, showTurn } = useCall();
  const waits = timeline.turns.flatMap(({ turn, wait, from_ms }) =>
    wait ? [{ turn, from_ms, ms: wait.total_ms }] : [],
  );
  const worst = waits.reduce<(typeof waits)[number] | null>(
    (most, one) => (most && most.ms >= one.ms ? most : one),
    null,
  );
  if (!worst) {
    return (
      <Figure name={words.wait} value={NONE}>
        {!timeline.live && timeline.answered_ms !== null && words.noWait}
      </Figure>
    );
  }
  return (
    <Figure name={words.wait} value={lasting(median(waits.map(({ ms }) => ms)))}>
      {words.median}{" "}
      <button
        type="button"
        className={`plain ${classes.worst}`}
        onClick={() => showTurn(worst.turn ?? 0, worst.from_ms ?? undefined)}
      >
        {words.worst(lasting(worst.ms), strings.words.turn(worst.turn ?? 0))}
      </button>
    </Figure>
  );
}

function FindingCounts() {
  const { timeline } = useCall();
  const found = SEVERITIES.map((severity) => ({
    severity,
    times: timeline.findings.filter((finding) => finding.severity === severity).length,
  })).filter(({ times }) => times > 0);
  if (!found.length) return <>{words.noFindings}</>;
  return (
    <span className={classes.counts}>
      {found.map(({ severity, times }) => (
        <span key={severity} style={{ color: `var(--${severity})` }}>
          <SeverityIcon severity={severity} size={15} /> {times}
        </span>
      ))}
    </span>
  );
}
