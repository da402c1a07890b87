import { TextInput } from "@mantine/core";
import type { Variables } from "../../../api/tests.ts";
import { strings } from "../../../strings/index.ts";
import { useEditing } from "../context.ts";
import { variablesIn } from "../draft/sections.ts";
import classes from "./TestPanel.module.css";

/** Variables that the platform fills in by itself. */
const OWN = new Set([
  "agent_id",
  "execution_id",
  "call_sid",
  "from_number",
  "to_number",
  "current_date",
  "current_time",
  "timezone",
]);

interface Props {
  values: Variables;
  change: (values: Variables) => void;
}

/** What the test puts in for the variables of the prompt and of the welcome message. */
export function VariableFields({ values, change }: Props) {
  const { draft } = useEditing();
  const prompts = Object.values(draft.agent_prompts).map((one) => JSON.stringify(one));
  const names = variablesIn(...prompts, JSON.stringify(draft.agent_config.agent_welcome_message ?? "")).filter(
    (name) => !OWN.has(name),
  );
  if (names.length === 0) return null;
  return (
    <details className={classes.variables} open>
      <summary>{strings.test.variables(names.length)}</summary>
      <div className={classes.fields}>
        {names.map((name) => (
          <TextInput
            key={name}
            label={name}
            size="xs"
            value={values[name] ?? ""}
            onChange={(event) => change({ ...values, [name]: event.currentTarget.value })}
          />
        ))}
      </div>
    </details>
  );
}
