import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { callsQuery, csvPath } from "../../api/calls.ts";
import { ErrorNotice } from "../../lib/ErrorNotice.tsx";
import { DownloadIcon, RefreshIcon } from "../../lib/icons.tsx";
import { strings } from "../../strings/index.ts";
import classes from "./CallsPage.module.css";
import { CallsTable } from "./CallsTable.tsx";
import { Filters } from "./Filters.tsx";
import { Totals } from "./Totals.tsx";

const words = strings.calls;

/** All calls of the account, what they come to, and a way to the ones that matter. */
export function CallsPage() {
  const filter = useSearch({ from: "/shell/calls" });
  const calls = useInfiniteQuery(callsQuery(filter));
  const pages = calls.data?.pages ?? [];
  const rows = pages.flatMap((page) => page.items);
  const totals = pages[0]?.totals ?? undefined;
  const isFiltered = Object.keys(filter).some((name) => name !== "sort");
  return (
    <>
      <title>{`${words.title} · ${strings.product}`}</title>
      <header className={classes.header}>
        <h1>{words.title}</h1>
        <Button
          variant="default"
          size="xs"
          leftSection={<RefreshIcon size={13} aria-hidden />}
          loading={calls.isFetching && !calls.isPending}
          onClick={() => void calls.refetch()}
        >
          {words.refresh}
        </Button>
        <Button
          component="a"
          href={csvPath(filter)}
          download
          variant="default"
          size="xs"
          title={words.csvTip}
          leftSection={<DownloadIcon size={13} aria-hidden />}
          className={classes.csv}
        >
          {words.csv}
        </Button>
      </header>
      {!calls.isError && <Totals totals={totals} />}
      <Filters filter={filter} byStatus={totals?.by_status} />
      {calls.isError ? (
        <ErrorNotice error={calls.error} again={() => void calls.refetch()} />
      ) : calls.isPending || rows.length > 0 ? (
        <CallsTable rows={calls.isPending ? undefined : rows} filter={filter} />
      ) : (
        <Nothing isFiltered={isFiltered} />
      )}
      {calls.hasNextPage && (
        <Button
          variant="default"
          className={classes.more}
          loading={calls.isFetchingNextPage}
          onClick={() => void calls.fetchNextPage()}
        >
          {strings.words.more}
        </Button>
      )}
    </>
  );
}

/** An empty list says what to do next. */
function Nothing({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) {
    return (
      <div className={classes.nothing}>
        <h2>{words.noMatch}</h2>
        <Button renderRoot={(props) => <Link to="/calls" search={{}} {...props} />} variant="default">
          {words.clear}
        </Button>
      </div>
    );
  }
  return (
    <div className={classes.nothing}>
      <h2>{words.noneTitle}</h2>
      <p>{words.noneLead}</p>
      <code>{words.noneCommand}</code>
      <Button renderRoot={(props) => <Link to="/agents" {...props} />}>{strings.agent.toAgents}</Button>
    </div>
  );
}
