import { TextInput } from "@mantine/core";
import type { Variables } from "../../api/tests.ts";
import { strings } from "../../strings/index.ts";
import classes from "./VariableFields.module.css";

interface Props {
  names: string[];
  values: Variables;
  change: (values: Variables) => void;
}

/** What a call puts in for the variables of its prompt and of its welcome message. */
export function VariableFields({ names, values, change }: Props) {
  if (names.length === 0) return null;
  return (
    <details className={classes.variables} open>
      <summary>{strings.agent.variablesCount(names.length)}</summary>
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
