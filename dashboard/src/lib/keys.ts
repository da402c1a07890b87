import { useEffect, useRef } from "react";

/** What each key does, by `KeyboardEvent.key` in lower case. */
export type KeyActions = Record<string, (event: KeyboardEvent) => void>;

/**
 * Keys of a page. They rest while a person types, while a dialog is open, and for keys that the focused control uses itself.
 *
 * The newest actions are called without the listener being renewed.
 */
export function useKeys(actions: KeyActions): void {
  const newest = useRef(actions);
  useEffect(() => {
    newest.current = actions;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const key = event.key.toLowerCase();
      const action = newest.current[key];
      if (!action || isTaken(event, key)) return;
      event.preventDefault();
      action(event);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}

const TYPED_INTO = "input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable=true]";
const USED_BY: Record<string, string> = {
  " ": "button, a, summary, input, [role=tab], [role=radio]",
  enter: "button, a, summary, [role=tab]",
  arrowleft: "input, [role=tab], [role=radio], [role=slider]",
  arrowright: "input, [role=tab], [role=radio], [role=slider]",
};

function isTaken(event: KeyboardEvent, key: string): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return true;
  if (document.querySelector("[role=dialog][aria-modal=true]") && key !== "?") return true;
  const target = event.target as Element | null;
  if (!(target instanceof Element)) return false;
  return Boolean(target.closest(TYPED_INTO)) || Boolean(USED_BY[key] && target.closest(USED_BY[key]));
}
