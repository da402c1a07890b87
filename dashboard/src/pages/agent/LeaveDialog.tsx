import { Button, Modal } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import { strings } from "../../strings/index.ts";
import { useEditing } from "./context.ts";
import classes from "./Dialog.module.css";
import { isUnsaved, lostBy } from "./draft/leaving.ts";

const words = strings.agent.leave;

/** Asks before unsaved changes are lost, also by closing the tab. */
export function LeaveDialog() {
  const { changes, isBroken } = useEditing();
  const unsaved = { changes: changes.length, isBroken };
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => isUnsaved(lostBy(current, next, unsaved)),
    enableBeforeUnload: isUnsaved(unsaved),
    withResolver: true,
  });
  const lost = blocker.status === "blocked" ? lostBy(blocker.current, blocker.next, unsaved) : unsaved;
  return (
    <Modal
      opened={blocker.status === "blocked"}
      onClose={() => blocker.reset?.()}
      title={words.title}
      closeButtonProps={{ "aria-label": strings.words.close }}
    >
      {lost.changes > 0 && <p className={classes.lead}>{words.lead(lost.changes)}</p>}
      {lost.isBroken && <p className={classes.lead}>{words.broken}</p>}
      <div className={classes.buttons}>
        <Button variant="default" size="xs" onClick={() => blocker.proceed?.()}>
          {words.go}
        </Button>
        <Button size="xs" onClick={() => blocker.reset?.()} data-autofocus>
          {words.stay}
        </Button>
      </div>
    </Modal>
  );
}
