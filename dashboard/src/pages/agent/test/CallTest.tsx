import { Button, NativeSelect } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { callWithDraft, hangUp, type Variables } from "../../../api/tests.ts";
import { ErrorNotice } from "../../../lib/ErrorNotice.tsx";
import { strings } from "../../../strings/index.ts";
import { useEditing } from "../context.ts";
import classes from "./TestPanel.module.css";
import { TestTurns } from "./TestTurns.tsx";
import { useRun } from "./useRun.ts";

const words = strings.test.call;

/** A call of the draft to a synthetic caller. */
export function CallTest({ variables }: { variables: Variables }) {
  const { id, draft } = useEditing();
  const { run } = useSearch({ from: "/shell/agents/$id" });
  const navigate = useNavigate({ from: "/agents/$id" });
  const [persona, setPersona] = useState("demo");
  const calling = useMutation({
    mutationFn: () => callWithDraft(id, draft, persona, variables),
    onSuccess: (run) =>
      navigate({ search: (now) => ({ ...now, test: "call", run }), replace: true, resetScroll: false }),
  });
  return (
    <>
      {!run && <p className={classes.lead}>{words.lead}</p>}
      <NativeSelect
        label={words.persona}
        size="xs"
        data={Object.entries(words.personas).map(([value, label]) => ({ value, label: `${value}: ${label}` }))}
        value={persona}
        onChange={(event) => setPersona(event.currentTarget.value)}
      />
      {run && <Call key={run} run={run} />}
      {calling.isError && <ErrorNotice error={calling.error} />}
      <Button
        size="xs"
        variant={run ? "default" : "filled"}
        loading={calling.isPending}
        onClick={() => calling.mutate()}
      >
        {run ? words.again : words.start}
      </Button>
    </>
  );
}

function Call({ run }: { run: string }) {
  const { timeline, isOver, error, refetch } = useRun(run);
  const stopping = useMutation({ mutationFn: () => hangUp(run), onSettled: () => refetch() });
  return (
    <>
      <TestTurns run={run} timeline={timeline} isOver={isOver} />
      {error && <ErrorNotice error={error} again={() => void refetch()} />}
      {stopping.isError && <ErrorNotice error={stopping.error} />}
      {!isOver && (
        <Button variant="default" size="xs" loading={stopping.isPending} onClick={() => stopping.mutate()}>
          {words.hangUp}
        </Button>
      )}
    </>
  );
}
