import type { AgentSetting } from "../../../api/types.ts";
import { strings } from "../../../strings/index.ts";

/** The sections of the editor, in their order. */
export const SECTIONS = [
  "talk",
  "model",
  "voice",
  "recogniser",
  "turns",
  "ending",
  "voicemail",
  "keys",
  "tools",
  "after",
  "incoming",
  "connections",
  "more",
] as const;
export type Section = (typeof SECTIONS)[number];

/** What a section holds by the settings' own names; a setting that stands in none of these goes by the section of its table. */
const BY_NAME: [RegExp, Section][] = [
  [/^(agent_name|agent_welcome_message|use_llm_for_initial_message|welcome_message_delay)$/, "talk"],
  [/^(extraction_|summarization_|gpt_assistants$)/, "after"],
  [/^(voicemail)/, "voicemail"],
  [/^(dtmf_)/, "keys"],
  [/^(hangup_|call_|interruptible_|check_|trigger_|opt_out_|auto_reschedule|end_call)/, "ending"],
  [/^(inbound_|whitelist_|web_call_|disallow_|ingest_|sip_header)/, "incoming"],
  [/^(webhook_|telephony_provider|calling_guardrails)/, "connections"],
  [/^(tool_waiting_messages)/, "tools"],
];

const BY_TABLE: Record<string, Section> = {
  llm_agent: "model",
  synthesizer: "voice",
  transcriber: "recogniser",
  task_config: "turns",
};

/** These have an editor of their own: the prompts, the tasks and the tools. */
const OWN_EDITOR = /^(agent_prompts|agent_config\.tasks)$|\.task_type$|\.api_tools\./;

/** Whether a setting is a field of the form. */
export function isField(setting: AgentSetting): boolean {
  return !OWN_EDITOR.test(setting.path);
}

/** The section in which a setting stands. */
export function sectionOf({ name, section }: Pick<AgentSetting, "name" | "section">): Section {
  return BY_NAME.find(([names]) => names.test(name))?.[1] ?? BY_TABLE[section] ?? "more";
}

/** The section to open for an error at a path, whose setting may be unknown. */
export function sectionAt(path: string, settings: readonly AgentSetting[]): Section {
  const general = path.replace(/^agent_config\.tasks\[\d+\]/, "agent_config.tasks[]");
  if (general.includes(".api_tools")) return "tools";
  if (general.startsWith("agent_prompts")) return "talk";
  const setting = settings.find((one) => one.path === general || general.startsWith(`${one.path}.`));
  return setting && isField(setting) ? sectionOf(setting) : "more";
}

const ACRONYMS = /\b(dtmf|llm|url|json|id|sip|api)\b/gi;

/** A name as people read it: `incremental_delay` is "Incremental delay". */
export function titleOf(name: string): string {
  const known = strings.agent.settings[name];
  if (known) return known;
  const spaced = name.replace(/([a-z])([A-Z])/g, "$1 $2").replaceAll("_", " ");
  const lower = spaced.replace(/[A-Z]+/g, (word) => word.toLowerCase()).replace(ACRONYMS, (word) => word.toUpperCase());
  return lower.charAt(0).toUpperCase() + lower.slice(1);
}

/** The settings in which all words of a search stand. */
export function matching(settings: readonly AgentSetting[], search: string): AgentSetting[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return settings.filter((one) => {
    const text = `${one.path} ${titleOf(one.name)} ${one.does}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
