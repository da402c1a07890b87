import { Button, FileButton, Modal, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { createAgent, refusalOf } from "../../api/agents.ts";
import { ErrorNotice } from "../../lib/ErrorNotice.tsx";
import { UploadIcon } from "../../lib/icons.tsx";
import { strings } from "../../strings/index.ts";
import classes from "./ImportDialog.module.css";
import { agentsOf, Importing, PartlyImportedError } from "./imported.ts";

const words = strings.agents.importing;

/** Makes agents from JSON that is pasted or read from a file. */
export function ImportDialog({ opened, close }: { opened: boolean; close: () => void }) {
  const [text, setText] = useState("");
  const [work] = useState(() => new Importing({ refusalOf, create: createAgent }));
  const queries = useQueryClient();
  const navigate = useNavigate();
  const importing = useMutation({
    mutationFn: async () => work.run(agentsOf(text)),
    onError: (error) => {
      // What was made would be made again.
      if (error instanceof PartlyImportedError) setText(JSON.stringify(error.rest, null, 2));
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["agents"] }),
    onSuccess: async (ids) => {
      setText("");
      const [id] = ids;
      if (ids.length === 1 && id) await navigate({ to: "/agents/$id", params: { id } });
      else close();
    },
  });
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={words.title}
      size={640}
      closeButtonProps={{ "aria-label": strings.words.close }}
    >
      <p className={classes.lead}>{words.lead}</p>
      <Textarea
        aria-label={words.json}
        placeholder='{"agent_config": {...}, "agent_prompts": {...}}'
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        rows={14}
        spellCheck={false}
        classNames={{ input: classes.code }}
        data-autofocus
      />
      {importing.isError && <ErrorNotice error={importing.error} />}
      <div className={classes.buttons}>
        <FileButton onChange={(file) => void file?.text().then(setText)} accept="application/json,.json">
          {(props) => (
            <Button {...props} variant="default" size="xs" leftSection={<UploadIcon size={13} aria-hidden />}>
              {words.file}
            </Button>
          )}
        </FileButton>
        <Button size="xs" disabled={!text.trim()} loading={importing.isPending} onClick={() => importing.mutate()}>
          {words.submit}
        </Button>
      </div>
    </Modal>
  );
}
