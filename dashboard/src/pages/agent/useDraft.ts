import { useDebouncedValue } from "@mantine/hooks";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { type AgentBody, bodyOf, validationQuery } from "../../api/agents.ts";
import { sessionQuery } from "../../api/session.ts";
import type { Variables } from "../../api/tests.ts";
import type { Agent, AgentSetting } from "../../api/types.ts";
import { isObject, type Json } from "../../lib/json.ts";
import { mayChange } from "../../lib/rights.ts";
import { settingOf, settingsOf } from "../../lib/settingText.ts";
import type { Editing } from "./context.ts";
import { changesBetween, withTyped } from "./draft/changes.ts";
import { withBroken } from "./draft/leaving.ts";
import { withValue } from "./draft/paths.ts";
import { asJson, placeOf, settingAt } from "./draft/places.ts";

/** The server is asked about a draft when the person pauses. */
const TYPING_MS = 300;

const NONE: ReadonlySet<string> = new Set();

interface Draft {
  editing: Editing;
  /** Paths of the address that name no setting. */
  unknown: string[];
  /** Begins anew from an agent that was read. What was typed since `saved`, the draft of that time, stays. */
  begin: (agent: Agent, saved: AgentBody) => void;
}

/** The draft of an agent, with the changes that the address asks for. */
export function useDraft(agent: Agent, settings: AgentSetting[], set: string[]): Draft {
  const [base, setBase] = useState(() => baseOf(agent));
  const [draft, setDraft] = useState(() => withSettings(base.body, settings, set));
  const [broken, setAllBroken] = useState<ReadonlySet<string>>(NONE);
  const [discarded, setDiscarded] = useState(0);
  const setBroken = useCallback((id: string, isBroken: boolean) => {
    setAllBroken((now) => withBroken(now, id, isBroken));
  }, []);
  const [variables, setVariables] = useState<Variables>({});
  const [asked] = useDebouncedValue(draft, TYPING_MS);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const validation = useQuery({ ...validationQuery(agent.id, asked), enabled: mayChange(session) });
  const changes = useMemo(() => changesBetween(asJson(base.body), asJson(draft)), [base, draft]);
  const unknown = set.map((text) => settingOf(text).path).filter((path) => !settingAt(path, settings));
  const isBroken = broken.size > 0;
  const editing = useMemo<Editing>(
    () => ({
      id: agent.id,
      revision: base.revision,
      savedAt: base.savedAt,
      base: base.body,
      draft,
      changes,
      isBroken,
      setBroken,
      tested: changes.length ? draft : null,
      settings,
      validation: validation.data,
      isChecking: validation.isFetching || asked !== draft,
      variables,
      setVariables,
      put: (path, value) => setDraft((now) => bodyFrom(withValue(asJson(now), path, value))),
      replace: setDraft,
      discard: () => {
        setDraft(base.body);
        if (isBroken) setDiscarded((now) => now + 1);
      },
      discarded,
    }),
    [
      agent.id,
      base,
      draft,
      changes,
      isBroken,
      setBroken,
      settings,
      validation.data,
      validation.isFetching,
      asked,
      variables,
      discarded,
    ],
  );
  const begin = (read: Agent, saved: AgentBody) => {
    const next = baseOf(read);
    setBase(next);
    setDraft((now) => {
      const found = withTyped<Json>(asJson(saved), asJson(now), asJson(next.body));
      return found === asJson(now) ? now : bodyFrom(found);
    });
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
