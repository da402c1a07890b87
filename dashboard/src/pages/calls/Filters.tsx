import { Button, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { agentsQuery, type CallFilter } from "../../api/calls.ts";
import { SearchIcon } from "../../lib/icons.tsx";
import { useKeys } from "../../lib/keys.ts";
import { strings } from "../../strings/index.ts";
import classes from "./Filters.module.css";
import { MoreFilters } from "./MoreFilters.tsx";
import { StatusChips } from "./StatusChips.tsx";

const words = strings.calls;
/** A search goes out when the person pauses in typing, not with each letter. */
const TYPING_MS = 250;

interface Props {
  filter: CallFilter;
  byStatus: Record<string, number> | undefined;
}

/** What the list is narrowed to. Each choice is a change of the address. */
export function Filters({ filter, byStatus }: Props) {
  const navigate = useNavigate({ from: "/calls" });
  const agents = useQuery(agentsQuery);
  const change = (next: Partial<CallFilter>) => void navigate({ search: (now) => ({ ...now, ...next }) });
  return (
    <search className={classes.filters}>
      <div className={classes.row}>
        <Search value={filter.q ?? ""} change={(q) => change({ q: q || undefined })} />
        <Select
          aria-label={words.agentLabel}
          placeholder={words.agents}
          data={agents.data?.map(({ id, name }) => ({ value: id, label: name })) ?? []}
          value={filter.agent_id ?? null}
          onChange={(id) => change({ agent_id: id ?? undefined })}
          searchable
          clearable
          size="xs"
          w={220}
        />
        <SegmentedControl
          aria-label={words.directionLabel}
          size="xs"
          data={Object.entries(words.direction).map(([value, label]) => ({ value, label }))}
          value={filter.direction ?? "all"}
          onChange={(value) => change({ direction: value === "all" ? undefined : (value as "inbound" | "outbound") })}
        />
        <SegmentedControl
          aria-label={words.findingsLabel}
          size="xs"
          data={Object.entries(words.findings).map(([value, label]) => ({ value, label }))}
          value={filter.findings ? "with" : "all"}
          onChange={(value) => change({ findings: value === "with" ? true : undefined })}
        />
        <MoreFilters filter={filter} change={change} />
        {Object.keys(filter).length > 0 && (
          <Button variant="subtle" size="xs" onClick={() => void navigate({ search: {} })}>
            {words.clear}
          </Button>
        )}
      </div>
      <StatusChips chosen={filter.status} byStatus={byStatus} change={(status) => change({ status })} />
    </search>
  );
}

function Search({ value, change }: { value: string; change: (value: string) => void }) {
  const [typed, setTyped] = useState(value);
  const field = useRef<HTMLInputElement>(null);
  const sent = useRef(value);
  useKeys({ "/": () => field.current?.focus() });
  // The address may change without us: by going back, or by "Clear filters".
  useEffect(() => {
    if (value !== sent.current) setTyped(value);
    sent.current = value;
  }, [value]);
  useEffect(() => {
    if (typed.trim() === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = typed.trim();
      change(sent.current);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, change]);
  return (
    <TextInput
      ref={field}
      type="search"
      aria-label={words.search}
      placeholder={words.search}
      leftSection={<SearchIcon size={14} aria-hidden />}
      rightSection={<kbd className={classes.key}>/</kbd>}
      rightSectionPointerEvents="none"
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onKeyDown={(event) => event.key === "Escape" && field.current?.blur()}
      size="xs"
      w={250}
    />
  );
}
