import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { leaveChat, openChat, writeLine } from "../../../api/tests.ts";
import { ErrorNotice } from "../../../lib/ErrorNotice.tsx";
import { strings } from "../../../strings/index.ts";
import { useEditing } from "../context.ts";
import { useRefusal } from "../useRefusal.ts";
import classes from "./TestPanel.module.css";
import { TestTurns } from "./TestTurns.tsx";
import { useRun } from "./useRun.ts";

const words = strings.test.chat;

/** A chat with the draft. */
export function ChatTest() {
  const { id, tested, variables } = useEditing();
  const { run } = useSearch({ from: "/shell/agents/$id" });
  const navigate = useNavigate({ from: "/agents/$id" });
  const refused = useRefusal(tested !== null);
  const opening = useMutation({
    mutationFn: () => openChat(id, tested, variables),
    onSuccess: ({ execution_id }) =>
      navigate({ search: (now) => ({ ...now, test: "chat", run: execution_id }), replace: true, resetScroll: false }),
  });
  return (
    <>
      {run ? (
        <Chat key={run} run={run} />
      ) : (
        <div className={classes.start}>
          <p className={classes.lead}>{words.lead}</p>
        </div>
      )}
      {opening.isError && <ErrorNotice error={opening.error} />}
      {refused && <p className={classes.lead}>{refused}</p>}
      <Button
        size="xs"
        variant={run ? "default" : "filled"}
        disabled={refused !== undefined}
        loading={opening.isPending}
        onClick={() => opening.mutate()}
      >
        {run ? words.again : words.start}
      </Button>
    </>
  );
}

function Chat({ run }: { run: string }) {
  const [line, setLine] = useState("");
  const { timeline, isOver, error, refetch } = useRun(run);
  const writing = useMutation({
    mutationFn: (text: string) => writeLine(run, text),
    onSettled: () => refetch(),
  });
  const leaving = useMutation({ mutationFn: () => leaveChat(run), onSettled: () => refetch() });
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!line.trim() || writing.isPending) return;
    writing.mutate(line.trim());
    setLine("");
  };
  return (
    <>
      <TestTurns
        run={run}
        timeline={timeline}
        isOver={isOver}
        pending={writing.isPending ? writing.variables : undefined}
      />
      {error && <ErrorNotice error={error} again={() => void refetch()} />}
      {writing.isError && <ErrorNotice error={writing.error} />}
      {!isOver && (
        <form className={classes.line} onSubmit={send}>
          <TextInput
            size="xs"
            aria-label={words.line}
            placeholder={words.line}
            value={line}
            onChange={(event) => setLine(event.currentTarget.value)}
            autoFocus
          />
          <div className={classes.buttons}>
            <Button type="submit" size="xs" disabled={!line.trim()} loading={writing.isPending}>
              {words.send}
            </Button>
            <Button variant="default" size="xs" loading={leaving.isPending} onClick={() => leaving.mutate()}>
              {words.end}
            </Button>
          </div>
        </form>
      )}
    </>
  );
}
