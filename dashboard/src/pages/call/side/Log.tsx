import { SegmentedControl, Skeleton, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useMemo, useState } from "react";
import { entriesQuery } from "../../../api/call.ts";
import type { LogEntry } from "../../../api/types.ts";
import { ErrorNotice } from "../../../lib/ErrorNotice.tsx";
import { SearchIcon } from "../../../lib/icons.tsx";
import { strings } from "../../../strings/index.ts";
import { useCall } from "../context.ts";
import classes from "./Log.module.css";
import { LogRows } from "./LogRows.tsx";

const words = strings.log;
const KINDS = ["all", "in", "out", "facts"] as const;
type Kind = (typeof KINDS)[number];

/** Every entry of the call's log, searched, and following the position. */
export function Log() {
  const { id, attempt } = useCall();
  const entries = useQuery(entriesQuery({ id, attempt }));
  const [typed, setTyped] = useState("");
  const [kind, setKind] = useState<Kind>("all");
  const sought = useDeferredValue(typed.trim().toLowerCase());
  const lines = useMemo(() => entries.data?.map((entry) => ({ entry, text: valuesOf(entry) })) ?? [], [entries.data]);
  const shown = useMemo(() => lines.filter((line) => matches(line, sought, kind)), [lines, sought, kind]);
  return (
    <div className={classes.log}>
      <div className={classes.tools}>
        <TextInput
          size="xs"
          aria-label={words.search}
          placeholder={words.search}
          leftSection={<SearchIcon size={13} aria-hidden />}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <SegmentedControl
          size="xs"
          aria-label={words.kinds}
          data={KINDS.map((value) => ({ value, label: words[value] }))}
          value={kind}
          onChange={(value) => setKind(value as Kind)}
        />
      </div>
      {entries.isPending && <Skeleton height={240} m="sm" width="auto" />}
      {entries.isError && <ErrorNotice error={entries.error} again={() => void entries.refetch()} />}
      {entries.isSuccess && (shown.length ? <LogRows lines={shown} /> : <p className={classes.none}>{words.none}</p>)}
    </div>
  );
}

export interface Line {
  entry: LogEntry;
  /** Its values on one line. */
  text: string;
}

function valuesOf({ values }: LogEntry): string {
  return Object.entries(values)
    .map(([name, value]) =>
      name === "text" || name === "kind"
        ? `“${String(value)}”`
        : `${name}=${typeof value === "object" ? JSON.stringify(value) : value}`,
    )
    .join(" ");
}

function matches({ entry, text }: Line, sought: string, kind: Kind): boolean {
  if (kind !== "all" && entry.direction !== (kind === "facts" ? "fact" : kind)) return false;
  return !sought || `${entry.type} ${text}`.toLowerCase().includes(sought);
}
