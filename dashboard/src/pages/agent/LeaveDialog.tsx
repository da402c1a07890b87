import { Button, Modal } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import { strings } from "../../strings/index.ts";
import { useEditing } from "./context.ts";
import classes from "./Dialog.module.css";

const words = strings.agent.leave;

/** Asks before unsaved changes are lost, also by closing the tab. */
export function LeaveDialog() {
  const { changes } = useEditing();
  const isUnsaved = changes.length > 0;
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => isUnsaved && current.pathname !== next.pathname,
    enableBeforeUnload: isUnsaved,
    withResolver: true,
  });
  return (
    <Modal
      opened={blocker.status === "blocked"}
      onClose={() => blocker.reset?.()}
      title={words.title}
      closeButtonProps={{ "aria-label": strings.words.close }}
    >
      <p className={classes.lead}>{words.lead(changes.length)}</p>
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
