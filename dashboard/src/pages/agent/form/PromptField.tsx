import { useId } from "react";
import { count } from "../../../lib/format.ts";
import { isSame } from "../../../lib/json.ts";
import { strings } from "../../../strings/index.ts";
import { problemsAt, useEditing } from "../context.ts";
import { valueAt } from "../draft/paths.ts";
import { asJson, conversationOf, promptPlace } from "../draft/places.ts";
import { variablesIn } from "../draft/variables.ts";
import { ProblemNotes } from "./ProblemNotes.tsx";
import own from "./PromptField.module.css";
import classes from "./SettingField.module.css";
import { VariableArea } from "./VariableArea.tsx";

const words = strings.agent;

/** The prompt of the conversation, and the variables in it and in the welcome message. */
export function PromptField() {
  const editing = useEditing();
  const id = useId();
  const path = promptPlace(conversationOf(editing.draft));
  const value = valueAt(asJson(editing.draft), path);
  const text = typeof value === "string" ? value : "";
  const { errors, warnings } = problemsAt(editing, path);
  const isUnsaved = !isSame(value, valueAt(asJson(editing.base), path));
  const names = variablesIn(text, String(editing.draft.agent_config.agent_welcome_message ?? ""));
  return (
    <div className={classes.setting} data-wide data-unsaved={isUnsaved || undefined}>
      <div className={classes.name}>
        <label htmlFor={id}>{words.prompt}</label>
        <code>{path}</code>
      </div>
      <VariableArea
        id={id}
        size="sm"
        minRows={12}
        maxRows={32}
        value={text}
        error={errors.length > 0}
        aria-describedby={`${id}-does`}
        change={(next) => editing.put(path, next || undefined)}
        classNames={{ input: own.prompt }}
      />
      <p id={`${id}-does`} className={classes.does}>
        {words.promptLead} <span>{words.characters(count(text.length))}</span>
      </p>
      {names.length > 0 && (
        <div className={own.variables}>
          <b>{words.variables}</b>
          {names.map((name) => (
            <code key={name}>{`{${name}}`}</code>
          ))}
          <span>{words.variablesLead}</span>
        </div>
      )}
      <ProblemNotes errors={errors} warnings={warnings} />
    </div>
  );
}
