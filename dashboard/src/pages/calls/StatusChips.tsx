import { count } from "../../lib/format.ts";
import { strings } from "../../strings/index.ts";
import classes from "./StatusChips.module.css";

interface Props {
  /** Statuses, separated by commas. */
  chosen: string | undefined;
  byStatus: Record<string, number> | undefined;
  change: (status: string | undefined) => void;
}

/** How many calls ended how. Each count is a switch; several may be on. */
export function StatusChips({ chosen, byStatus, change }: Props) {
  const on = new Set(chosen?.split(",") ?? []);
  const names = [...new Set([...Object.keys(byStatus ?? {}), ...on])];
  const toggle = (status: string) => {
    const next = on.has(status) ? [...on].filter((one) => one !== status) : [...on, status];
    change(next.length ? next.join(",") : undefined);
  };
  return (
    <fieldset className={classes.chips}>
      <legend className="visually-hidden">{strings.calls.statusLabel}</legend>
      {names.map((status) => (
        <button
          key={status}
          type="button"
          className={`plain ${classes.chip}`}
          aria-pressed={on.has(status)}
          onClick={() => toggle(status)}
        >
          {strings.statuses[status] ?? status} <b>{count(byStatus?.[status] ?? 0)}</b>
        </button>
      ))}
    </fieldset>
  );
}
