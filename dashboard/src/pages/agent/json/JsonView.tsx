import { Button } from "@mantine/core";
import { useMemo, useRef, useState } from "react";
import { isObject, type Json } from "../../../lib/json.ts";
import { SeverityIcon } from "../../../lib/SeverityIcon.tsx";
import { strings } from "../../../strings/index.ts";
import { useBroken, useEditing } from "../context.ts";
import { bodyFrom } from "../useDraft.ts";
import classes from "./JsonView.module.css";
import { lineOf, linesOf } from "./lines.ts";

const words = strings.agent.json;
const textOf = (body: unknown) => JSON.stringify(body, null, 2);

interface Note {
  line: number;
  text: string;
  severity: "bad" | "warning";
}

/** The whole draft as JSON, with the same errors at their lines. */
export function JsonView() {
  const { draft, replace, validation } = useEditing();
  const [shown, setShown] = useState({ text: textOf(draft), draft });
  const isBroken = useMemo(() => !isObject(jsonOf(shown.text)), [shown.text]);
  useBroken(isBroken);
  // Another draft by a save or by discarding. What is no JSON yet stays, and is the draft when it is.
  if (shown.draft !== draft && !isBroken) setShown({ text: textOf(draft), draft });
  const lines = useMemo(() => linesOf(shown.text), [shown.text]);
  const notes: Note[] = !isBroken
    ? [
        ...(validation?.errors ?? []).map((one) => ({ ...one, severity: "bad" as const })),
        ...(validation?.warnings ?? []).map((one) => ({ ...one, severity: "warning" as const })),
      ].map(({ path, message, severity }) => ({ line: lineOf(lines, path), text: message, severity }))
    : [{ line: lines.broken ?? 1, text: words.broken, severity: "bad" }];
  const type = (text: string) => {
    const parsed = jsonOf(text);
    if (!isObject(parsed)) {
      setShown({ text, draft });
      return;
    }
    const next = bodyFrom(parsed);
    setShown({ text, draft: next });
    replace(next);
  };
  return (
    <section className={classes.card} aria-label={words.label}>
      <Text text={shown.text} notes={notes} change={type} />
      <footer className={classes.footer} aria-live="polite">
        <ul>
          {notes.map(({ line, text, severity }) => (
            <li key={`${line} ${text}`} data-severity={severity}>
              <SeverityIcon severity={severity} size={13} /> {words.line(line, text)}
            </li>
          ))}
        </ul>
        <Button
          variant="default"
          size="compact-xs"
          disabled={isBroken}
          onClick={() => setShown({ text: textOf(draft), draft })}
        >
          {words.format}
        </Button>
      </footer>
    </section>
  );
}

/** A text area with the numbers of its lines, coloured where something is wrong. */
function Text({ text, notes, change }: { text: string; notes: Note[]; change: (text: string) => void }) {
  const gutter = useRef<HTMLOListElement>(null);
  const marks = new Map(notes.map(({ line, severity }) => [line, severity]));
  return (
    <div className={classes.text}>
      <ol ref={gutter} className={classes.gutter} aria-hidden>
        {text.split("\n").map((_, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line has no name but its number
          <li key={place} data-severity={marks.get(place + 1)}>
            {place + 1}
          </li>
        ))}
      </ol>
      <textarea
        aria-label={words.label}
        aria-invalid={notes.some(({ severity }) => severity === "bad") || undefined}
        value={text}
        onChange={(event) => change(event.currentTarget.value)}
        onScroll={(event) => gutter.current?.scrollTo({ top: event.currentTarget.scrollTop })}
        wrap="off"
        spellCheck={false}
        autoCapitalize="off"
      />
    </div>
  );
}

function jsonOf(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
