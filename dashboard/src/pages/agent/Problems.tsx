import { Popover } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { SeverityIcon } from "../../lib/SeverityIcon.tsx";
import { strings } from "../../strings/index.ts";
import { useEditing } from "./context.ts";
import { sectionAt } from "./draft/sections.ts";
import classes from "./Problems.module.css";

const words = strings.agent;

/** How many errors and warnings the draft has; a click lists them, each with a way to its section. */
export function Problems() {
  const { validation, isChecking, settings } = useEditing();
  if (!validation) return isChecking ? <span>{words.checking}</span> : null;
  const { errors, warnings } = validation;
  if (errors.length + warnings.length === 0) return <span className={classes.good}>{words.valid}</span>;
  const rows = [
    ...errors.map(({ path, message }) => ({ path, message, remedy: "", severity: "bad" as const })),
    ...warnings.map((one) => ({ ...one, severity: "warning" as const })),
  ];
  const parts = [errors.length && words.errors(errors.length), warnings.length && words.warnings(warnings.length)];
  return (
    <Popover position="bottom-start" shadow="md" width="min(28.75rem, 92vw)">
      <Popover.Target>
        <button type="button" className={`plain ${classes.open}`} data-bad={errors.length > 0 || undefined}>
          {parts.filter(Boolean).join(", ")}
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <ul className={classes.list} aria-label={words.problemsLabel}>
          {rows.map(({ path, message, remedy, severity }) => (
            <li key={`${path} ${message}`}>
              <SeverityIcon severity={severity} size={14} />
              <div>
                <p>{message}</p>
                {remedy && <p className={classes.remedy}>{remedy}</p>}
                <Link
                  from="/agents/$id"
                  to="."
                  search={(now) => ({ ...now, view: undefined, q: undefined, section: sectionAt(path, settings) })}
                >
                  {words.sections[sectionAt(path, settings)]}
                </Link>
              </div>
            </li>
          ))}
        </ul>
      </Popover.Dropdown>
    </Popover>
  );
}
