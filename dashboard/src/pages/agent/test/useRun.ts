import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { executionQuery, isComplete, timelineQuery } from "../../../api/call.ts";

/** How often a test that goes on is asked about. */
const LIVE_MS = 700;

/** An execution that is a test: its turns as they come, and what they cost when it is over. */
export function useRun(run: string) {
  const execution = useQuery(executionQuery(run));
  const isOver = isComplete(execution.data);
  const timeline = useQuery({ ...timelineQuery({ id: run }, isOver), refetchInterval: isOver ? false : LIVE_MS });
  const { refetch } = timeline;
  // What each turn cost is known when all of it is over.
  useEffect(() => {
    if (isOver) void refetch();
  }, [isOver, refetch]);
  return { timeline: timeline.data, isOver, error: timeline.error ?? execution.error, refetch };
}
