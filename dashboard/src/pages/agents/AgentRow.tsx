import { Link } from "@tanstack/react-router";
import type { ListedAgent } from "../../api/types.ts";
import { count, lasting, moment, money, NONE } from "../../lib/format.ts";
import { strings } from "../../strings/index.ts";
import { AgentActions } from "./AgentActions.tsx";
import classes from "./AgentsTable.module.css";

/** An agent of the list. The whole row opens it. */
export function AgentRow({ agent }: { agent: ListedAgent }) {
  const { id, name, calls_7d: calls, answered_7d: answered, wait_p50_ms: wait, findings, cost } = agent;
  return (
    <tr>
      <td className={classes.name}>
        <Link to="/agents/$id" params={{ id }} className={classes.link}>
          {name}
        </Link>
      </td>
      <td className={classes.number}>
        {calls ? count(calls) : NONE}
        {calls > 0 && <span className={classes.quiet}> · {strings.calls.totals.answered(count(answered))}</span>}
      </td>
      <td className={classes.number}>{wait === null ? NONE : lasting(wait)}</td>
      <td className={classes.number}>
        <span className={findings ? classes.findings : undefined}>{calls ? count(findings) : NONE}</span>
      </td>
      <td className={classes.number}>{calls ? money(cost) : NONE}</td>
      <td className={classes.quiet}>{moment(agent.updated_at)}</td>
      <td className={`${classes.number} ${classes.quiet}`}>{strings.agents.revision(count(agent.revision))}</td>
      <td>
        <div className={classes.menu}>
          <AgentActions agent={agent} />
        </div>
      </td>
    </tr>
  );
}
