import { Button, TextInput } from "@mantine/core";
import { useId, useState } from "react";
import type { AgentSetting } from "../../../api/types.ts";
import { ChevronDownIcon, DeleteIcon, PlusIcon, ToolIcon } from "../../../lib/icons.tsx";
import type { JsonObject } from "../../../lib/json.ts";
import { strings } from "../../../strings/index.ts";
import { problemsAt, useEditing } from "../context.ts";
import { valueAt } from "../draft/paths.ts";
import { asJson, conversationOf } from "../draft/places.ts";
import { titleOf } from "../draft/sections.ts";
import { renamedTool, TOOL_KINDS, type ToolKind, toolsOf, toolsPlace, withoutTool, withTool } from "../draft/tools.ts";
import classes from "./Blocks.module.css";
import { ProblemNotes } from "./ProblemNotes.tsx";
import fieldClasses from "./SettingField.module.css";
import { SettingField } from "./SettingField.tsx";
import { ToolTry } from "./ToolTry.tsx";

const words = strings.agent.tools;

/** What the model can call, tool by tool, each with its arguments and its request. */
export function Tools() {
  const editing = useEditing();
  const tools = toolsOf(editing.draft);
  if (!tools) return <p className={classes.none}>{words.asText}</p>;
  const place = toolsPlace(editing.draft);
  const { errors, warnings } = problemsAt(editing, place);
  const ofNoTool = <T extends { path: string }>(found: T[]) =>
    found.filter(({ path }) => !/tools\[|tools_params\./.test(path));
  return (
    <>
      {tools.length === 0 && <p className={classes.none}>{words.none}</p>}
      {tools.map((tool, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a name changes while it is typed
        <Tool key={at} tool={tool} place={at} />
      ))}
      <div className={classes.add}>
        {TOOL_KINDS.map((kind) => (
          <Button
            key={kind}
            variant="default"
            size="xs"
            leftSection={<PlusIcon size={13} aria-hidden />}
            onClick={() => editing.replace(withTool(editing.draft, kind))}
          >
            {words.kinds[kind]}
          </Button>
        ))}
        <ProblemNotes errors={ofNoTool(errors)} warnings={ofNoTool(warnings)} />
      </div>
    </>
  );
}

function Tool({ tool, place }: { tool: JsonObject; place: number }) {
  const editing = useEditing();
  const { draft, settings, replace } = editing;
  const name = String(tool.name ?? "");
  const shown = name || words.unnamed;
  const kind = String(tool.key ?? "");
  const task = conversationOf(draft);
  const placeIn = ({ path }: AgentSetting) =>
    path.replace("tasks[]", `tasks[${task}]`).replace("tools[]", `tools[${place}]`).replace("{name}", name);
  const own = settings.filter(({ section, name: setting }) => section === "tool" && setting !== "name");
  const request = settings.filter(({ section, kept }) => section === "tool_params" && !kept);
  // A new tool is opened at once.
  const [isOpen] = useState(!tool.description);
  return (
    <details className={classes.block} open={isOpen}>
      <summary>
        <ToolIcon size={14} aria-hidden />
        <h3>{shown}</h3>
        <span>{words.kinds[kind as ToolKind] ?? kind}</span>
        <ChevronDownIcon size={14} aria-hidden className={classes.chevron} />
      </summary>
      <NameField name={name} place={place} />
      {own.map((one) => (
        <SettingField key={one.path} setting={one} place={placeIn(one)} />
      ))}
      <h4 className={classes.group}>{words.params}</h4>
      {request.map((one) => (
        <SettingField key={one.path} setting={one} place={placeIn(one)} />
      ))}
      {valueAt(asJson(draft), `${toolsPlace(draft)}.tools_params.${name}.url`) && <ToolTry tool={tool} />}
      <div className={classes.add}>
        <Button
          variant="default"
          size="xs"
          leftSection={<DeleteIcon size={13} aria-hidden />}
          onClick={() => replace(withoutTool(draft, place))}
        >
          {words.remove(shown)}
        </Button>
      </div>
    </details>
  );
}

function NameField({ name, place }: { name: string; place: number }) {
  const editing = useEditing();
  const id = useId();
  const { errors, warnings } = problemsAt(editing, `${toolsPlace(editing.draft)}.tools[${place}].name`);
  return (
    <div className={fieldClasses.setting}>
      <div className={fieldClasses.name}>
        <label htmlFor={id}>{titleOf("name")}</label>
        <code>name</code>
      </div>
      <TextInput
        id={id}
        size="xs"
        value={name}
        error={errors.length > 0}
        onChange={(event) => editing.replace(renamedTool(editing.draft, place, event.currentTarget.value))}
        spellCheck={false}
      />
      <ProblemNotes errors={errors} warnings={warnings} />
    </div>
  );
}
