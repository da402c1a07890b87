import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { agentQuery } from "../../api/agents.ts";
import { ApiError } from "../../api/client.ts";
import { settingsQuery } from "../../api/settings.ts";
import { ErrorNotice } from "../../lib/ErrorNotice.tsx";
import { strings } from "../../strings/index.ts";
import { AgentEditor } from "./AgentEditor.tsx";
import classes from "./AgentPage.module.css";

const words = strings.agent;

/** One agent: change it, and talk to it beside the change. */
export function AgentPage() {
  const { id } = useParams({ from: "/shell/agents/$id" });
  // A draft begins with what is saved now, not with what was saved when the page was last open.
  const agent = useQuery({ ...agentQuery(id), gcTime: 0, staleTime: Number.POSITIVE_INFINITY });
  const settings = useQuery(settingsQuery);
  const error = agent.error ?? settings.error;
  if (error instanceof ApiError && [400, 404, 422].includes(error.status)) return <NoAgent />;
  if (error) {
    return <ErrorNotice error={error} again={() => void Promise.all([agent.refetch(), settings.refetch()])} />;
  }
  if (!agent.data || !settings.data) return <Loading />;
  return <AgentEditor key={id} agent={agent.data} settings={settings.data} />;
}

function NoAgent() {
  return (
    <div className={classes.none}>
      <h1>{words.none}</h1>
      <p>{words.noneLead}</p>
      <Button component={Link} to="/agents" variant="default">
        {words.toAgents}
      </Button>
    </div>
  );
}

function Loading() {
  return (
    <div className={classes.loading} aria-busy>
      <Skeleton height={42} width="45%" />
      <Skeleton height={480} radius="md" />
    </div>
  );
}
