import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useEffectEvent } from "react";
import { type AgentBody, agentQuery } from "../../api/agents.ts";
import type { Agent, AgentSetting } from "../../api/types.ts";
import { strings } from "../../strings/index.ts";
import classes from "./AgentPage.module.css";
import { EditingProvider } from "./context.ts";
import { sectionAt } from "./draft/sections.ts";
import { EditorHeader } from "./EditorHeader.tsx";
import { SectionNav } from "./form/SectionNav.tsx";
import { SettingsForm } from "./form/SettingsForm.tsx";
import { JsonView } from "./json/JsonView.tsx";
import { LeaveDialog } from "./LeaveDialog.tsx";
import { PlaceCall } from "./place/PlaceCall.tsx";
import { TestPanel } from "./test/TestPanel.tsx";
import { useDraft } from "./useDraft.ts";
import { Versions } from "./versions/Versions.tsx";

const words = strings.agent;
const NOTHING: string[] = [];

/** The draft of an agent: sections on the left, its settings in the middle, a test of the draft on the right. */
export function AgentEditor({ agent, settings }: { agent: Agent; settings: AgentSetting[] }) {
  const { view = "form", section, set = NOTHING } = useSearch({ from: "/shell/agents/$id" });
  const navigate = useNavigate({ from: "/agents/$id" });
  const queries = useQueryClient();
  const { editing, unknown, begin } = useDraft(agent, settings, set);
  const reread = async (saved: AgentBody) => {
    const read = await queries.fetchQuery({ ...agentQuery(agent.id), staleTime: 0 });
    begin(read, saved);
    void queries.invalidateQueries({ queryKey: ["agents"], refetchType: "none" });
    await navigate({ search: (now) => ({ ...now, set: undefined }), replace: true, ignoreBlocker: true });
  };
  // Who came with a change sees it at once.
  const showChange = useEffectEvent(() => {
    const [first] = editing.changes;
    if (!first || section || !set.length) return;
    const changed = sectionAt(first.path, settings);
    void navigate({ search: (now) => ({ ...now, section: changed }), replace: true, ignoreBlocker: true });
  });
  useEffect(() => showChange(), []);
  const name = String(editing.draft.agent_config.agent_name ?? "");
  return (
    <EditingProvider value={editing}>
      <title>{`${name} · ${strings.product}`}</title>
      <div className={classes.page}>
        <EditorHeader name={name} reread={reread} />
        {set.length > 0 && <Applied count={set.length - unknown.length} unknown={unknown} />}
        <div className={classes.columns}>
          {view === "form" && (
            <div className={classes.form}>
              <SectionNav />
              <SettingsForm key={editing.discarded} />
            </div>
          )}
          {view === "json" && <JsonView key={editing.discarded} />}
          {view === "versions" && <Versions reread={reread} />}
          <TestPanel />
        </div>
      </div>
      <LeaveDialog />
      <PlaceCall />
    </EditingProvider>
  );
}

function Applied({ count, unknown }: { count: number; unknown: string[] }) {
  return (
    <div className={classes.applied} role="status">
      {count > 0 && <span>{words.applied(count)}</span>}
      {unknown.map((path) => (
        <span key={path}>{words.notApplied(path)}</span>
      ))}
    </div>
  );
}
