import { Button, TextInput } from "@mantine/core";
import { useId, useState } from "react";
import { ChevronDownIcon, DeleteIcon, PlusIcon, ToolIcon } from "../../../lib/icons.tsx";
import type { JsonObject } from "../../../lib/json.ts";
import { strings } from "../../../strings/index.ts";
import { problemsAt, useBroken, useEditing } from "../context.ts";
import { valueAt } from "../draft/paths.ts";
import { asJson } from "../draft/places.ts";
import { titleOf } from "../draft/sections.ts";
import {
  definitionOf,
  nameOf,
  renamedTool,
  requestPlace,
  TOOL_KINDS,
  type ToolKind,
  toolSettingPlace,
  toolsOf,
  toolsPlace,
  whyNotName,
  withoutTool,
  withTool,
} from "../draft/tools.ts";
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
  const name = nameOf(tool);
  const shown = name || words.unnamed;
  const kind = String(tool.key ?? definitionOf(tool).key ?? "");
  const own = settings.filter(({ section, name: setting }) => section === "tool" && setting !== "name");
  const request = settings.filter(({ section, kept }) => section === "tool_params" && !kept);
  const within = requestPlace(draft, place, request);
  // The server tells what is wrong with a request by the tool's name, wherever it stands.
  const byName = `${toolsPlace(draft)}.tools_params.${name}`;
  const { errors, warnings } = problemsAt(editing, byName);
  const isElsewhere = ({ path }: { path: string }) => within !== byName || path === byName;
  // A new tool is opened at once.
  const [isOpen] = useState(!definitionOf(tool).description);
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
        <SettingField key={one.path} setting={one} place={toolSettingPlace(draft, place, one.name)} />
      ))}
      <h4 className={classes.group}>{words.params}</h4>
      {request.map((one) => (
        <SettingField key={one.path} setting={one} place={`${within}.${one.name}`} within={within} />
      ))}
      {valueAt(asJson(draft), `${within}.url`) && <ToolTry tool={tool} />}
      <div className={classes.add}>
        <Button
          variant="default"
          size="xs"
          leftSection={<DeleteIcon size={13} aria-hidden />}
          onClick={() => replace(withoutTool(draft, place))}
        >
          {words.remove(shown)}
        </Button>
        <ProblemNotes errors={errors.filter(isElsewhere)} warnings={warnings.filter(isElsewhere)} />
      </div>
    </details>
  );
}

/** The name of a tool. One that it cannot have stays in the field, and the draft keeps the one before. */
function NameField({ name, place }: { name: string; place: number }) {
  const editing = useEditing();
  const id = useId();
  const [shown, setShown] = useState({ text: name, name });
  // Another name by a removed tool or by discarding.
  if (shown.name !== name) setShown({ text: name, name });
  const why = whyNotName(editing.draft, place, shown.text);
  useBroken(why !== undefined);
  const type = (text: string) => {
    const next = renamedTool(editing.draft, place, text);
    setShown({ text, name: next === editing.draft ? name : text });
    editing.replace(next);
  };
  const { errors, warnings } = problemsAt(editing, toolSettingPlace(editing.draft, place, "name"));
  return (
    <div className={fieldClasses.setting}>
      <div className={fieldClasses.name}>
        <label htmlFor={id}>{titleOf("name")}</label>
        <code>name</code>
      </div>
      <TextInput
        id={id}
        size="xs"
        value={shown.text}
        error={why ? words.notName[why](shown.text) : errors.length > 0}
        onChange={(event) => type(event.currentTarget.value)}
        spellCheck={false}
      />
      <ProblemNotes errors={errors} warnings={warnings} />
    </div>
  );
}
