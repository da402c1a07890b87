import { ActionIcon, Button, SegmentedControl, Tooltip } from "@mantine/core";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useEffectEvent } from "react";
import { type AgentBody, STALE, saveAgent } from "../../api/agents.ts";
import { ApiError } from "../../api/client.ts";
import { sessionQuery } from "../../api/session.ts";
import { ErrorNotice } from "../../lib/ErrorNotice.tsx";
import { count, moment } from "../../lib/format.ts";
import { BackIcon, CallsIcon } from "../../lib/icons.tsx";
import { mayChange } from "../../lib/rights.ts";
import { VIEWS, type View } from "../../search.ts";
import { strings } from "../../strings/index.ts";
import { ConflictDialog } from "./conflict/ConflictDialog.tsx";
import { useEditing } from "./context.ts";
import { maySave } from "./draft/leaving.ts";
import classes from "./EditorHeader.module.css";
import { Problems } from "./Problems.tsx";
import { useRefusal } from "./useRefusal.ts";

const words = strings.agent;

/** Which agent, what of it is not saved yet, and saving it. */
export function EditorHeader({ name, reread }: { name: string; reread: (saved: AgentBody) => Promise<void> }) {
  const { id, revision, savedAt, draft, changes, isBroken, discard: takeBack } = useEditing();
  const { view = "form" } = useSearch({ from: "/shell/agents/$id" });
  const navigate = useNavigate({ from: "/agents/$id" });
  const { data: session } = useSuspenseQuery(sessionQuery);
  const saving = useMutation({
    mutationFn: (saved: AgentBody) => saveAgent(id, revision, saved),
    onSuccess: (_, saved) => reread(saved),
  });
  const isStale = saving.error instanceof ApiError && saving.error.status === STALE;
  const isUnsaved = changes.length > 0;
  const isAllowed = mayChange(session);
  const isReady = isAllowed && maySave({ changes: changes.length, isBroken });
  const refusedCalls = useRefusal(false);
  const discard = () => {
    takeBack();
    void navigate({ search: (now) => ({ ...now, set: undefined }), replace: true, ignoreBlocker: true });
  };
  useSaveKey(() => {
    if (isReady && !saving.isPending) saving.mutate(draft);
  });
  return (
    <>
      <header className={classes.header}>
        <Tooltip label={words.back}>
          <ActionIcon
            renderRoot={(props) => <Link to="/agents" {...props} />}
            variant="subtle"
            color="gray"
            aria-label={words.back}
          >
            <BackIcon size={18} />
          </ActionIcon>
        </Tooltip>
        <div className={classes.who}>
          <h1>{name}</h1>
          <p>
            <span>{words.revision(count(revision), moment(savedAt))}</span>
            <Link to="/calls" search={{ agent_id: id }}>
              {words.calls}
            </Link>
            <span role="status">{isUnsaved && <b>{words.unsaved(changes.length)}</b>}</span>
            <span role="status">{isBroken && <b>{words.broken}</b>}</span>
            <Problems />
            {!isAllowed && <span>{words.readOnly}</span>}
          </p>
        </div>
        <div className={classes.actions}>
          <Button
            variant="default"
            size="xs"
            disabled={refusedCalls !== undefined}
            title={refusedCalls}
            leftSection={<CallsIcon size={13} aria-hidden />}
            onClick={() => void navigate({ search: (now) => ({ ...now, dialog: "call" }), resetScroll: false })}
          >
            {words.place.title}
          </Button>
          <SegmentedControl
            aria-label={words.view}
            size="xs"
            data={VIEWS.map((value) => ({ value, label: words.views[value] }))}
            value={view}
            onChange={(next) => void navigate({ search: (now) => ({ ...now, view: next as View }) })}
          />
          <Button variant="default" size="xs" disabled={!isUnsaved && !isBroken} onClick={discard}>
            {words.discard}
          </Button>
          <Button
            size="xs"
            title={isBroken ? words.broken : words.saveTip}
            disabled={!isReady}
            loading={saving.isPending}
            onClick={() => saving.mutate(draft)}
          >
            {words.save}
          </Button>
        </div>
      </header>
      {saving.isError && !isStale && <ErrorNotice error={saving.error} />}
      {isStale && <ConflictDialog close={saving.reset} reread={reread} />}
    </>
  );
}

/** Ctrl+S saves, also while the person types. */
function useSaveKey(save: () => void): void {
  const onSave = useEffectEvent(save);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
      event.preventDefault();
      onSave();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}
