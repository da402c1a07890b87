import { Button } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useEffect, useEffectEvent, useRef, useState, useSyncExternalStore } from "react";
import { openCallSession } from "../../../api/tests.ts";
import { WebCall } from "../../../lib/webcall/client.ts";
import { strings } from "../../../strings/index.ts";
import { useEditing } from "../context.ts";
import { useRefusal } from "../useRefusal.ts";
import { Level, type Meter } from "./Level.tsx";
import { Microphone } from "./Microphone.tsx";
import { Run } from "./Run.tsx";
import classes from "./TestPanel.module.css";

const words = strings.test.browser;

/** A call from this page to the draft. */
export function BrowserTest() {
  const { id, tested, variables } = useEditing();
  const { run } = useSearch({ from: "/shell/agents/$id" });
  const refused = useRefusal(tested !== null);
  const [deviceId, setDeviceId] = useState("");
  const [call, setCall] = useState<WebCall>();
  const caller = useRef<Meter>(null);
  const agent = useRef<Meter>(null);
  const start = () => {
    const next = new WebCall({
      address: () => openCallSession(id, tested, variables),
      deviceId,
      onLevel: (side, level) => (side === "caller" ? caller : agent).current?.show(level),
    });
    setCall(next);
    void next.start();
  };
  // Who leaves the page hangs up.
  useEffect(() => () => call?.hangUp(), [call]);
  return (
    <>
      {!run && <p className={classes.lead}>{words.lead}</p>}
      {call ? (
        <Call call={call} again={refused === undefined ? start : undefined}>
          <Level label={strings.words.caller} ref={caller} />
          <Level label={strings.words.agent} ref={agent} />
        </Call>
      ) : (
        <>
          <Microphone deviceId={deviceId} choose={setDeviceId} />
          {refused && <p className={classes.lead}>{refused}</p>}
          <Button size="xs" disabled={refused !== undefined} onClick={start}>
            {words.start}
          </Button>
        </>
      )}
      {run && <Run key={run} run={run} />}
    </>
  );
}

interface CallProps {
  call: WebCall;
  /** Calls once more; undefined where that is refused. */
  again: (() => void) | undefined;
  children: ReactNode;
}

function Call({ call, again, children }: CallProps) {
  const { state, executionId, muted, failure, message } = useSyncExternalStore(call.subscribe, call.get);
  const navigate = useNavigate({ from: "/agents/$id" });
  const show = useEffectEvent((run: string) => {
    void navigate({ search: (now) => ({ ...now, run }), replace: true, resetScroll: false });
  });
  useEffect(() => {
    if (executionId) show(executionId);
  }, [executionId]);
  const isOver = state === "ended";
  return (
    <div className={classes.start}>
      <p className={classes.lead} role="status">
        {failure ? words.failures[failure] : words.states[state]} {failure && message}
      </p>
      {!isOver && children}
      <div className={classes.buttons}>
        {isOver ? (
          <Button size="xs" disabled={!again} onClick={again}>
            {words.again}
          </Button>
        ) : (
          <>
            <Button size="xs" variant="default" onClick={() => call.hangUp()}>
              {words.hangUp}
            </Button>
            <Button size="xs" variant="default" aria-pressed={muted} onClick={() => call.mute(!muted)}>
              {muted ? words.unmute : words.mute}
            </Button>
          </>
        )}
      </div>
    </div>
  );
}
