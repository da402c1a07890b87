import { ActionIcon, Button, TextInput } from "@mantine/core";
import { CloseIcon, PlusIcon } from "../../../lib/icons.tsx";
import { strings } from "../../../strings/index.ts";
import { settingOf, textOf } from "./settings.ts";
import classes from "./WhatIfDrawer.module.css";

const words = strings.whatIf;

interface Props {
  settings: string[];
  change: (settings: string[]) => void;
}

/** Paths and values of the settings that are tried. */
export function SettingFields({ settings, change }: Props) {
  const shown = settings.length ? settings : [""];
  const put = (index: number, text: string) => change(shown.map((one, at) => (at === index ? text : one)));
  return (
    <>
      {shown.map((text, index) => {
        const { path, value } = settingOf(text);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a field has no name but its place
          <div key={index} className={classes.setting}>
            <TextInput
              aria-label={words.setting}
              placeholder={words.settingPlaceholder}
              size="xs"
              value={path}
              onChange={(event) => put(index, textOf({ path: event.currentTarget.value, value }))}
              spellCheck={false}
              classNames={{ input: classes.code }}
            />
            <TextInput
              aria-label={words.value}
              placeholder={words.value}
              size="xs"
              value={value}
              onChange={(event) => put(index, textOf({ path, value: event.currentTarget.value }))}
              spellCheck={false}
              data-autofocus={(path !== "" && value === "") || undefined}
              classNames={{ input: classes.code }}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={words.remove}
              onClick={() => change(settings.filter((_, at) => at !== index))}
            >
              <CloseIcon size={14} />
            </ActionIcon>
          </div>
        );
      })}
      <Button
        size="xs"
        variant="default"
        leftSection={<PlusIcon size={13} aria-hidden />}
        onClick={() => change([...settings, ""])}
      >
        {words.addSetting}
      </Button>
    </>
  );
}
