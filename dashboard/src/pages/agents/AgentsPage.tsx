import { Button } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { agentListQuery } from "../../api/agents.ts";
import { sessionQuery } from "../../api/session.ts";
import { ErrorNotice } from "../../lib/ErrorNotice.tsx";
import { PlusIcon, UploadIcon } from "../../lib/icons.tsx";
import { mayChange } from "../../lib/rights.ts";
import { SearchField } from "../../lib/SearchField.tsx";
import { strings } from "../../strings/index.ts";
import classes from "./AgentsPage.module.css";
import { AgentsTable } from "./AgentsTable.tsx";
import { ImportDialog } from "./ImportDialog.tsx";
import { NewAgentDialog } from "./NewAgentDialog.tsx";

const words = strings.agents;

/** All agents of the account, and the ways to make another one. */
export function AgentsPage() {
  const { q = "", dialog } = useSearch({ from: "/shell/agents" });
  const navigate = useNavigate({ from: "/agents" });
  const agents = useQuery(agentListQuery);
  const may = mayChange(useSuspenseQuery(sessionQuery).data);
  const looked = q.toLowerCase();
  const found = agents.data?.filter(({ id, name }) => name.toLowerCase().includes(looked) || id.startsWith(looked));
  const show = (next: "new" | "import" | undefined) =>
    void navigate({ search: (now) => ({ ...now, dialog: next }), replace: next === undefined });
  return (
    <>
      <title>{`${words.title} · ${strings.product}`}</title>
      <header className={classes.header}>
        <h1>{words.title}</h1>
        <SearchField
          label={words.search}
          value={q}
          change={(next) => void navigate({ search: (now) => ({ ...now, q: next || undefined }), replace: true })}
        />
        {may && (
          <div className={classes.actions}>
            <Button
              variant="default"
              size="xs"
              leftSection={<UploadIcon size={13} aria-hidden />}
              onClick={() => show("import")}
            >
              {words.import}
            </Button>
            <Button size="xs" leftSection={<PlusIcon size={13} aria-hidden />} onClick={() => show("new")}>
              {words.new}
            </Button>
          </div>
        )}
      </header>
      {agents.isError ? (
        <ErrorNotice error={agents.error} again={() => void agents.refetch()} />
      ) : found?.length === 0 ? (
        <Nothing isSearched={q !== ""} create={may ? () => show("new") : undefined} />
      ) : (
        <AgentsTable agents={found} />
      )}
      <NewAgentDialog opened={dialog === "new"} close={() => show(undefined)} />
      <ImportDialog opened={dialog === "import"} close={() => show(undefined)} />
    </>
  );
}

/** An empty list says what to do next. */
function Nothing({ isSearched, create }: { isSearched: boolean; create: (() => void) | undefined }) {
  if (isSearched) {
    return (
      <div className={classes.nothing}>
        <h2>{words.noMatch}</h2>
        <Button renderRoot={(props) => <Link to="/agents" search={{}} {...props} />} variant="default">
          {words.clear}
        </Button>
      </div>
    );
  }
  return (
    <div className={classes.nothing}>
      <h2>{words.noneTitle}</h2>
      <p>{create ? words.noneLead : strings.agent.readOnly}</p>
      {create && <Button onClick={create}>{words.new}</Button>}
    </div>
  );
}
