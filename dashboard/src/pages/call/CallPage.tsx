import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useRef } from "react";
import { executionQuery, isComplete, timelineQuery } from "../../api/call.ts";
import { ApiError } from "../../api/client.ts";
import { ErrorNotice } from "../../lib/ErrorNotice.tsx";
import { strings } from "../../strings/index.ts";
import classes from "./CallPage.module.css";
import { CallView } from "./CallView.tsx";

/** One call: why was it bad, and what do I change? */
export function CallPage() {
  const { id } = useParams({ from: "/shell/calls/$id" });
  const { attempt } = useSearch({ from: "/shell/calls/$id" });
  const execution = useQuery(executionQuery(id));
  const isOver = execution.isError || isComplete(execution.data);
  const timeline = useQuery(timelineQuery({ id, attempt }, isOver || execution.isPending));
  useLastLook(isOver, execution.isSuccess, timeline.refetch);
  const error = timeline.error ?? execution.error;
  if (error instanceof ApiError && [400, 404, 422].includes(error.status)) return <NoCall />;
  if (timeline.isError) return <ErrorNotice error={error} again={() => void timeline.refetch()} />;
  if (timeline.isPending) return <Loading />;
  // Another call, or another attempt of it, is another page: position, zoom and player begin anew.
  return (
    <CallView key={`${id} ${attempt}`} id={id} attempt={attempt} timeline={timeline.data} execution={execution.data} />
  );
}

/** Recording, costs and findings come after the last word: when a call that was watched is complete, its timeline is read once more. */
function useLastLook(complete: boolean, isKnown: boolean, look: () => Promise<unknown>) {
  const wasGoing = useRef(false);
  const last = useEffectEvent(() => void look());
  useEffect(() => {
    if (complete && wasGoing.current) last();
    wasGoing.current = isKnown && !complete;
  }, [complete, isKnown]);
}

function NoCall() {
  return (
    <div className={classes.none}>
      <h1>{strings.errors.noCall}</h1>
      <p>{strings.errors.noCallLead}</p>
      <Button component={Link} to="/calls" variant="default">
        {strings.errors.toCalls}
      </Button>
    </div>
  );
}

function Loading() {
  return (
    <div className={classes.page} aria-busy>
      <Skeleton height={42} width="45%" />
      <Skeleton height={62} radius="md" />
      <Skeleton height={270} radius="md" />
      <Skeleton height={320} radius="md" />
    </div>
  );
}
