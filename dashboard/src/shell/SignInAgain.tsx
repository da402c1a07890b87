import { Modal } from "@mantine/core";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { sessionQuery } from "../api/session.ts";
import type { Session } from "../api/types.ts";
import { strings } from "../strings/index.ts";
import { SignInForm } from "./SignInForm.tsx";

const words = strings.signIn;

/** Asks for a key where the session has ended, over the page as it is. */
export function SignInAgain() {
  const queries = useQueryClient();
  const { data: session } = useSuspenseQuery(sessionQuery);
  useReturn(session);
  return (
    <Modal
      opened={session === null}
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title={words.ended}
    >
      <p>{words.endedLead}</p>
      <SignInForm enter={(entered) => queries.setQueryData(sessionQuery.queryKey, entered)} />
    </Modal>
  );
}

/** When somebody is signed in again: the same account goes on where it was, another one gets a page of its own. */
function useReturn(session: Session | null) {
  const queries = useQueryClient();
  const before = useRef(session);
  useEffect(() => {
    if (!session) return;
    if (before.current && before.current.account.id !== session.account.id) window.location.reload();
    else void queries.refetchQueries({ type: "active", predicate: ({ state }) => state.status === "error" });
    before.current = session;
  }, [queries, session]);
}
