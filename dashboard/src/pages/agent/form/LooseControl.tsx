import { Textarea } from "@mantine/core";
import { useState } from "react";
import { isSame } from "../../../lib/json.ts";
import { strings } from "../../../strings/index.ts";
import { useBroken } from "../context.ts";
import classes from "./Control.module.css";
import type { ControlProps } from "./Control.tsx";
import { looseText, looseValue } from "./kinds.ts";

const words = strings.agent;

/** A text or JSON. What is no JSON yet stays in the field, and the draft keeps the value before. */
export function LooseControl({ id, value, setting, describedBy, isWrong, change }: ControlProps) {
  const [shown, setShown] = useState({ text: looseText(value), value, why: "" });
  // Another value by a reset, the JSON view or a restored version.
  if (!isSame(shown.value, value)) setShown({ text: looseText(value), value, why: "" });
  useBroken(shown.why !== "");
  const type = (text: string) => {
    try {
      const next = looseValue(text);
      setShown({ text, value: next, why: "" });
      change(next);
    } catch (error) {
      setShown({ text, value, why: error instanceof Error ? error.message : String(error) });
    }
  };
  return (
    <Textarea
      id={id}
      size="xs"
      aria-describedby={describedBy}
      error={shown.why ? words.notJson(shown.why) : isWrong}
      autosize
      minRows={1}
      maxRows={18}
      value={shown.text}
      placeholder={setting.default == null ? words.notSet : looseText(setting.default as never)}
      onChange={(event) => type(event.currentTarget.value)}
      spellCheck={false}
      classNames={{ input: classes.code }}
    />
  );
}
