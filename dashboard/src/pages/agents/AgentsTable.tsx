import { Button, Skeleton } from "@mantine/core";
import { useState } from "react";
import type { ListedAgent } from "../../api/types.ts";
import { strings } from "../../strings/index.ts";
import { AgentRow } from "./AgentRow.tsx";
import classes from "./AgentsTable.module.css";

const words = strings.agents.columns;
const SKELETON_ROWS = Array.from({ length: 6 }, (_, row) => row);
/** Thousands of rows take long to draw. */
const ROWS_AT_ONCE = 200;

/** One line per agent, with what its calls of seven days came to. Undefined while they are on their way. */
export function AgentsTable({ agents }: { agents: ListedAgent[] | undefined }) {
  const [most, setMost] = useState(ROWS_AT_ONCE);
  return (
    <>
      <div className={classes.frame}>
        <table className={classes.table} aria-label={strings.agents.table} aria-busy={!agents}>
          <thead>
            <tr>
              <th>{words.name}</th>
              <th className={classes.number}>{words.calls}</th>
              <th className={classes.number}>{words.wait}</th>
              <th className={classes.number}>{words.findings}</th>
              <th className={classes.number}>{words.cost}</th>
              <th>{words.updated}</th>
              <th className={classes.number}>{words.revision}</th>
              <th>
                <span className="visually-hidden">{words.actions}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {agents
              ? agents.slice(0, most).map((agent) => <AgentRow key={agent.id} agent={agent} />)
              : SKELETON_ROWS.map((row) => (
                  <tr key={row}>
                    <td colSpan={8}>
                      <Skeleton height={12} my={5} />
                    </td>
                  </tr>
                ))}
          </tbody>
        </table>
      </div>
      {agents && agents.length > most && (
        <Button variant="default" className={classes.more} onClick={() => setMost(most + ROWS_AT_ONCE)}>
          {strings.words.more}
        </Button>
      )}
    </>
  );
}
