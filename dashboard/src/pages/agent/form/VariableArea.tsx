import { Combobox, Textarea, type TextareaProps, useCombobox } from "@mantine/core";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { strings } from "../../../strings/index.ts";
import { useEditing } from "../context.ts";
import { completed, completions, nameBefore, OWN_VARIABLES, variablesToFill } from "../draft/variables.ts";
import classes from "./VariableArea.module.css";

const words = strings.agent;
/** More do not fit below a field. */
const MOST_SHOWN = 8;

interface Props extends Omit<TextareaProps, "value" | "onChange"> {
  value: string;
  change: (text: string) => void;
}

/** A text with variables: behind a `{` their names are offered. */
export function VariableArea({ value, change, ...rest }: Props) {
  const { draft, variables } = useEditing();
  const field = useRef<HTMLTextAreaElement>(null);
  const [written, setWritten] = useState<string | null>(null);
  const list = useCombobox();
  const known = [...new Set([...variablesToFill(draft), ...Object.keys(variables), ...OWN_VARIABLES])];
  const offered = written === null ? [] : completions(written, known).slice(0, MOST_SHOWN);
  const isOpen = offered.length > 0;
  const look = (area: HTMLTextAreaElement) =>
    setWritten(area.selectionStart === area.selectionEnd ? nameBefore(area.value, area.selectionStart) : null);
  const choose = (name: string) => {
    const area = field.current!;
    const next = completed(area.value, area.selectionStart, name);
    change(next.text);
    setWritten(null);
    // React moves the caret to the end when it puts in another text.
    requestAnimationFrame(() => area.setSelectionRange(next.caret, next.caret));
  };
  const follow = useEffectEvent(() => {
    if (isOpen) {
      list.openDropdown();
      list.selectFirstOption();
    } else list.closeDropdown();
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: each letter makes another list, whose first name is chosen
  useEffect(() => follow(), [written, isOpen]);
  return (
    <Combobox
      store={list}
      onOptionSubmit={choose}
      onClose={() => setWritten(null)}
      position="bottom-start"
      width={300}
      withinPortal={false}
    >
      <Combobox.Target withKeyboardNavigation={isOpen}>
        <Textarea
          {...rest}
          ref={field}
          value={value}
          autosize
          onChange={(event) => {
            change(event.currentTarget.value);
            look(event.currentTarget);
          }}
          onClick={(event) => look(event.currentTarget)}
          onBlur={() => setWritten(null)}
        />
      </Combobox.Target>
      <Combobox.Dropdown hidden={!isOpen}>
        <Combobox.Options aria-label={words.completions}>
          {offered.map((name) => (
            <Combobox.Option key={name} value={name} className={classes.option}>
              <code>{name}</code>
              <span>{words.ownVariables[name]}</span>
            </Combobox.Option>
          ))}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
