import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, dataOf, isRefusal } from "./client.ts";
import type { CallList } from "./types.ts";

/** Which calls a list shows. It is the search of the page's URL as it is, and the query of the request. */
export interface CallFilter {
  q?: string;
  agent_id?: string;
  direction?: "inbound" | "outbound";
  status?: string;
  batch_id?: string;
  /** The first and the last day, as 2026-11-29, where the person is. */
  from?: string;
  to?: string;
  disposition?: string;
  rule?: string;
  findings?: boolean;
  min_wait_ms?: number;
  min_cost?: number;
  sort?: "oldest" | "wait" | "talk" | "cost";
}

/** The filter as the server takes it: days become moments. */
function asked({ from, to, ...rest }: CallFilter): CallFilter {
  return { ...rest, from: from && momentOf(`${from}T00:00:00`), to: to && momentOf(`${to}T23:59:59.999`) };
}

/** A time of the person's clock as a moment; undefined where a link has something else. */
function momentOf(local: string): string | undefined {
  const found = new Date(local);
  return Number.isNaN(found.getTime()) ? undefined : found.toISOString();
}

const PAGE = 50;
const FRESH_MS = 10_000;
const LIVE_MS = 3_000;

/** The calls of a filter, page after page. Only the first page has the totals. */
export function callsQuery(filter: CallFilter) {
  return infiniteQueryOptions({
    queryKey: ["calls", filter],
    queryFn: ({ pageParam, signal }): Promise<CallList> =>
      dataOf(
        api.GET("/v1/callwright/executions", {
          params: {
            query: { ...asked(filter), limit: PAGE, ...(pageParam ? { cursor: pageParam, totals: false } : {}) },
          },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page: CallList) => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
    // A call that goes on changes its row; when none does, only a person's wish reads the list again.
    refetchInterval: ({ state }) =>
      state.data?.pages.some(({ items }) => items.some(({ live }) => live)) && !isRefusal(state.error)
        ? LIVE_MS
        : false,
    staleTime: FRESH_MS,
  });
}

/** Where the calls of a filter can be downloaded as a table. */
export function csvPath(filter: CallFilter): string {
  const given = Object.entries(asked(filter)).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return `/v1/callwright/executions.csv?${query}`;
}

/** Names of all agents by id. */
export const agentsQuery = queryOptions({
  queryKey: ["agents"],
  queryFn: async ({ signal }) => {
    const agents = await dataOf(api.GET("/v2/agent/all", { signal }));
    return (agents as { id: string; agent_name: string }[]).map(({ id, agent_name }) => ({ id, name: agent_name }));
  },
  staleTime: 60_000,
});
