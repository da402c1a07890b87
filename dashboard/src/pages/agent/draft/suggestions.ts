import type { AgentProvider, AgentSetting, ListedModel, ListedVoice } from "../../../api/types.ts";
import { strings } from "../../../strings/index.ts";

/** A value that is offered, and a word about it. */
export interface Suggestion {
  value: string;
  about: string;
}

/** What can be chosen from. */
export interface Catalogue {
  providers: AgentProvider[];
  voices: ListedVoice[];
  models: ListedModel[];
}

/** What kind of provider the settings of a section name. */
const KINDS: Record<string, string> = { transcriber: "transcriber", llm_agent: "model", synthesizer: "voice" };
const NAMES: ReadonlySet<string> = new Set(["provider", "model", "voice", "voice_id"]);
const words = strings.agent.suggested;

/** Whether a setting names a provider, a model or a voice. */
export function isSuggested({ section, name }: Pick<AgentSetting, "section" | "name">): boolean {
  return section in KINDS && NAMES.has(name);
}

/** What a catalogue has for a setting, of the provider that the agent names, or of all where it names none. */
export function suggestionsFor(
  { section, name }: Pick<AgentSetting, "section" | "name">,
  provider: string,
  { providers, voices, models }: Catalogue,
): Suggestion[] {
  const own = providers.filter(({ kind }) => kind === KINDS[section]);
  const isOf = (other: string) => !provider || other === provider;
  switch (name) {
    case "provider":
      return own.map((one) => ({ value: one.name, about: words.needs(one.summary, one.keys) }));
    case "model": {
      const listed = own.filter((one) => isOf(one.name)).flatMap((one) => one.models.map((value) => [value, one.name]));
      const added = models.filter((one) => one.model && isOf(one.provider)).map((one) => [one.model, one.provider]);
      return unique([...listed, ...added].map(([value, about]) => ({ value: value!, about: provider ? "" : about! })));
    }
    case "voice_id":
      return unique(
        voices.filter((one) => isOf(one.provider)).map((one) => ({ value: one.voice_id, about: aboutVoice(one) })),
      );
    case "voice":
      return unique(
        voices.filter((one) => isOf(one.provider)).map((one) => ({ value: one.name, about: one.accent ?? "" })),
      );
    default:
      return [];
  }
}

function aboutVoice({ name, accent, voice_id }: ListedVoice): string {
  return [name === voice_id ? "" : name, accent].filter(Boolean).join(", ");
}

function unique(found: Suggestion[]): Suggestion[] {
  return [...new Map(found.map((one) => [one.value, one])).values()];
}
