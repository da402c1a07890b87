import { Button, Modal, SegmentedControl, Skeleton } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type AgentBody, agentQuery, bodyOf, saveAgent } from "../../../api/agents.ts";
import type { Agent } from "../../../api/types.ts";
import { ErrorNotice } from "../../../lib/ErrorNotice.tsx";
import { count } from "../../../lib/format.ts";
import type { Json } from "../../../lib/json.ts";
import { strings } from "../../../strings/index.ts";
import { useEditing } from "../context.ts";
import dialog from "../Dialog.module.css";
import { type Conflict, merged, resolved } from "../draft/changes.ts";
import { asJson } from "../draft/places.ts";
import { bodyFrom } from "../useDraft.ts";
import { SettingName, Value } from "../versions/ChangeTable.tsx";
import classes from "./ConflictDialog.module.css";

const words = strings.agent.conflict;

interface Props {
  close: () => void;
  reread: (saved: AgentBody) => Promise<void>;
}

/** Somebody else saved the agent: what both changed is chosen one by one, all else is kept from either side. */
export function ConflictDialog({ close, reread }: Props) {
  const { id } = useEditing();
  const theirs = useQuery({ ...agentQuery(id), queryKey: ["agent-now", id], staleTime: 0, gcTime: 0 });
  return (
    <Modal
      opened
      onClose={close}
      title={words.title}
      size={820}
      closeButtonProps={{ "aria-label": strings.words.close }}
    >
      {theirs.isError && <ErrorNotice error={theirs.error} again={() => void theirs.refetch()} />}
      {theirs.isPending && <Skeleton height={160} />}
      {theirs.data && <Resolution theirs={theirs.data} close={close} reread={reread} again={() => theirs.refetch()} />}
    </Modal>
  );
}

function Resolution({ theirs, close, reread, again }: Props & { theirs: Agent; again: () => unknown }) {
  const { id, base, draft, revision } = useEditing();
  const [kept, setKept] = useState<ReadonlySet<string>>(new Set());
  const found = merged<Json>(asJson(base), asJson(draft), asJson(bodyOf(theirs)));
  const theirRevision = theirs.callwright.revision;
  const saving = useMutation({
    mutationFn: (_: AgentBody) => saveAgent(id, theirRevision, bodyFrom(resolved(found, kept))),
    onSuccess: async (_, saved) => {
      await reread(saved);
      close();
    },
    // It may have been saved once more in the meantime.
    onError: again,
  });
  const choose = (path: string, isMine: boolean) => {
    const next = new Set(kept);
    if (isMine) next.add(path);
    else next.delete(path);
    setKept(next);
  };
  return (
    <>
      <p className={dialog.lead}>
        {words.lead(count(revision), count(theirRevision))} {found.conflicts.length ? words.both : words.none}
      </p>
      {found.conflicts.length > 0 && <Choices conflicts={found.conflicts} kept={kept} choose={choose} />}
      <ul className={classes.rest}>
        {found.mine.length > 0 && <li>{words.keepsMine(found.mine.length)}</li>}
        {found.theirs.length > 0 && <li>{words.takesTheirs(found.theirs.length)}</li>}
      </ul>
      {saving.isError && <ErrorNotice error={saving.error} />}
      <div className={dialog.buttons}>
        <Button variant="default" size="xs" onClick={close}>
          {words.cancel}
        </Button>
        <Button size="xs" loading={saving.isPending} onClick={() => saving.mutate(draft)}>
          {words.save}
        </Button>
      </div>
    </>
  );
}

interface ChoicesProps {
  conflicts: Conflict[];
  kept: ReadonlySet<string>;
  choose: (path: string, isMine: boolean) => void;
}

function Choices({ conflicts, kept, choose }: ChoicesProps) {
  return (
    <ul className={classes.conflicts}>
      {conflicts.map(({ path, base, mine, theirs }) => (
        <li key={path}>
          <div className={classes.head}>
            <div>
              <SettingName path={path} />
            </div>
            <SegmentedControl
              aria-label={path}
              size="xs"
              data={[
                { value: "theirs", label: words.theirs },
                { value: "mine", label: words.mine },
              ]}
              value={kept.has(path) ? "mine" : "theirs"}
              onChange={(next) => choose(path, next === "mine")}
            />
          </div>
          <dl>
            <div>
              <dt>{words.base}</dt>
              <dd>
                <Value value={base} />
              </dd>
            </div>
            <div data-chosen={!kept.has(path) || undefined}>
              <dt>{words.theirs}</dt>
              <dd>
                <Value value={theirs} against={base} />
              </dd>
            </div>
            <div data-chosen={kept.has(path) || undefined}>
              <dt>{words.mine}</dt>
              <dd>
                <Value value={mine} against={base} />
              </dd>
            </div>
          </dl>
        </li>
      ))}
    </ul>
  );
}
