import type { CallFilter } from "./api/calls.ts";

/**
 * What stands behind the `?` of each page. It is the pages' only state: whatever a person chose survives going back, a reload and a
 * link sent to a colleague. What is not understood is dropped, so that a link from elsewhere never breaks a page.
 */
type Given = Record<string, unknown>;

export const TABS = ["findings", "money", "facts", "log"] as const;
export type Tab = (typeof TABS)[number];

export interface CallSearch {
  /** The opened turn. */
  turn?: number;
  /** Seconds since the answer. */
  t?: number;
  tab?: Tab;
  attempt?: number;
  /** The turn from which the call is tried again; there is a drawer where it is set. */
  what_if?: number;
  /** Settings of the what-if, each as `path=value`. */
  set?: string[];
  /** Who answers in the what-if; as recorded where it is missing. */
  answers?: "ask";
  /** The list that the call was opened from, whose next and previous calls are a key away. */
  list?: CallFilter;
}

export interface AgentsSearch {
  /** Words of a name. */
  q?: string;
  /** The dialog that is open. */
  dialog?: "new" | "import";
}

export const VIEWS = ["form", "json", "versions"] as const;
export type View = (typeof VIEWS)[number];
export const TESTS = ["chat", "call", "browser"] as const;
export type Test = (typeof TESTS)[number];

export interface AgentSearch {
  view?: View;
  /** The section of the form. */
  section?: string;
  /** Words of the settings that are looked for. */
  q?: string;
  /** The version that is shown, and the one it is compared with: the agent as it is now, or else the one before. */
  version?: number;
  against?: "now";
  /** Which test is open. */
  test?: Test;
  /** The execution of the test that is shown. */
  run?: string;
  /** Settings to put into the draft, each as `path=value`, as a what-if has them. They stay here until they are saved. */
  set?: string[];
  /** The dialog that is open, and the number in it. */
  dialog?: "call";
  to?: string;
}

export interface SignInSearch {
  /** Where to go afterwards. */
  to?: string;
}

/** The filter of the calls page. */
export function callsSearch(given: Given): CallFilter {
  return defined({
    q: text(given.q),
    agent_id: text(given.agent_id),
    direction: among(given.direction, ["inbound", "outbound"] as const),
    status: text(given.status),
    batch_id: text(given.batch_id),
    from: text(given.from),
    to: text(given.to),
    disposition: text(given.disposition),
    rule: text(given.rule),
    findings: given.findings === true || given.findings === "true" ? true : undefined,
    min_wait_ms: whole(given.min_wait_ms),
    min_cost: whole(given.min_cost),
    sort: among(given.sort, ["oldest", "wait", "talk", "cost"] as const),
  });
}

/** The state of the page of a call. */
export function callSearch(given: Given): CallSearch {
  const list = typeof given.list === "object" && given.list ? callsSearch(given.list as Given) : undefined;
  return defined({
    turn: whole(given.turn),
    t: number(given.t),
    tab: among(given.tab, TABS),
    attempt: whole(given.attempt) || undefined,
    what_if: whole(given.what_if),
    set: texts(given.set),
    answers: among(given.answers, ["ask"] as const),
    list,
  });
}

/** The state of the list of agents. */
export function agentsSearch(given: Given): AgentsSearch {
  return defined({ q: text(given.q), dialog: among(given.dialog, ["new", "import"] as const) });
}

/** The state of the editor of an agent. */
export function agentSearch(given: Given): AgentSearch {
  return defined({
    view: among(given.view, VIEWS),
    section: text(given.section),
    q: text(given.q),
    version: whole(given.version) || undefined,
    against: among(given.against, ["now"] as const),
    test: among(given.test, TESTS),
    run: text(given.run),
    set: texts(given.set),
    dialog: among(given.dialog, ["call"] as const),
    to: text(given.to),
  });
}

/** Where the sign-in leads: a path below these pages. A link must not lead elsewhere. */
export function signInSearch(given: Given): SignInSearch {
  const to = text(given.to);
  return to?.startsWith("/") && !to.startsWith("//") ? { to } : {};
}

function text(value: unknown): string | undefined {
  const found = typeof value === "number" ? String(value) : value;
  return typeof found === "string" && found.trim() !== "" ? found : undefined;
}

/** A list of texts; one alone counts as a list of one. */
function texts(value: unknown): string[] | undefined {
  const found = (Array.isArray(value) ? value : [value]).filter((one) => typeof one === "string" && one !== "");
  return found.length ? (found as string[]) : undefined;
}

function whole(value: unknown): number | undefined {
  const found = number(value);
  return found !== undefined && Number.isInteger(found) && found >= 0 ? found : undefined;
}

function number(value: unknown): number | undefined {
  const found = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof found === "number" && Number.isFinite(found) ? found : undefined;
}

function among<T extends string>(value: unknown, allowed: readonly T[]): T | undefined {
  return allowed.find((one) => one === value);
}

function defined<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
