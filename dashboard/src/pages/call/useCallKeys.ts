import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { callsQuery } from "../../api/calls.ts";
import { useKeys } from "../../lib/keys.ts";
import { type CallContextValue, heardTurns } from "./context.ts";

/** Keys that walk through turns, findings and the calls of the list. */
export function useCallKeys(call: CallContextValue): void {
  const { timeline, player, openTurn, showTurn, seek, tryWhatIf } = call;
  const neighbours = useNeighbours(call.id);
  const navigate = useNavigate({ from: "/calls/$id" });
  const turns = heardTurns(timeline);
  const walkTurns = (by: number) => {
    const now = turns.findIndex(({ turn }) => turn === openTurn);
    const next = turns[now < 0 ? (by > 0 ? 0 : turns.length - 1) : now + by];
    if (next) showTurn(next.turn ?? 0, next.from_ms ?? undefined);
  };
  const walkFindings = (by: number) => {
    const { positionMs } = player;
    const next =
      by > 0
        ? timeline.findings.find(({ from_ms }) => from_ms > positionMs + 1)
        : timeline.findings.findLast(({ from_ms }) => from_ms < positionMs - 1);
    if (!next) return;
    if (next.turn === null) seek(next.from_ms);
    else showTurn(next.turn, next.from_ms);
  };
  const open = (id: string | undefined) => {
    if (id) void navigate({ to: "/calls/$id", params: { id }, search: ({ list, tab }) => ({ list, tab }) });
  };
  useKeys({
    j: () => walkTurns(1),
    k: () => walkTurns(-1),
    n: () => walkFindings(1),
    p: () => walkFindings(-1),
    w: () => !timeline.live && timeline.answered_ms !== null && tryWhatIf(openTurn ?? 0),
    "[": () => open(neighbours.newer),
    "]": () => open(neighbours.older),
  });
}

/** The calls before and after this one in the list that it was opened from. */
export function useNeighbours(id: string): { newer: string | undefined; older: string | undefined } {
  const { list } = useSearch({ from: "/shell/calls/$id" });
  const { data, hasNextPage, isFetching, fetchNextPage } = useInfiniteQuery(callsQuery(list ?? {}));
  const ids = data?.pages.flatMap(({ items }) => items.map((item) => item.id)) ?? [];
  const at = ids.indexOf(id);
  // The last call that is loaded has older ones: they are fetched before they are asked for.
  if (at >= 0 && at === ids.length - 1 && hasNextPage && !isFetching) void fetchNextPage();
  return at < 0 ? { newer: undefined, older: undefined } : { newer: ids[at - 1], older: ids[at + 1] };
}
