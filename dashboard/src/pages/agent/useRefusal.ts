import { useSuspenseQuery } from "@tanstack/react-query";
import { sessionQuery } from "../../api/session.ts";
import { mayCall, mayChange } from "../../lib/rights.ts";
import { strings } from "../../strings/index.ts";

/** Says why the key that is signed in may not call with the saved agent, or with its draft. Undefined when it may. */
export function useRefusal(withDraft: boolean): string | undefined {
  const { data: session } = useSuspenseQuery(sessionQuery);
  if (!mayCall(session)) return strings.test.refused.calls;
  if (withDraft && !mayChange(session)) return strings.test.refused.drafts;
  return undefined;
}
