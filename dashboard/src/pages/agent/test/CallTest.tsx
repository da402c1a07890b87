import { Button, NativeSelect } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { hangUp } from "../../../api/call.ts";
import { callSynthetic } from "../../../api/tests.ts";
import { ErrorNotice } from "../../../lib/ErrorNotice.tsx";
import { strings } from "../../../strings/index.ts";
import { useEditing } from "../context.ts";
import { useRefusal } from "../useRefusal.ts";
import classes from "./TestPanel.module.css";
import { TestTurns } from "./TestTurns.tsx";
import { useRun } from "./useRun.ts";

const words = strings.test.call;

/** What lines do to the sound, as the server takes it. */
const LINES = [
  { value: "", label: words.lines.good },
  { value: "delay=80,jitter=100", label: words.lines.mobile },
  { value: "loss=5,jitter=100", label: words.lines.bad },
  { value: "noise=-40", label: words.lines.noisy },
  { value: "echo=-20dB/120ms", label: words.lines.echo },
];

/** A call of the draft to a synthetic caller. */
export function CallTest() {
  const { id, draft, tested, variables } = useEditing();
  const { run } = useSearch({ from: "/shell/agents/$id" });
  const navigate = useNavigate({ from: "/agents/$id" });
  const [persona, setPersona] = useState("demo");
  const [line, setLine] = useState("");
  // Only a draft is called over a line of one's choice.
  const called = line ? draft : tested;
  const refused = useRefusal(called !== null);
  const calling = useMutation({
    mutationFn: () => callSynthetic(id, called, { persona, line: line || undefined }, variables),
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
      <NativeSelect
        label={words.line}
        size="xs"
        data={LINES}
        value={line}
        onChange={(event) => setLine(event.currentTarget.value)}
      />
      {run && <Call key={run} run={run} />}
      {calling.isError && <ErrorNotice error={calling.error} />}
      {refused && <p className={classes.lead}>{refused}</p>}
      <Button
        size="xs"
        variant={run ? "default" : "filled"}
        disabled={refused !== undefined}
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
