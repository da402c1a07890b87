import { ActionIcon, Button } from "@mantine/core";
import type { AgentSetting } from "../../../api/types.ts";
import { DeleteIcon, PlusIcon } from "../../../lib/icons.tsx";
import { strings } from "../../../strings/index.ts";
import { useEditing } from "../context.ts";
import { kindOfTask, type TaskKind, tasksOf, withoutTask, withTask } from "../draft/tasks.ts";
import classes from "./Blocks.module.css";
import { SettingField } from "./SettingField.tsx";

const words = strings.agent.tasks;
const KINDS: TaskKind[] = ["extraction", "summarization", "webhook"];

/** What is done after a call, task by task. */
export function Tasks({ settings }: { settings: AgentSetting[] }) {
  const { draft, replace } = useEditing();
  const tasks = tasksOf(draft).map((task, place) => ({ kind: kindOfTask(task), place }));
  const after = tasks.filter(({ kind }) => kind !== "conversation");
  return (
    <>
      {after.length === 0 && <p className={classes.none}>{words.none}</p>}
      {after.map(({ kind, place }) => {
        const title = words.titles[kind] ?? kind;
        return (
          <div key={place} className={classes.block}>
            <header>
              <h3>{title}</h3>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={words.remove(title)}
                onClick={() => replace(withoutTask(draft, place))}
              >
                <DeleteIcon size={14} />
              </ActionIcon>
            </header>
            {settings
              .filter(({ name }) => name.startsWith(`${kind}_`))
              .map((one) => (
                <SettingField key={one.path} setting={one} task={place} />
              ))}
          </div>
        );
      })}
      <div className={classes.add}>
        {KINDS.map((kind) => (
          <Button
            key={kind}
            variant="default"
            size="xs"
            leftSection={<PlusIcon size={13} aria-hidden />}
            onClick={() => replace(withTask(draft, kind))}
          >
            {words.add[kind]}
          </Button>
        ))}
      </div>
    </>
  );
}
