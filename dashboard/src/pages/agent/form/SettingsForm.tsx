import { Button } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Fragment } from "react";
import type { AgentSetting } from "../../../api/types.ts";
import { strings } from "../../../strings/index.ts";
import { useEditing } from "../context.ts";
import { isField, matching, SECTIONS, type Section, sectionAt, sectionOf } from "../draft/sections.ts";
import { ProblemNotes } from "./ProblemNotes.tsx";
import { PromptField } from "./PromptField.tsx";
import { SettingField } from "./SettingField.tsx";
import classes from "./SettingsForm.module.css";
import { Tasks } from "./Tasks.tsx";
import { Tools } from "./Tools.tsx";

const words = strings.agent;
const BEFORE_PROMPT = "agent_welcome_message";

/** The settings of a section, or those of all sections that a search finds. */
export function SettingsForm() {
  const { settings } = useEditing();
  const { section, q } = useSearch({ from: "/shell/agents/$id" });
  const fields = settings.filter(isField);
  if (q) return <Found settings={matching(fields, q)} />;
  const chosen = SECTIONS.find((name) => name === section) ?? SECTIONS[0];
  return (
    <div className={classes.sections}>
      <FormSection section={chosen} settings={fields.filter((one) => sectionOf(one) === chosen)} />
    </div>
  );
}

function Found({ settings }: { settings: AgentSetting[] }) {
  const navigate = useNavigate({ from: "/agents/$id" });
  const bySection = Map.groupBy(settings, sectionOf);
  return (
    <div className={classes.sections}>
      <p className={classes.found} role="status">
        {settings.length ? words.found(settings.length) : words.noMatch}
        <Button
          variant="subtle"
          size="compact-xs"
          onClick={() => void navigate({ search: (now) => ({ ...now, q: undefined }) })}
        >
          {words.clear}
        </Button>
      </p>
      {SECTIONS.filter((name) => bySection.has(name)).map((name) => (
        <section key={name} className={classes.card} aria-label={words.sections[name]}>
          <h2>{words.sections[name]}</h2>
          {bySection.get(name)?.map((one) => (
            <SettingField key={one.path} setting={one} />
          ))}
        </section>
      ))}
    </div>
  );
}

/** What is wrong in places that no field of the form shows. */
function Elsewhere() {
  const { validation, settings } = useEditing();
  const isElsewhere = ({ path }: { path: string }) => sectionAt(path, settings) === "more";
  const errors = validation?.errors.filter(isElsewhere) ?? [];
  const warnings = validation?.warnings.filter(isElsewhere) ?? [];
  if (errors.length + warnings.length === 0) return null;
  return (
    <div className={classes.elsewhere}>
      <ProblemNotes errors={errors} warnings={warnings} />
    </div>
  );
}

function FormSection({ section, settings }: { section: Section; settings: AgentSetting[] }) {
  const acting = settings.filter(({ kept }) => !kept);
  const without = settings.filter(({ kept }) => kept);
  const inTasks = section === "after" ? acting.filter(({ section: table }) => table === "llm_agent") : [];
  const ownFields = acting.filter((one) => !inTasks.includes(one));
  return (
    <section key={section} className={classes.card} aria-label={words.sections[section]}>
      <h2>{words.sections[section]}</h2>
      {section === "tools" && <Tools />}
      {section === "after" && <Tasks settings={inTasks} />}
      {ownFields.map((one) => (
        <Fragment key={one.path}>
          <SettingField setting={one} />
          {one.name === BEFORE_PROMPT && <PromptField />}
        </Fragment>
      ))}
      {section === "more" && <Elsewhere />}
      {without.length > 0 && (
        <details className={classes.fold}>
          <summary>{words.withoutEffect(without.length)}</summary>
          {without.map((one) => (
            <SettingField key={one.path} setting={one} />
          ))}
        </details>
      )}
    </section>
  );
}
