import type { AgentSearch } from "../../../search.ts";
import { SECTIONS } from "./sections.ts";

/** Where a person is, and where to they go. */
export interface Where {
  pathname: string;
  search: object;
}

/** What is not saved: how many changes, and whether a field holds what is no value yet. */
export interface Unsaved {
  changes: number;
  isBroken: boolean;
}

/** What is lost by going from one place to another. The draft outlives the views of the editor, and what is no value yet does not. */
export function lostBy(from: Where, to: Where, { changes, isBroken }: Unsaved): Unsaved {
  const isAway = from.pathname !== to.pathname;
  return { changes: isAway ? changes : 0, isBroken: isBroken && (isAway || viewOf(from) !== viewOf(to)) };
}

function viewOf({ search }: Where): string {
  const { view = "form", section = SECTIONS[0], q = "" }: AgentSearch = search;
  return view === "form" ? [view, section, q].join("\n") : view;
}

/** Whether there is anything to lose. */
export function isUnsaved({ changes, isBroken }: Unsaved): boolean {
  return changes > 0 || isBroken;
}

/** Whether there is something to save, and all of it can be. */
export function maySave({ changes, isBroken }: Unsaved): boolean {
  return changes > 0 && !isBroken;
}

/** The fields that hold what is no value yet, after one of them has changed. */
export function withBroken(fields: ReadonlySet<string>, id: string, isBroken: boolean): ReadonlySet<string> {
  if (fields.has(id) === isBroken) return fields;
  return new Set(isBroken ? [...fields, id] : [...fields].filter((one) => one !== id));
}
