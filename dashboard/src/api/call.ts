import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { api, dataOf, isRefusal } from "./client.ts";
import type {
  EntriesPage,
  EntriesQuery,
  Execution,
  LogEntry,
  Peaks,
  Replay,
  Scenario,
  Timeline,
  WhatIf,
} from "./types.ts";

/** How often a call that goes on is asked about. */
const LIVE_MS = 1_000;
const ENTRIES_AT_ONCE = 1_000;

/** Of the waveform. */
const PEAKS_PER_SECOND = 50;

interface Attempt {
  id: string;
  attempt?: number | undefined;
}

const asked = ({ id, attempt }: Attempt) => ({
  params: { path: { execution_id: id }, query: attempt === undefined ? {} : { attempt } },
});

/** Everything of a call on one axis; asked again while the call is not over, from before it is dialled. */
export function timelineQuery(of: Attempt, isOver: boolean) {
  return queryOptions({
    queryKey: ["timeline", of],
    queryFn: ({ signal }): Promise<Timeline> =>
      dataOf(api.GET("/v1/callwright/executions/{execution_id}/timeline", { ...asked(of), signal })),
    refetchInterval: ({ state }) => (isOver || isRefusal(state.error) ? false : LIVE_MS),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The execution as programs see it; asked again until it is complete. */
export function executionQuery(id: string) {
  return queryOptions({
    queryKey: ["execution", id],
    queryFn: ({ signal }): Promise<Execution> =>
      dataOf(api.GET("/executions/{execution_id}", { params: { path: { execution_id: id } }, signal })),
    refetchInterval: ({ state }) => (isComplete(state.data) || isRefusal(state.error) ? false : LIVE_MS),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Whether nothing of an execution changes any more. */
export function isComplete(execution: Execution | undefined): boolean {
  return execution !== undefined && Boolean(execution.callwright.completed_at || ENDED.has(execution.status));
}

const ENDED = new Set(["completed", "no-answer", "busy", "failed", "error", "canceled", "stopped", "balance-low"]);

/** Ends a call that goes on. */
export async function hangUp(id: string): Promise<void> {
  await dataOf(api.POST("/call/{execution_id}/stop", { params: { path: { execution_id: id } } }));
}

/** The loudness of both sides. */
export function peaksQuery(of: Attempt) {
  return queryOptions({
    queryKey: ["peaks", of],
    queryFn: ({ signal }): Promise<Peaks> => {
      const { params } = asked(of);
      const query = { ...params.query, per_second: PEAKS_PER_SECOND };
      return dataOf(
        api.GET("/v1/callwright/executions/{execution_id}/peaks", { params: { ...params, query }, signal }),
      );
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Asks for what the page of a call shows first. */
export async function beginCall(queries: QueryClient, of: Attempt): Promise<void> {
  void queries.prefetchQuery(executionQuery(of.id));
  await queries.prefetchQuery(timelineQuery(of, true));
  if (queries.getQueryData<Timeline>(timelineQuery(of, true).queryKey)?.recording) {
    await queries.prefetchQuery(peaksQuery(of));
  }
}

/** The whole log, in as many requests as it takes. */
export function entriesQuery(of: Attempt) {
  return queryOptions({
    queryKey: ["entries", of],
    queryFn: async ({ signal }): Promise<LogEntry[]> => {
      const found: LogEntry[] = [];
      let after: number | null = 0;
      while (after !== null) {
        const { params } = asked(of);
        const query: EntriesQuery = { ...params.query, after, limit: ENTRIES_AT_ONCE };
        const page: EntriesPage = await dataOf(
          api.GET("/v1/callwright/executions/{execution_id}/entries", { params: { ...params, query }, signal }),
        );
        found.push(...page.items);
        // Of a live call the newest entry is named, so that one can go on later: a page without any is the end.
        after = page.items.length ? page.next_after : null;
      }
      return found;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Whether today's core does what it did. */
export function replay({ id, attempt }: Attempt): Promise<Replay> {
  return dataOf(
    api.POST("/v1/callwright/executions/{execution_id}/replay", {
      params: { path: { execution_id: id } },
      body: attempt === undefined ? {} : { attempt },
    }),
  );
}

export interface WhatIfQuestion {
  fromTurn: number;
  model: "recorded" | "ask";
  settings: Record<string, unknown>;
}

/** The call again with other settings. */
export function whatIf({ id, attempt }: Attempt, { fromTurn, model, settings }: WhatIfQuestion): Promise<WhatIf> {
  return dataOf(
    api.POST("/v1/callwright/executions/{execution_id}/what-if", {
      params: { path: { execution_id: id } },
      body: { from_turn: fromTurn, model, settings, ...(attempt === undefined ? {} : { attempt }) },
    }),
  );
}

/** A scenario made from the call. */
export function scenario(of: Attempt): Promise<Scenario> {
  return dataOf(api.GET("/v1/callwright/executions/{execution_id}/scenario", asked(of)));
}
