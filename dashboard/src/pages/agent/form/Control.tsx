import { NativeSelect, NumberInput, Switch, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import type { AgentSetting } from "../../../api/types.ts";
import { isSame, type Json } from "../../../lib/json.ts";
import { strings } from "../../../strings/index.ts";
import { useBroken } from "../context.ts";
import { isSuggested } from "../draft/suggestions.ts";
import classes from "./Control.module.css";
import { type Kind, numberValue } from "./kinds.ts";
import { LooseControl } from "./LooseControl.tsx";
import { SuggestedText } from "./SuggestedText.tsx";
import { VariableArea } from "./VariableArea.tsx";

const words = strings.agent;

export interface ControlProps {
  id: string;
  kind: Kind;
  setting: AgentSetting;
  value: Json | undefined;
  describedBy: string;
  isWrong: boolean;
  /** The number of the task it is set in, where it is not the conversation's. */
  task: number | undefined;
  change: (value: Json | undefined) => void;
}

/** The control of a setting. The default stands in it as a placeholder while there is no value. */
export function Control(props: ControlProps) {
  switch (props.kind) {
    case "switch":
      return <SwitchControl {...props} />;
    case "tristate":
    case "choice":
      return <ChoiceControl {...props} />;
    case "number":
      return <NumberControl {...props} />;
    case "list":
      return <ListControl {...props} />;
    case "loose":
      return <LooseControl {...props} />;
    default:
      return <TextControl {...props} />;
  }
}

function aria({ id, describedBy, isWrong }: ControlProps) {
  return { id, "aria-describedby": describedBy, error: isWrong, size: "xs" as const };
}

function SwitchControl({ id, setting, value, describedBy, isWrong, change }: ControlProps) {
  return (
    <Switch
      id={id}
      size="sm"
      aria-describedby={describedBy}
      error={isWrong}
      checked={Boolean(value ?? setting.default)}
      onChange={(event) => change(event.currentTarget.checked)}
      classNames={{ root: classes.switch, track: classes.track }}
    />
  );
}

function ChoiceControl(props: ControlProps) {
  const { setting, value, kind, change } = props;
  const choices =
    kind === "tristate"
      ? [
          { value: "true", label: words.on },
          { value: "false", label: words.off },
        ]
      : (setting.choices ?? []).map((one) => ({ value: one, label: one || words.emptyText }));
  const fallback = setting.default == null ? words.automatic : words.defaultOf(String(setting.default));
  return (
    <NativeSelect
      {...aria(props)}
      // An empty choice is a value of its own: none at all has a name that no setting has.
      data={[{ value: UNSET, label: fallback }, ...choices]}
      value={value == null ? UNSET : String(value)}
      onChange={(event) => {
        const next = event.currentTarget.value;
        change(next === UNSET ? undefined : kind === "tristate" ? next === "true" : next);
      }}
    />
  );
}

const UNSET = "\u0000";

/** A number. What is none yet stays in the field, and the draft keeps the value before. */
function NumberControl(props: ControlProps) {
  const { setting, value, change, isWrong } = props;
  const [shown, setShown] = useState({ text: numberText(value), value, isBroken: false });
  // Another value by a reset or by discarding.
  if (!isSame(shown.value, value)) setShown({ text: numberText(value), value, isBroken: false });
  useBroken(shown.isBroken);
  const type = (text: number | string) => {
    const next = numberValue(text);
    const isBroken = text !== "" && next === undefined;
    setShown({ text, value: isBroken ? value : next, isBroken });
    if (!isBroken) change(next);
  };
  return (
    <NumberInput
      {...aria(props)}
      error={shown.isBroken ? words.notNumber : isWrong}
      value={shown.text}
      placeholder={setting.default == null ? words.notSet : String(setting.default)}
      onChange={type}
      // What is out of range is said, and not changed behind the person's back.
      clampBehavior="none"
      min={setting.minimum ?? undefined}
      max={setting.maximum ?? undefined}
      allowDecimal={!setting.types.includes("integer")}
      hideControls
    />
  );
}

function numberText(value: Json | undefined): number | string {
  return value == null ? "" : (value as number | string);
}

function TextControl(props: ControlProps) {
  const { kind, setting, task, value, change } = props;
  const given = {
    ...aria(props),
    value: typeof value === "string" ? value : "",
    placeholder: typeof setting.default === "string" && setting.default ? setting.default : words.notSet,
  };
  const put = (text: string) => change(text || emptied(setting));
  if (kind === "area") return <VariableArea {...given} change={put} minRows={1} maxRows={14} />;
  if (isSuggested(setting)) return <SuggestedText {...given} setting={setting} task={task} change={put} />;
  return <TextInput {...given} onChange={(event) => put(event.currentTarget.value)} spellCheck={false} />;
}

/** What an emptied field means: the default, unless that is a text, which an empty one replaces. */
function emptied(setting: AgentSetting): Json | undefined {
  return typeof setting.default === "string" && setting.default !== "" ? "" : undefined;
}

function ListControl(props: ControlProps) {
  const { value, change } = props;
  const lines = Array.isArray(value) ? value.join("\n") : "";
  return (
    <Textarea
      {...aria(props)}
      autosize
      minRows={1}
      maxRows={10}
      value={lines}
      placeholder={words.onePerLine}
      onChange={(event) => {
        const text = event.currentTarget.value;
        change(text === "" ? undefined : text.split("\n"));
      }}
    />
  );
}
