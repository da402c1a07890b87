import type { Execution } from "../../api/types.ts";
import { strings } from "../../strings/index.ts";

/** Says who hung up; null where nobody did. Towards programs the agent's own hanging up is called an API request. */
export function endedBy({
  callwright,
  telephony_data,
}: Pick<Execution, "callwright" | "telephony_data">): string | null {
  if (callwright.ended_by === "agent") return strings.call.theAgent;
  const by = telephony_data.hangup_by;
  return by ? (strings.call.sides[String(by)] ?? String(by)) : null;
}
