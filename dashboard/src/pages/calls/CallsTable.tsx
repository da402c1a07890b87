import { Skeleton } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { CallFilter } from "../../api/calls.ts";
import type { CallRow } from "../../api/types.ts";
import { useKeys } from "../../lib/keys.ts";
import { strings } from "../../strings/index.ts";
import classes from "./CallsTable.module.css";
import { CallsTableRow } from "./CallsTableRow.tsx";

const words = strings.calls.columns;
const SORTS = { when: ["oldest"], talk: ["talk"], wait: ["wait"], cost: ["cost"] } as const;
const SKELETON_ROWS = Array.from({ length: 12 }, (_, row) => row);

interface Props {
  /** Undefined while the first page is on its way. */
  rows: CallRow[] | undefined;
  filter: CallFilter;
}

/** One line per call. J and K walk, Enter opens. */
export function CallsTable({ rows, filter }: Props) {
  const navigate = useNavigate();
  const [at, setAt] = useState(-1);
  const last = (rows?.length ?? 0) - 1;
  const step = (by: number) => setAt((now) => Math.max(0, Math.min(last, now + by)));
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    enter: () => {
      const row = rows?.[at];
      if (row) void navigate({ to: "/calls/$id", params: { id: row.id }, search: { list: listOf(filter) } });
    },
  });
  useEffect(() => {
    document.querySelector(`[data-row="${at}"]`)?.scrollIntoView({ block: "nearest" });
  }, [at]);
  return (
    <div className={classes.frame}>
      <table className={classes.table} aria-label={strings.calls.table} aria-busy={!rows}>
        <thead>
          <tr>
            <SortHead column="when" filter={filter} />
            <th>{words.who}</th>
            <th>{words.status}</th>
            <th>{words.agent}</th>
            <SortHead column="talk" filter={filter} />
            <th className={classes.number}>{words.turns}</th>
            <SortHead column="wait" filter={filter} />
            <SortHead column="cost" filter={filter} />
            <th>{words.findings}</th>
            <th>{words.ended}</th>
          </tr>
        </thead>
        <tbody>
          {rows
            ? rows.map((row, index) => (
                <CallsTableRow key={row.id} row={row} index={index} isAt={index === at} list={listOf(filter)} />
              ))
            : SKELETON_ROWS.map((row) => <SkeletonRow key={row} />)}
        </tbody>
      </table>
    </div>
  );
}

/** A list without a filter needs no mention in the address of a call. */
function listOf(filter: CallFilter): CallFilter | undefined {
  return Object.keys(filter).length ? filter : undefined;
}

function SortHead({ column, filter }: { column: keyof typeof SORTS; filter: CallFilter }) {
  const navigate = useNavigate({ from: "/calls" });
  const [sort] = SORTS[column];
  const isOn = filter.sort === sort;
  const isNumber = column === "talk" || column === "cost";
  // The newest call first is how the list is; the others go from the largest down.
  const order = isOn ? (column === "when" ? "ascending" : "descending") : "none";
  return (
    <th className={isNumber ? classes.number : undefined} aria-sort={order}>
      <button
        type="button"
        className="plain"
        title={strings.calls.sort(words[column])}
        onClick={() => void navigate({ search: (now) => ({ ...now, sort: isOn ? undefined : sort }) })}
      >
        {words[column]}
        <span aria-hidden>{isOn ? (column === "when" ? " ↑" : " ↓") : ""}</span>
      </button>
    </th>
  );
}

function SkeletonRow() {
  return (
    <tr>
      <td colSpan={10}>
        <Skeleton height={12} my={5} />
      </td>
    </tr>
  );
}
