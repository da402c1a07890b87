import type { ComparedRow, WhatIf } from "../../../api/types.ts";
import { difference, lasting, NONE } from "../../../lib/format.ts";
import { strings } from "../../../strings/index.ts";
import classes from "./Comparison.module.css";

const words = strings.whatIf;
type Said = NonNullable<ComparedRow["before"]>;

/** What came of a what-if: the figures, then both conversations side by side. */
export function Comparison({ found }: { found: WhatIf }) {
  const wait = (ms: number | null) => (ms === null ? NONE : lasting(ms));
  const figures: [string, string][] = [
    [words.meanWait, words.arrow(wait(found.before_wait_ms), wait(found.after_wait_ms))],
    [words.length, words.arrow(lasting(found.before_ms), lasting(found.after_ms))],
    [strings.findings.tab, words.arrow(String(found.before_findings.length), String(found.after_findings.length))],
    [words.simulated, found.simulated_from === null ? words.asRecorded : words.simulatedFrom(found.simulated_from)],
    [words.computedIn, lasting(found.computed_ms)],
  ];
  return (
    <>
      <dl className={classes.figures}>
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <table className={classes.table} aria-label={words.table}>
        <thead>
          <tr>
            <th>{words.before}</th>
            <th>{words.after}</th>
          </tr>
        </thead>
        <tbody>
          {found.rows.map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the rows of an answer do not move
            <tr key={index} data-differs={row.differs || undefined}>
              <td>{row.before && <SaidLine line={row.before} />}</td>
              <td>{row.after && <SaidLine line={row.after} against={row.before} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <ul className={classes.remarks}>
        <li>{found.first_difference ? words.firstDifference(found.first_difference) : words.same}</li>
        {[found.ended, ...found.remarks].filter(Boolean).map((remark) => (
          <li key={remark}>{remark}</li>
        ))}
      </ul>
    </>
  );
}

function SaidLine({ line, against }: { line: Said; against?: Said | null }) {
  const changed =
    line.wait_ms !== null && against?.wait_ms != null && against.who === line.who ? line.wait_ms - against.wait_ms : 0;
  return (
    <>
      <b data-side={line.who}>{line.who === "caller" ? strings.words.caller : strings.words.agent}</b> {line.text}
      {line.cut && " –"}
      {line.wait_ms !== null && (
        <small>
          {words.waited(lasting(line.wait_ms))}
          {changed !== 0 && <em data-longer={changed > 0 || undefined}>{difference(changed)}</em>}
        </small>
      )}
    </>
  );
}
