import { ErrorNotice } from "../../../lib/ErrorNotice.tsx";
import { TestTurns } from "./TestTurns.tsx";
import { useRun } from "./useRun.ts";

/** The turns of a test that somebody else steers. */
export function Run({ run }: { run: string }) {
  const { timeline, isOver, error, refetch } = useRun(run);
  return (
    <>
      <TestTurns run={run} timeline={timeline} isOver={isOver} />
      {error && <ErrorNotice error={error} again={() => void refetch()} />}
    </>
  );
}
