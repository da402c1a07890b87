import { ActionIcon, Menu, Modal } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { replay } from "../../api/call.ts";
import { ErrorNotice } from "../../lib/ErrorNotice.tsx";
import { MoreIcon } from "../../lib/icons.tsx";
import { strings } from "../../strings/index.ts";
import classes from "./CallMenu.module.css";
import { useCall } from "./context.ts";

const words = strings.call;

/** What is done with a call now and then. */
export function CallMenu() {
  const { id, attempt, timeline } = useCall();
  const replaying = useMutation({ mutationFn: () => replay({ id, attempt }) });
  const logPath = `/executions/${id}/log${attempt === undefined ? "" : `?attempt=${attempt}`}`;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size={30} aria-label={words.more}>
            <MoreIcon size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => replaying.mutate()}>{words.replay}</Menu.Item>
          {timeline.recording && (
            <Menu.Item component="a" href={timeline.recording.url_path} download={`${id}.wav`}>
              {words.download}
            </Menu.Item>
          )}
          <Menu.Item component="a" href={logPath} download={`${id}.json`}>
            {words.rawLog}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={!replaying.isIdle}
        onClose={replaying.reset}
        title={words.replay}
        size="lg"
        closeButtonProps={{ "aria-label": strings.words.close }}
      >
        <div aria-live="polite">
          {replaying.isPending && <p>{words.replaying}</p>}
          {replaying.isError && <ErrorNotice error={replaying.error} again={() => replaying.mutate()} />}
          {replaying.data && <Outcome found={replaying.data} />}
        </div>
      </Modal>
    </>
  );
}

function Outcome({ found }: { found: Awaited<ReturnType<typeof replay>> }) {
  const { exact, difference, missing } = found;
  return (
    <div className={classes.outcome}>
      <p>{exact ? words.replayed : words.replayDiffers}</p>
      {missing.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      {difference && <pre>{difference.lines.join("\n")}</pre>}
    </div>
  );
}
