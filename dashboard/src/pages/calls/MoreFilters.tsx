import { Button, NumberInput, Popover, Select, TextInput } from "@mantine/core";
import type { CallFilter } from "../../api/calls.ts";
import { FilterIcon } from "../../lib/icons.tsx";
import { strings } from "../../strings/index.ts";
import classes from "./MoreFilters.module.css";

const words = strings.calls;
const NAMES = ["from", "to", "batch_id", "disposition", "rule", "min_wait_ms", "min_cost"] as const;

interface Props {
  filter: CallFilter;
  change: (next: Partial<CallFilter>) => void;
}

/** The filters that are needed less often. */
export function MoreFilters({ filter, change }: Props) {
  const on = NAMES.filter((name) => filter[name] !== undefined).length;
  const text = (name: "batch_id" | "disposition", label: string) => (
    <TextInput
      label={label}
      size="xs"
      defaultValue={filter[name] ?? ""}
      onBlur={(event) => change({ [name]: event.currentTarget.value.trim() || undefined })}
    />
  );
  const day = (name: "from" | "to", label: string) => (
    <TextInput
      type="date"
      label={label}
      size="xs"
      value={filter[name] ?? ""}
      onChange={(event) => change({ [name]: event.currentTarget.value || undefined })}
    />
  );
  const least = (name: "min_wait_ms" | "min_cost", label: string) => (
    <NumberInput
      label={label}
      size="xs"
      min={0}
      allowDecimal={false}
      allowNegative={false}
      defaultValue={filter[name] ?? ""}
      onBlur={(event) => change({ [name]: event.currentTarget.value ? Number(event.currentTarget.value) : undefined })}
    />
  );
  return (
    <Popover position="bottom-start" shadow="md" width="min(26.5rem, 92vw)" trapFocus>
      <Popover.Target>
        <Button variant="default" size="xs" leftSection={<FilterIcon size={13} aria-hidden />}>
          {on ? words.moreCount(on) : words.more}
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={classes.fields}>
        {day("from", words.from)}
        {day("to", words.to)}
        {least("min_wait_ms", words.minWait)}
        {least("min_cost", words.minCost)}
        <Select
          label={words.rule}
          size="xs"
          data={Object.entries(strings.rules).map(([value, label]) => ({ value, label }))}
          value={filter.rule ?? null}
          onChange={(rule) => change({ rule: rule ?? undefined })}
          searchable
          clearable
          comboboxProps={{ withinPortal: false }}
        />
        {text("disposition", words.disposition)}
        {text("batch_id", words.batch)}
      </Popover.Dropdown>
    </Popover>
  );
}
