import { ActionIcon, Tooltip } from "@mantine/core";
import { useId } from "react";
import type { AgentSetting } from "../../../api/types.ts";
import { RefreshIcon } from "../../../lib/icons.tsx";
import { isSame, type Json } from "../../../lib/json.ts";
import { WithCode } from "../../../lib/WithCode.tsx";
import { strings } from "../../../strings/index.ts";
import { problemsAt, useEditing } from "../context.ts";
import { valueAt } from "../draft/paths.ts";
import { asJson, isChanged, placeOf } from "../draft/places.ts";
import { titleOf } from "../draft/sections.ts";
import { placeToEmpty } from "../draft/tools.ts";
import { Control } from "./Control.tsx";
import { isWide, kindOf, valuesShown } from "./kinds.ts";
import { ProblemNotes } from "./ProblemNotes.tsx";
import classes from "./SettingField.module.css";

const words = strings.agent;
/** Every agent needs it: there is no default to go back to. */
const REQUIRED = "agent_name";
/** The table's word for a setting that the hosted service lacks, which matters to programs only. */
const OURS = /^Our own\. /;

interface Props {
  setting: AgentSetting;
  /** The number of the task it is set in; by itself the conversation's. */
  task?: number | undefined;
  /** Where it stands, where the table does not say it: in a tool. */
  place?: string;
  /** The object that goes with its last value, where an empty one would mean something. */
  within?: string;
}

/** One setting: its name, its value or default, what it does, and what is wrong with it. */
export function SettingField({ setting, task, place, within }: Props) {
  const editing = useEditing();
  const id = useId();
  const path = place ?? placeOf(setting.path, editing.draft, task);
  const value = valueAt(asJson(editing.draft), path);
  const isUnsaved = !isSame(value, valueAt(asJson(editing.base), path));
  const { errors, warnings } = problemsAt(editing, path);
  const title = titleOf(setting.name);
  const kind = kindOf(setting, value);
  const values = valuesShown(kind, setting);
  const put = (next: Json | undefined) =>
    editing.put(next === undefined && within ? placeToEmpty(editing.draft, within, path) : path, next);
  return (
    <div
      className={classes.setting}
      data-unsaved={isUnsaved || undefined}
      data-wide={isWide(kind, setting) || undefined}
    >
      <div className={classes.name}>
        <label htmlFor={id} data-changed={isChanged(setting, value) || undefined}>
          {title}
        </label>
        <code>{setting.name}</code>
        {isChanged(setting, value) && setting.name !== REQUIRED && (
          <Tooltip label={words.default(shownDefault(setting))}>
            <ActionIcon
              variant="subtle"
              color="gray"
              size="xs"
              aria-label={words.reset(title)}
              onClick={() => put(undefined)}
            >
              <RefreshIcon size={11} />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
      <Control
        id={id}
        kind={kind}
        setting={setting}
        value={value}
        describedBy={`${id}-does`}
        isWrong={errors.length > 0}
        task={task}
        change={put}
      />
      <p id={`${id}-does`} className={classes.does}>
        {setting.kept && <b>{words.kept}</b>} <WithCode text={inForm(setting.does)} />{" "}
        {values && (
          <span>
            <WithCode text={inForm(values)} />
          </span>
        )}
      </p>
      <ProblemNotes errors={errors} warnings={warnings} />
    </div>
  );
}

/** A sentence of the table as it stands in a form, where nobody writes null. */
function inForm(sentence: string): string {
  return sentence.replace(OURS, "").replaceAll(/\bnull\b/g, words.unset);
}

function shownDefault({ default: value }: AgentSetting): string {
  if (value == null) return words.noDefault;
  if (typeof value === "boolean") return value ? words.on : words.off;
  return value === "" ? words.emptyText : typeof value === "string" ? value : JSON.stringify(value as Json);
}
