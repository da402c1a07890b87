import { Button, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { callTool } from "../../../api/tests.ts";
import type { ToolTrial } from "../../../api/types.ts";
import { ErrorNotice } from "../../../lib/ErrorNotice.tsx";
import { lasting } from "../../../lib/format.ts";
import { isObject, type JsonObject } from "../../../lib/json.ts";
import { strings } from "../../../strings/index.ts";
import { useEditing } from "../context.ts";
import { exampleArguments, nameOf } from "../draft/tools.ts";
import { useRefusal } from "../useRefusal.ts";
import controlClasses from "./Control.module.css";
import classes from "./ToolTry.module.css";

const words = strings.agent.tools;

/** Calls a tool of the draft once, with arguments that the person writes. */
export function ToolTry({ tool }: { tool: JsonObject }) {
  const { id, draft, variables } = useEditing();
  const [text, setText] = useState<string>();
  const shown = text ?? JSON.stringify(exampleArguments(tool), null, 2);
  const { values, why } = argumentsOf(shown);
  const refused = useRefusal(true);
  const trying = useMutation({
    mutationFn: () => callTool(id, draft, { tool: nameOf(tool), values }, variables),
  });
  return (
    <section className={classes.trial} aria-label={words.try}>
      <h4>{words.try}</h4>
      <p className={classes.lead}>{refused ?? words.tryLead}</p>
      <Textarea
        size="xs"
        label={words.tryArguments}
        autosize
        minRows={2}
        maxRows={12}
        value={shown}
        error={why && strings.agent.notJson(why)}
        onChange={(event) => setText(event.currentTarget.value)}
        spellCheck={false}
        classNames={{ input: controlClasses.code }}
      />
      <Button
        variant="default"
        size="xs"
        className={classes.send}
        disabled={why !== "" || refused !== undefined}
        loading={trying.isPending}
        onClick={() => trying.mutate()}
      >
        {words.trySubmit}
      </Button>
      <div aria-live="polite" className={classes.outcome}>
        {trying.isError && <ErrorNotice error={trying.error} />}
        {trying.data && <Tried found={trying.data} />}
      </div>
    </section>
  );
}

function Tried({ found: { request, http_status, ms, result, ok } }: { found: ToolTrial }) {
  const took = lasting(ms ?? 0);
  return (
    <dl className={classes.tried} data-failed={!ok || undefined}>
      <dt>{words.tried.request}</dt>
      <dd>{request ? words.tried.to(request.method, request.host) : words.tried.nothing}</dd>
      {request?.sent != null && (
        <dd>
          <pre>{JSON.stringify(request.sent, null, 2)}</pre>
        </dd>
      )}
      {request && (
        <>
          <dt>{words.tried.answer}</dt>
          <dd>{http_status === null ? words.tried.noAnswer(took) : words.tried.status(http_status, took)}</dd>
        </>
      )}
      <dt>{words.tried.told}</dt>
      <dd>
        <pre>{result}</pre>
      </dd>
    </dl>
  );
}

/** Arguments that a person wrote, and why they are none. */
function argumentsOf(text: string): { values: JsonObject; why: string } {
  try {
    const found: unknown = JSON.parse(text || "{}");
    return isObject(found) ? { values: found, why: "" } : { values: {}, why: words.tryObject };
  } catch (error) {
    return { values: {}, why: error instanceof Error ? error.message : String(error) };
  }
}
