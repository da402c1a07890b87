import { SegmentedControl } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { TESTS, type Test } from "../../../search.ts";
import { strings } from "../../../strings/index.ts";
import { useEditing } from "../context.ts";
import { variablesToFill } from "../draft/variables.ts";
import { VariableFields } from "../VariableFields.tsx";
import { BrowserTest } from "./BrowserTest.tsx";
import { CallTest } from "./CallTest.tsx";
import { ChatTest } from "./ChatTest.tsx";
import classes from "./TestPanel.module.css";

const words = strings.test;

/** Talk to the draft as it stands, and see each turn with its wait and price. */
export function TestPanel() {
  const { draft, changes, variables, setVariables } = useEditing();
  const { test = "chat" } = useSearch({ from: "/shell/agents/$id" });
  const navigate = useNavigate({ from: "/agents/$id" });
  return (
    <section className={classes.panel} aria-labelledby="test-title">
      <header>
        <h2 id="test-title">{words.title}</h2>
        <span data-unsaved={changes.length > 0 || undefined}>{changes.length ? words.unsaved : words.saved}</span>
      </header>
      <SegmentedControl
        aria-label={words.kind}
        size="xs"
        fullWidth
        data={TESTS.map((value) => ({ value, label: words.kinds[value] }))}
        value={test}
        onChange={(next) =>
          void navigate({ search: (now) => ({ ...now, test: next as Test, run: undefined }), replace: true })
        }
      />
      <VariableFields names={variablesToFill(draft)} values={variables} change={setVariables} />
      {test === "chat" && <ChatTest />}
      {test === "call" && <CallTest />}
      {test === "browser" && <BrowserTest />}
    </section>
  );
}
