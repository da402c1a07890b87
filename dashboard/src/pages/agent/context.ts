import { createContext, useContext, useEffect, useId } from "react";
import type { AgentBody } from "../../api/agents.ts";
import type { Tested, Variables } from "../../api/tests.ts";
import type { AgentSetting, AgentValidation } from "../../api/types.ts";
import type { Json } from "../../lib/json.ts";
import type { Change } from "./draft/changes.ts";

/** What the parts of the editor share. */
export interface Editing {
  id: string;
  /** The revision that was read, and its body. */
  revision: number;
  savedAt: string;
  base: AgentBody;
  /** The body as it is edited. */
  draft: AgentBody;
  /** What differs between the two. */
  changes: Change[];
  /** Whether a field holds what is no value yet, as half a text of JSON. It is not in the draft, and nothing is saved without it. */
  isBroken: boolean;
  /** Says whether a field holds such. */
  setBroken: (id: string, isBroken: boolean) => void;
  /** What a test takes: the draft, or null while it is what is saved. */
  tested: Tested;
  settings: AgentSetting[];
  /** What the server says of the draft; undefined until it has said something. */
  validation: AgentValidation | undefined;
  isChecking: boolean;
  /** What a test, a call or a tool that is tried puts in for the variables of prompts. */
  variables: Variables;
  setVariables: (variables: Variables) => void;
  /** Changes one value. Undefined takes it out. */
  put: (path: string, value: Json | undefined) => void;
  /** Changes the whole draft. */
  replace: (body: AgentBody) => void;
  /** Takes everything back that is not saved. */
  discard: () => void;
  /** How often fields were emptied of what was no value yet. They begin anew with it. */
  discarded: number;
}

const Context = createContext<Editing | undefined>(undefined);
export const EditingProvider = Context.Provider;

/** The agent that is edited. */
export function useEditing(): Editing {
  const found = useContext(Context);
  if (!found) throw new Error("useEditing needs an EditingProvider");
  return found;
}

/** Nothing can be saved as long as a field holds what is no value yet. */
export function useBroken(isBroken: boolean): void {
  const id = useId();
  const { setBroken } = useEditing();
  useEffect(() => {
    if (!isBroken) return;
    setBroken(id, true);
    return () => setBroken(id, false);
  }, [id, isBroken, setBroken]);
}

/** What the server says about the value at a path, or about something in it. */
export function problemsAt({ validation }: Pick<Editing, "validation">, path: string) {
  const within = (one: { path: string }) =>
    one.path === path || one.path.startsWith(`${path}.`) || one.path.startsWith(`${path}[`);
  return {
    errors: validation?.errors.filter(within) ?? [],
    warnings: validation?.warnings.filter(within) ?? [],
  };
}
