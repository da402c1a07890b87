import { Button, Checkbox, Modal } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { scenario } from "../../api/call.ts";
import type { Scenario } from "../../api/types.ts";
import { ErrorNotice } from "../../lib/ErrorNotice.tsx";
import { DownloadIcon, TestIcon } from "../../lib/icons.tsx";
import { saveFile } from "../../lib/saveFile.ts";
import { strings } from "../../strings/index.ts";
import { useCall } from "./context.ts";
import classes from "./MakeTest.module.css";

const words = strings.makeTest;

/** Makes a scenario of the call, for `callwright simulate`: the caller as they were, and what has to hold from now on. */
export function MakeTest() {
  const { id, attempt } = useCall();
  const making = useMutation({ mutationFn: () => scenario({ id, attempt }) });
  return (
    <>
      <Button
        variant="default"
        size="xs"
        leftSection={<TestIcon size={14} aria-hidden />}
        onClick={() => making.mutate()}
      >
        {words.button}
      </Button>
      <Modal
        opened={!making.isIdle}
        onClose={making.reset}
        title={words.button}
        size="lg"
        closeButtonProps={{ "aria-label": strings.words.close }}
      >
        {making.isPending && <p className={classes.lead}>{strings.words.loading}</p>}
        {making.isError && <ErrorNotice error={making.error} again={() => making.mutate()} />}
        {making.data && <Expectations made={making.data} />}
      </Modal>
    </>
  );
}

function Expectations({ made }: { made: Scenario }) {
  const [chosen, setChosen] = useState(() => new Set(made.expectations.filter((one) => one.chosen)));
  const toggle = (one: Scenario["expectations"][number]) => {
    const next = new Set(chosen);
    if (!next.delete(one)) next.add(one);
    setChosen(next);
  };
  const save = () => {
    const expect = made.expectations.filter((one) => chosen.has(one)).map((one) => one.expect);
    saveFile(`${made.name}.json`, `${JSON.stringify({ ...made.scenario, expect }, null, 2)}\n`, "application/json");
  };
  return (
    <div className={classes.test}>
      <p className={classes.lead}>{words.lead}</p>
      <fieldset>
        <legend>{words.expect}</legend>
        {made.expectations.map((one) => (
          <Checkbox key={one.text} size="xs" label={one.text} checked={chosen.has(one)} onChange={() => toggle(one)} />
        ))}
      </fieldset>
      {made.remarks.map((remark) => (
        <p key={remark} className={classes.remark}>
          {remark}
        </p>
      ))}
      <div className={classes.last}>
        <code>{words.command(`${made.name}.json`)}</code>
        <Button size="xs" leftSection={<DownloadIcon size={14} aria-hidden />} onClick={save}>
          {words.download}
        </Button>
      </div>
    </div>
  );
}
