import { Button, Drawer, SegmentedControl, Select, Skeleton } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useEffectEvent } from "react";
import { whatIf } from "../../../api/call.ts";
import { ErrorNotice } from "../../../lib/ErrorNotice.tsx";
import { isWhole, settingsOf } from "../../../lib/settingText.ts";
import { strings } from "../../../strings/index.ts";
import { heardTurns, useCall } from "../context.ts";
import { ApplyToAgent } from "./ApplyToAgent.tsx";
import { Comparison } from "./Comparison.tsx";
import { SettingFields } from "./SettingFields.tsx";
import classes from "./WhatIfDrawer.module.css";

const words = strings.whatIf;
const SHORT_WORDS = 48;

/** The call again from a turn on, with other settings, beside the call as it was. */
export function WhatIfDrawer() {
  const { what_if: fromTurn } = useSearch({ from: "/shell/calls/$id" });
  const navigate = useNavigate({ from: "/calls/$id" });
  const close = () =>
    void navigate({ search: (now) => ({ ...now, what_if: undefined, set: undefined, answers: undefined }) });
  return (
    <Drawer
      opened={fromTurn !== undefined}
      onClose={close}
      position="right"
      size={616}
      title={words.title}
      closeButtonProps={{ "aria-label": strings.words.close }}
    >
      {fromTurn !== undefined && <Question fromTurn={fromTurn} />}
    </Drawer>
  );
}

function Question({ fromTurn }: { fromTurn: number }) {
  const { id, attempt, timeline } = useCall();
  const { set = [], answers } = useSearch({ from: "/shell/calls/$id" });
  const navigate = useNavigate({ from: "/calls/$id" });
  const model = answers ?? "recorded";
  const asking = useMutation({
    mutationFn: () => whatIf({ id, attempt }, { fromTurn, model, settings: settingsOf(set) }),
  });
  // Whoever came by "Try", or by a link, wants the answer and not a form. Asking a model costs money: that waits for a click.
  const askAtOnce = useEffectEvent(() => {
    if (set.length > 0 && set.every(isWhole) && model === "recorded") asking.mutate();
  });
  useEffect(() => askAtOnce(), []);
  const change = (next: { what_if?: number; set?: string[]; answers?: "ask" | undefined }) =>
    void navigate({ search: (now) => ({ ...now, ...next }), replace: true });
  const turns = heardTurns(timeline).filter(({ turn }) => turn);
  return (
    <div className={classes.drawer}>
      <p className={classes.lead}>{words.lead}</p>
      <div className={classes.first}>
        <Select
          label={words.from}
          size="xs"
          allowDeselect={false}
          data={[
            { value: "0", label: words.fromStart },
            ...turns.map(({ turn, user }) => ({
              value: String(turn),
              label: words.fromTurn(turn ?? 0, (user ?? "").slice(0, SHORT_WORDS)),
            })),
          ]}
          value={String(fromTurn)}
          onChange={(value) => change({ what_if: Number(value ?? 0) })}
        />
        <SegmentedControl
          aria-label={words.model}
          size="xs"
          data={[
            { value: "recorded", label: words.recorded },
            { value: "ask", label: words.ask },
          ]}
          value={model}
          onChange={(value) => change({ answers: value === "ask" ? "ask" : undefined })}
        />
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          asking.mutate();
        }}
      >
        <SettingFields settings={set} change={(next) => change({ set: next.length ? next : undefined })} />
        <Button
          type="submit"
          size="xs"
          className={classes.run}
          loading={asking.isPending}
          disabled={!set.every(isWhole)}
        >
          {words.run}
        </Button>
      </form>
      <div aria-live="polite" aria-busy={asking.isPending}>
        {asking.isPending && (
          <>
            <p className={classes.lead}>{words.running}</p>
            <Skeleton height={220} radius="md" />
          </>
        )}
        {asking.isError && <ErrorNotice error={asking.error} again={() => asking.mutate()} />}
        {asking.data && <Comparison found={asking.data} />}
        {asking.data && set.length > 0 && <ApplyToAgent set={set} />}
      </div>
    </div>
  );
}
