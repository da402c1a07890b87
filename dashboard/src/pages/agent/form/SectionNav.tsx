import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { SearchField } from "../../../lib/SearchField.tsx";
import { strings } from "../../../strings/index.ts";
import { type Editing, useEditing } from "../context.ts";
import { SECTIONS, type Section, sectionAt } from "../draft/sections.ts";
import classes from "./SectionNav.module.css";

const words = strings.agent;

/** The sections of the form, with what is changed and wrong in each, and a search over all of them. */
export function SectionNav() {
  const { section, q = "" } = useSearch({ from: "/shell/agents/$id" });
  const navigate = useNavigate({ from: "/agents/$id" });
  const editing = useEditing();
  const marks = marksOf(editing);
  const chosen = q ? undefined : (SECTIONS.find((name) => name === section) ?? SECTIONS[0]);
  const nav = useRef<HTMLElement>(null);
  // In a narrow window the sections are one row, of which a part is seen.
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the chosen one that comes into sight
  useEffect(() => {
    nav.current?.querySelector("[data-chosen]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [chosen]);
  return (
    <div className={classes.side}>
      <SearchField
        label={words.search}
        value={q}
        change={(next) => void navigate({ search: (now) => ({ ...now, q: next || undefined }), replace: true })}
        width="100%"
      />
      <nav ref={nav} aria-label={words.sectionsLabel} className={classes.sections}>
        {SECTIONS.map((name) => (
          <Link
            key={name}
            from="/agents/$id"
            to="."
            search={(now) => ({ ...now, section: name, q: undefined })}
            className={classes.section}
            data-chosen={name === chosen || undefined}
            aria-current={name === chosen ? "true" : undefined}
            resetScroll={false}
          >
            {words.sections[name]}
            <Mark {...marks[name]} />
          </Link>
        ))}
      </nav>
    </div>
  );
}

interface Marks {
  errors: number;
  unsaved: number;
}

function Mark({ errors, unsaved }: Marks) {
  if (errors) {
    return (
      <span className={classes.mark} data-bad>
        {errors}
        <span className="visually-hidden"> {words.errors(errors)}</span>
      </span>
    );
  }
  if (!unsaved) return null;
  return (
    <span className={classes.mark}>
      <span className="visually-hidden">{words.unsaved(unsaved)}</span>
    </span>
  );
}

function marksOf({ settings, changes, validation }: Editing): Record<Section, Marks> {
  const found = Object.fromEntries(SECTIONS.map((name) => [name, { errors: 0, unsaved: 0 }])) as Record<Section, Marks>;
  for (const { path } of changes) found[sectionAt(path, settings)].unsaved += 1;
  for (const { path } of validation?.errors ?? []) found[sectionAt(path, settings)].errors += 1;
  return found;
}
