import { useDebouncedValue } from "@mantine/hooks";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { type AgentBody, bodyOf, validationQuery } from "../../api/agents.ts";
import { sessionQuery } from "../../api/session.ts";
import type { Variables } from "../../api/tests.ts";
import type { Agent, AgentSetting } from "../../api/types.ts";
import { isObject, type Json } from "../../lib/json.ts";
import { mayChange } from "../../lib/rights.ts";
import { settingOf, settingsOf } from "../../lib/settingText.ts";
import type { Editing } from "./context.ts";
import { changesBetween } from "./draft/changes.ts";
import { withValue } from "./draft/paths.ts";
import { asJson, placeOf, settingAt } from "./draft/places.ts";

/** The server is asked about a draft when the person pauses. */
const TYPING_MS = 300;

interface Draft {
  editing: Editing;
  /** Paths of the address that name no setting. */
  unknown: string[];
  /** Begins anew from an agent that was read. */
  begin: (agent: Agent) => void;
}

/** The draft of an agent, with the changes that the address asks for. */
export function useDraft(agent: Agent, settings: AgentSetting[], set: string[]): Draft {
  const [base, setBase] = useState(() => baseOf(agent));
  const [draft, setDraft] = useState(() => withSettings(base.body, settings, set));
  const [variables, setVariables] = useState<Variables>({});
  const [asked] = useDebouncedValue(draft, TYPING_MS);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const validation = useQuery({ ...validationQuery(agent.id, asked), enabled: mayChange(session) });
  const changes = useMemo(() => changesBetween(asJson(base.body), asJson(draft)), [base, draft]);
  const unknown = set.map((text) => settingOf(text).path).filter((path) => !settingAt(path, settings));
  const editing = useMemo<Editing>(
    () => ({
      id: agent.id,
      revision: base.revision,
      savedAt: base.savedAt,
      base: base.body,
      draft,
      changes,
      tested: changes.length ? draft : null,
      settings,
      validation: validation.data,
      isChecking: validation.isFetching || asked !== draft,
      variables,
      setVariables,
      put: (path, value) => setDraft((now) => bodyFrom(withValue(asJson(now), path, value))),
      replace: setDraft,
    }),
    [agent.id, base, draft, changes, settings, validation.data, validation.isFetching, asked, variables],
  );
  const begin = (read: Agent) => {
    const next = baseOf(read);
    setBase(next);
    setDraft(next.body);
  };
  return { editing, unknown, begin };
}

function baseOf(agent: Agent) {
  return { revision: agent.callwright.revision, savedAt: agent.updated_at, body: bodyOf(agent) };
}

/** The values of the address in a body; what names no setting is left out. */
function withSettings(body: AgentBody, settings: AgentSetting[], set: string[]): AgentBody {
  let found = body;
  for (const [path, value] of Object.entries(settingsOf(set))) {
    const setting = settingAt(path, settings);
    if (setting) found = bodyFrom(withValue(asJson(found), placeOf(setting.path, found), value as Json));
  }
  return found;
}

/** A body of JSON that has both parts, whatever was taken out of it. */
export function bodyFrom(value: Json): AgentBody {
  const { agent_config, agent_prompts } = isObject(value) ? value : {};
  return {
    agent_config: isObject(agent_config) ? agent_config : {},
    agent_prompts: isObject(agent_prompts) ? agent_prompts : {},
  };
}
