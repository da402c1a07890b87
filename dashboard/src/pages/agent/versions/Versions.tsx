import { Button, NativeSelect, Skeleton } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type AgentBody, restoreVersion, versionQuery, versionsQuery } from "../../../api/agents.ts";
import type { AgentVersion } from "../../../api/types.ts";
import { ErrorNotice } from "../../../lib/ErrorNotice.tsx";
import { count, moment } from "../../../lib/format.ts";
import { strings } from "../../../strings/index.ts";
import { useEditing } from "../context.ts";
import { changesBetween } from "../draft/changes.ts";
import { asJson } from "../draft/places.ts";
import { ChangeTable } from "./ChangeTable.tsx";
import classes from "./Versions.module.css";

const words = strings.agent.versions;

/** What the agent was each time it was saved: look, compare, bring back. */
export function Versions({ reread }: { reread: (saved: AgentBody) => Promise<void> }) {
  const { id, revision } = useEditing();
  const { version } = useSearch({ from: "/shell/agents/$id" });
  const versions = useQuery(versionsQuery(id, revision));
  if (versions.isError) return <ErrorNotice error={versions.error} again={() => void versions.refetch()} />;
  if (versions.isPending) return <Skeleton height={320} radius="md" />;
  const kept = versions.data;
  const chosen = kept.find((one) => one.revision === version) ?? kept[0];
  if (!chosen) return <p className={classes.none}>{words.none}</p>;
  return (
    <section className={classes.columns} aria-label={words.title}>
      <ol className={classes.list}>
        {kept.map((one) => (
          <li key={one.revision}>
            <Link
              from="/agents/$id"
              to="."
              search={(now) => ({ ...now, version: one.revision })}
              className={classes.version}
              data-chosen={one === chosen || undefined}
              aria-current={one === chosen ? "true" : undefined}
              resetScroll={false}
            >
              <b>
                {strings.agents.revision(count(one.revision))}
                {one.is_current && <em>{words.current}</em>}
              </b>
              <span>{moment(one.saved_at)}</span>
              {one.saved_by && <span>{words.by(one.saved_by.name)}</span>}
            </Link>
          </li>
        ))}
      </ol>
      <Comparison chosen={chosen} previous={kept[kept.indexOf(chosen) + 1]} reread={reread} />
    </section>
  );
}

interface ComparisonProps {
  chosen: AgentVersion;
  previous: AgentVersion | undefined;
  reread: (saved: AgentBody) => Promise<void>;
}

/** What the chosen version changed, or what has changed since. */
function useCompared(chosen: AgentVersion, previous: AgentVersion | undefined, isAgainstNow: boolean) {
  const { id, base } = useEditing();
  const version = useQuery(versionQuery(id, chosen.revision));
  const before = useQuery({
    ...versionQuery(id, previous?.revision ?? 0),
    enabled: previous !== undefined && !isAgainstNow,
  });
  const [from, to] = isAgainstNow ? [version.data, base] : [before.data, version.data];
  const changes = from && to && changesBetween(asJson(from), asJson(to));
  return { changes, error: version.error ?? before.error };
}

function Comparison({ chosen, previous, reread }: ComparisonProps) {
  const { id, revision, draft, changes: unsaved } = useEditing();
  const { against } = useSearch({ from: "/shell/agents/$id" });
  const navigate = useNavigate({ from: "/agents/$id" });
  // The oldest one has nothing before it.
  const isAgainstNow = (against === "now" || !previous) && !chosen.is_current;
  const { changes, error } = useCompared(chosen, previous, isAgainstNow);
  const restoring = useMutation({
    mutationFn: (_: AgentBody) => restoreVersion(id, chosen.revision, revision),
    onSuccess: async (_, saved) => {
      await reread(saved);
      await navigate({ search: (now) => ({ ...now, version: undefined }), replace: true });
    },
  });
  return (
    <div className={classes.card}>
      <header>
        <h2>{strings.agents.revision(count(chosen.revision))}</h2>
        {!chosen.is_current && (
          <>
            <NativeSelect
              aria-label={words.compareWith}
              size="xs"
              data={[...(previous ? [{ value: "", label: words.previous }] : []), { value: "now", label: words.now }]}
              value={isAgainstNow ? "now" : ""}
              onChange={(event) => {
                const next = event.currentTarget.value === "now" ? ("now" as const) : undefined;
                void navigate({ search: (now) => ({ ...now, against: next }), replace: true });
              }}
            />
            <Button
              size="xs"
              title={unsaved.length ? words.unsavedFirst : words.restoreTip}
              disabled={unsaved.length > 0}
              loading={restoring.isPending}
              onClick={() => restoring.mutate(draft)}
            >
              {words.restore}
            </Button>
          </>
        )}
      </header>
      {(error ?? restoring.error) && <ErrorNotice error={error ?? restoring.error} />}
      {changes ? (
        <ChangeTable changes={changes} />
      ) : (
        <p className={classes.lead}>{previous || isAgainstNow ? strings.words.loading : words.first}</p>
      )}
    </div>
  );
}
