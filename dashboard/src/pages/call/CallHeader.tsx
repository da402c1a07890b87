import { ActionIcon, Button, NativeSelect, Tooltip } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { agentsQuery } from "../../api/calls.ts";
import { sessionQuery } from "../../api/session.ts";
import type { Execution } from "../../api/types.ts";
import { CallStatus } from "../../lib/CallStatus.tsx";
import { moment } from "../../lib/format.ts";
import { BackIcon, WhatIfIcon } from "../../lib/icons.tsx";
import { mayCall } from "../../lib/rights.ts";
import { strings } from "../../strings/index.ts";
import { attemptsOf } from "./attempts.ts";
import classes from "./CallHeader.module.css";
import { CallMenu } from "./CallMenu.tsx";
import { useCall } from "./context.ts";
import { endedBy } from "./endedBy.ts";
import { HangUp } from "./HangUp.tsx";
import { MakeTest } from "./MakeTest.tsx";
import { noPhone, replacedRows } from "./side/Facts.tsx";

const words = strings.call;

/** Who was called by whom, how it ended, and what can be done with the call. */
export function CallHeader({ execution, name }: { execution: Execution | undefined; name: string }) {
  const { timeline, openTurn, tryWhatIf } = useCall();
  const { list } = useSearch({ from: "/shell/calls/$id" });
  const { data: session } = useSuspenseQuery(sessionQuery);
  return (
    <header className={classes.header}>
      <Tooltip label={words.back}>
        <ActionIcon
          renderRoot={(props) => <Link to="/calls" search={list ?? {}} {...props} />}
          variant="subtle"
          color="gray"
          aria-label={words.back}
        >
          <BackIcon size={18} />
        </ActionIcon>
      </Tooltip>
      <div className={classes.who}>
        <h1>
          {name}
          {execution && <CallStatus status={execution.status} />}
          {timeline.live && <span className={classes.live}>{words.live}</span>}
        </h1>
        {execution && <Line execution={execution} />}
      </div>
      <Attempts execution={execution} />
      {timeline.live && mayCall(session) && <HangUp />}
      {!timeline.live && timeline.answered_ms !== null && (
        <div className={classes.actions}>
          <Button
            variant="default"
            size="xs"
            leftSection={<WhatIfIcon size={14} aria-hidden />}
            onClick={() => tryWhatIf(openTurn ?? 0)}
          >
            {words.whatIf}
          </Button>
          <MakeTest />
          <CallMenu />
        </div>
      )}
    </header>
  );
}

function Line({ execution }: { execution: Execution }) {
  const agents = useQuery(agentsQuery);
  const name = agents.data?.find(({ id }) => id === execution.agent_id)?.name ?? execution.agent_id;
  const { call_type, hangup_reason } = execution.telephony_data as Record<string, string | null>;
  const by = endedBy(execution);
  // Whoever waits for a phone to ring must see that a synthetic caller was called, or that another model answered.
  const replaced = [...new Set(replacedRows(execution).map(([part]) => part))].join(", ");
  const notes = [noPhone(execution) && words.noPhone, replaced && words.replaced(replaced)].filter(Boolean).join("; ");
  return (
    <p>
      <span>
        {call_type === "inbound" ? words.called : words.calledBy}{" "}
        <Link to="/agents/$id" params={{ id: execution.agent_id }}>
          {name}
        </Link>
      </span>
      <span>{moment(execution.created_at)}</span>
      {by && <span>{words.endedBy(by, hangup_reason ?? "")}</span>}
      {notes && (
        <Link from="/calls/$id" search={(now) => ({ ...now, tab: "facts" })} resetScroll={false}>
          {notes}
        </Link>
      )}
    </p>
  );
}

/** Which attempt of a call that was retried. */
function Attempts({ execution }: { execution: Execution | undefined }) {
  const { timeline } = useCall();
  const navigate = useNavigate({ from: "/calls/$id" });
  const attempts = attemptsOf(execution);
  if (attempts.length < 2) return null;
  return (
    <NativeSelect
      aria-label={strings.factsTab.attempt}
      size="xs"
      data={attempts.map((one) => ({ value: String(one.attempt), label: words.attempt(one.attempt) }))}
      value={String(timeline.attempt)}
      onChange={(event) => {
        const next = Number(event.currentTarget.value);
        void navigate({ search: ({ list, tab }) => ({ list, tab, attempt: next }) });
      }}
    />
  );
}
