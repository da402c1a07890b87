import { Skeleton } from "@mantine/core";
import type { CallTotals } from "../../api/types.ts";
import { count, lasting, money, NONE } from "../../lib/format.ts";
import { strings } from "../../strings/index.ts";
import classes from "./Totals.module.css";

const words = strings.calls.totals;
const MINUTE_MS = 60_000;

/** What the calls of the filter come to. */
export function Totals({ totals }: { totals: CallTotals | undefined }) {
  const isAbout = totals !== undefined && !totals.complete;
  return (
    <section aria-label={words.label} className={classes.totals}>
      {figures(totals).map(({ label, value, beside }) => (
        <div key={label} className={classes.figure}>
          <span className={classes.label}>{label}</span>
          {totals ? (
            <span>
              <strong title={isAbout ? words.aboutTip : undefined}>{value}</strong>{" "}
              <span className={classes.beside}>{beside}</span>
            </span>
          ) : (
            <Skeleton height={16} width="60%" my={4} />
          )}
        </div>
      ))}
    </section>
  );
}

function figures(totals: CallTotals | undefined) {
  const { calls = 0, answered = 0, talk_ms = 0, cost = 0, with_findings = 0 } = totals ?? {};
  const about = totals && !totals.complete ? `${words.about} ` : "";
  const wait = totals?.wait_p50_ms;
  const p95 = totals?.wait_p95_ms;
  return [
    { label: words.calls, value: about + count(calls), beside: words.answered(count(answered)) },
    { label: words.talk, value: talk_ms ? lasting(talk_ms) : NONE, beside: "" },
    {
      label: words.wait,
      value: wait == null ? NONE : lasting(wait),
      beside: p95 == null ? "" : words.p95(lasting(p95)),
    },
    {
      label: words.cost,
      value: money(cost),
      beside: talk_ms ? words.perMinute(money((cost * MINUTE_MS) / talk_ms)) : "",
    },
    { label: words.findings, value: count(with_findings), beside: words.ofAnswered(count(answered)) },
  ];
}
