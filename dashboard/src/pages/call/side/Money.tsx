import type { Costs, Execution, Turn } from "../../../api/types.ts";
import { exactMoney, money, moneyCell } from "../../../lib/format.ts";
import { strings } from "../../../strings/index.ts";
import { attemptsOf } from "../attempts.ts";
import { useCall } from "../context.ts";
import classes from "./Money.module.css";

const words = strings.money;
const LEGS = ["transcriber", "llm", "synthesizer", "network", "platform"] as const;
const MINUTE_MS = 60_000;

/** What the call, or one attempt of it, cost: by leg, by part, and the exact sum. */
export function Money({ execution }: { execution: Execution | undefined }) {
  const { timeline, whole } = useCall();
  const rows = timeline.turns.flatMap((turn) => (turn.cost ? [{ turn, cost: turn.cost }] : []));
  const all = summed(rows.map(({ cost }) => cost));
  const again = attemptsOf(execution).length > 1;
  if (all.total === 0) return <p className={classes.none}>{again ? words.noneOfAttempt : words.none}</p>;
  const talkMs = timeline.answered_ms === null ? 0 : whole.toMs - timeline.answered_ms;
  return (
    <div className={classes.money}>
      <div className={classes.bar} aria-hidden>
        {LEGS.map((leg) => (
          <span key={leg} style={{ flexGrow: all[leg], background: `var(--leg-${leg})` }} />
        ))}
      </div>
      <ul className={classes.legend}>
        {LEGS.filter((leg) => all[leg] > 0).map((leg) => (
          <li key={leg}>
            <i style={{ background: `var(--leg-${leg})` }} />
            {strings.legs[leg]} {moneyCell(all[leg])} ¢
          </li>
        ))}
      </ul>
      <table aria-label={words.table}>
        <thead>
          <tr>
            <th>{words.part}</th>
            <th>{strings.legs.transcriber}</th>
            <th>{strings.legs.llm}</th>
            <th>{strings.legs.synthesizer}</th>
            <th>{words.line}</th>
            <th>{strings.legs.total}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ turn, cost }) => (
            <CostRow key={`${turn.part}${turn.turn}`} name={partName(turn)} cost={cost} />
          ))}
          <CostRow name={again ? strings.call.attempt(timeline.attempt) : words.call} cost={all} />
        </tbody>
      </table>
      <dl>
        <dt>{words.exactly}</dt>
        <dd>{exactMoney(all.total)}</dd>
        {talkMs > 0 && (
          <>
            <dt>{words.perMinute}</dt>
            <dd>{money((all.total * MINUTE_MS) / talkMs)}</dd>
          </>
        )}
        {again && execution && (
          <>
            <dt>{words.allAttempts}</dt>
            <dd>{money(execution.total_cost)}</dd>
          </>
        )}
      </dl>
    </div>
  );
}

function CostRow({ name, cost }: { name: string; cost: Costs }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{moneyCell(cost.transcriber)}</td>
      <td>{moneyCell(cost.llm)}</td>
      <td>{moneyCell(cost.synthesizer)}</td>
      <td>{moneyCell(cost.network + cost.platform)}</td>
      <td>{moneyCell(cost.total)}</td>
    </tr>
  );
}

function partName({ part, turn }: Turn): string {
  if (part === "waste" || part === "post_call") return words[part];
  return turn ? words.turn(turn) : words.welcome;
}

/** The sum, leg by leg. Cents come with up to nine digits; the ones that adding makes beyond them are rounded away. */
function summed(costs: Costs[]): Costs {
  const sum = (leg: keyof Costs) => Number(costs.reduce((cents, cost) => cents + Number(cost[leg]), 0).toFixed(9));
  return {
    transcriber: sum("transcriber"),
    llm: sum("llm"),
    synthesizer: sum("synthesizer"),
    network: sum("network"),
    platform: sum("platform"),
    total: sum("total"),
  };
}
