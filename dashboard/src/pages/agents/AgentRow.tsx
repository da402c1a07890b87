import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { agentFiguresQuery } from "../../api/agents.ts";
import type { Agent, CallTotals } from "../../api/types.ts";
import { count, lasting, moment, money, NONE } from "../../lib/format.ts";
import { strings } from "../../strings/index.ts";
import { AgentActions } from "./AgentActions.tsx";
import classes from "./AgentsTable.module.css";

/** An agent of the list. The whole row opens it. */
export function AgentRow({ agent }: { agent: Agent }) {
  const figures = useQuery(agentFiguresQuery(agent.id));
  return (
    <tr>
      <td className={classes.name}>
        <Link to="/agents/$id" params={{ id: agent.id }} className={classes.link}>
          {agent.agent_name}
        </Link>
        <span>{String(agent.agent_welcome_message ?? "")}</span>
      </td>
      {figures.isPending ? (
        <td colSpan={4}>
          <Skeleton height={10} />
        </td>
      ) : (
        <Figures totals={figures.data ?? undefined} />
      )}
      <td className={classes.quiet}>{moment(agent.updated_at)}</td>
      <td className={`${classes.number} ${classes.quiet}`}>
        {strings.agents.revision(count(agent.callwright.revision))}
      </td>
      <td>
        <div className={classes.menu}>
          <AgentActions agent={agent} />
        </div>
      </td>
    </tr>
  );
}

function Figures({ totals }: { totals: CallTotals | undefined }) {
  const { calls = 0, wait_p50_ms = null, wait_p95_ms = null, with_findings = 0, cost = 0 } = totals ?? {};
  const wait = wait_p50_ms === null ? NONE : lasting(wait_p50_ms);
  return (
    <>
      <td className={classes.number}>{calls ? count(calls) : NONE}</td>
      <td className={classes.number}>
        {wait}
        {wait_p95_ms !== null && <span className={classes.quiet}> {lasting(wait_p95_ms)}</span>}
      </td>
      <td className={classes.number}>
        <span className={with_findings ? classes.bad : undefined}>{calls ? count(with_findings) : NONE}</span>
      </td>
      <td className={classes.number}>{calls ? money(cost) : NONE}</td>
    </>
  );
}
