import { Autocomplete, type AutocompleteProps } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { modelsQuery, providersQuery, voicesQuery } from "../../../api/catalogue.ts";
import type { AgentSetting } from "../../../api/types.ts";
import { useEditing } from "../context.ts";
import { valueAt } from "../draft/paths.ts";
import { asJson, placeOf } from "../draft/places.ts";
import { type Suggestion, suggestionsFor } from "../draft/suggestions.ts";
import classes from "./VariableArea.module.css";

interface Props extends Omit<AutocompleteProps, "value" | "onChange" | "data"> {
  value: string;
  setting: AgentSetting;
  task: number | undefined;
  change: (text: string) => void;
}

/** A text with values to choose from. Any other may be written. */
export function SuggestedText({ value, setting, task, change, ...rest }: Props) {
  const about = new Map(useSuggestions(setting, task).map((one) => [one.value, one.about]));
  return (
    <Autocomplete
      {...rest}
      value={value}
      onChange={change}
      data={[...about.keys()]}
      // Whoever has chosen one wants to see the others, not only what is alike.
      filter={({ options, search }) =>
        about.has(search) ? options : options.filter((one) => "value" in one && isLike(one.value, search))
      }
      renderOption={({ option }) => (
        <span className={classes.option}>
          <code>{option.value}</code>
          <span>{about.get(option.value)}</span>
        </span>
      )}
      comboboxProps={{ width: 340, position: "bottom-end", withinPortal: false }}
      maxDropdownHeight={320}
      limit={MOST_SHOWN}
      // Whoever walks through the form by keyboard is not shown a list at each field.
      openOnFocus={false}
      spellCheck={false}
    />
  );
}

/** A vendor may have thousands of voices. */
const MOST_SHOWN = 200;

function isLike(value: string, search: string): boolean {
  return value.toLowerCase().includes(search.trim().toLowerCase());
}

/** Values for such a setting, as they are installed here. */
function useSuggestions(setting: AgentSetting, task: number | undefined): Suggestion[] {
  const { draft, settings } = useEditing();
  const { section, name } = setting;
  const isVoice = name === "voice" || name === "voice_id";
  const providers = useQuery({ ...providersQuery, enabled: !isVoice });
  const voices = useQuery({ ...voicesQuery, enabled: isVoice });
  const models = useQuery({ ...modelsQuery, enabled: section === "llm_agent" && name === "model" });
  const named = settings.find((one) => one.section === section && one.name === "provider");
  const provider = named && valueAt(asJson(draft), placeOf(named.path, draft, task));
  return suggestionsFor(setting, typeof provider === "string" ? provider : "", {
    providers: providers.data ?? [],
    voices: voices.data ?? [],
    models: models.data ?? [],
  });
}
