import { ActionIcon, Autocomplete, Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { settingsQuery } from "../../../api/settings.ts";
import type { AgentSetting } from "../../../api/types.ts";
import { CloseIcon, PlusIcon } from "../../../lib/icons.tsx";
import { settingOf, textOf, tryablePath } from "../../../lib/settingText.ts";
import { WithCode } from "../../../lib/WithCode.tsx";
import { strings } from "../../../strings/index.ts";
import classes from "./WhatIfDrawer.module.css";

const words = strings.whatIf;
const MOST_SHOWN = 30;

interface Props {
  settings: string[];
  change: (settings: string[]) => void;
}

/** Paths and values of the settings that are tried, each with what it does. */
export function SettingFields({ settings, change }: Props) {
  const known = useQuery(settingsQuery);
  const byPath = useMemo(() => tryable(known.data ?? []), [known.data]);
  const shown = settings.length ? settings : [""];
  const put = (index: number, text: string) => change(shown.map((one, at) => (at === index ? text : one)));
  return (
    <>
      {shown.map((text, index) => (
        <SettingField
          // biome-ignore lint/suspicious/noArrayIndexKey: a field has no name but its place
          key={index}
          text={text}
          byPath={byPath}
          put={(next) => put(index, next)}
          remove={() => change(settings.filter((_, at) => at !== index))}
        />
      ))}
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

interface FieldProps {
  text: string;
  byPath: Map<string, AgentSetting>;
  put: (text: string) => void;
  remove: () => void;
}

function SettingField({ text, byPath, put, remove }: FieldProps) {
  const { path, value } = settingOf(text);
  const setting = byPath.get(path);
  return (
    <div className={classes.setting}>
      <Autocomplete
        aria-label={words.setting}
        placeholder={words.settingPlaceholder}
        size="xs"
        data={[...byPath.keys()]}
        limit={MOST_SHOWN}
        value={path}
        onChange={(next) => put(textOf({ path: next, value }))}
        spellCheck={false}
        classNames={{ input: classes.code, option: classes.code }}
      />
      <TextInput
        aria-label={words.value}
        placeholder={words.value}
        size="xs"
        value={value}
        onChange={(event) => put(textOf({ path, value: event.currentTarget.value }))}
        spellCheck={false}
        data-autofocus={(path !== "" && value === "") || undefined}
        classNames={{ input: classes.code }}
      />
      <ActionIcon variant="subtle" color="gray" aria-label={words.remove} onClick={remove}>
        <CloseIcon size={14} />
      </ActionIcon>
      {setting && (
        <p className={classes.does}>
          <WithCode text={`${setting.does} ${words.about(setting.values, JSON.stringify(setting.default))}`} />
        </p>
      )}
    </div>
  );
}

/** The settings that a what-if can change, by their path in it. Those that nothing acts on are left out. */
function tryable(settings: AgentSetting[]): Map<string, AgentSetting> {
  const found = settings.flatMap((setting): [string, AgentSetting][] => {
    const path = setting.kept ? null : tryablePath(setting.path);
    return path === null ? [] : [[path, setting]];
  });
  return new Map(found);
}
