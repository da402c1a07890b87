import type { Execution, Timeline } from "../../api/types.ts";
import { phone } from "../../lib/format.ts";
import { strings } from "../../strings/index.ts";
import { CallFigures } from "./CallFigures.tsx";
import { CallHeader } from "./CallHeader.tsx";
import classes from "./CallPage.module.css";
import { CallContext } from "./context.ts";
import { Score } from "./score/Score.tsx";
import { SidePanel } from "./side/SidePanel.tsx";
import { TurnList } from "./turns/TurnList.tsx";
import { useCallKeys } from "./useCallKeys.ts";
import { useCallState } from "./useCallState.ts";
import { WhatIfDrawer } from "./what-if/WhatIfDrawer.tsx";

interface Props {
  id: string;
  attempt: number | undefined;
  timeline: Timeline;
  execution: Execution | undefined;
}

/** The page of a call whose timeline is there. */
export function CallView({ id, attempt, timeline, execution }: Props) {
  const call = useCallState(id, attempt, timeline);
  useCallKeys(call);
  const name = nameOf(execution) ?? id;
  const sounds = timeline.answered_ms !== null && !timeline.written;
  return (
    <CallContext value={call}>
      <title>{`${name} · ${strings.product}`}</title>
      <div className={classes.page}>
        <CallHeader execution={execution} name={name} />
        <CallFigures execution={execution} />
        {sounds ? <Score /> : timeline.written ? null : <p className={classes.said}>{silence(timeline, execution)}</p>}
        <div className={classes.columns}>
          <div className={classes.turns}>
            <TurnList />
          </div>
          <SidePanel execution={execution} />
        </div>
      </div>
      <WhatIfDrawer />
    </CallContext>
  );
}

/** The other side's number, or what kind of call has none; null while that is not known. */
function nameOf(execution: Execution | undefined): string | null {
  if (!execution) return null;
  const number = (execution as { user_number?: string | null }).user_number || execution.telephony_data.to_number;
  const carrier = String(execution.telephony_data.provider);
  return number ? phone(String(number)) : (strings.numberless[carrier] ?? carrier);
}

function silence(timeline: Timeline, execution: Execution | undefined): string {
  if (!timeline.live) return strings.call.unanswered;
  return execution?.status === "ringing" ? strings.call.ringing : strings.call.waiting;
}
