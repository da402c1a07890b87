import { ActionIcon, Button, Menu, Modal } from "@mantine/core";
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { bodyOf, createAgent, deleteAgent, readAgent } from "../../api/agents.ts";
import { sessionQuery } from "../../api/session.ts";
import type { ListedAgent } from "../../api/types.ts";
import { ErrorNotice } from "../../lib/ErrorNotice.tsx";
import { CallsIcon, CopyIcon, DeleteIcon, DownloadIcon, MoreIcon } from "../../lib/icons.tsx";
import { mayChange } from "../../lib/rights.ts";
import { saveFile } from "../../lib/saveFile.ts";
import { strings } from "../../strings/index.ts";
import classes from "./AgentActions.module.css";

const words = strings.agents;

/** What can be done with an agent of the list. */
export function AgentActions({ agent }: { agent: ListedAgent }) {
  const [isAsked, setAsked] = useState(false);
  const may = mayChange(useSuspenseQuery(sessionQuery).data);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const copying = useMutation({
    // With its id the server copies the credentials, which are masked here.
    mutationFn: async () => {
      const { agent_config, agent_prompts } = bodyOf(await readAgent(agent.id));
      const config = { ...agent_config, agent_name: words.copyOf(agent.name) };
      return createAgent({ agent_config: config, agent_prompts, id: agent.id });
    },
    onSuccess: async (id) => {
      await queries.invalidateQueries({ queryKey: ["agents"] });
      await navigate({ to: "/agents/$id", params: { id } });
    },
  });
  const exporting = useMutation({ mutationFn: () => exportAgent(agent) });
  const error = copying.error ?? exporting.error;
  const label = words.actions(agent.name);
  return (
    <>
      <Menu position="bottom-end" shadow="md">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={label} loading={copying.isPending}>
            <MoreIcon size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={<CallsIcon size={14} aria-hidden />}
            renderRoot={(props) => <Link to="/calls" search={{ agent_id: agent.id }} {...props} />}
          >
            {words.showCalls}
          </Menu.Item>
          {may && (
            <Menu.Item leftSection={<CopyIcon size={14} aria-hidden />} onClick={() => copying.mutate()}>
              {words.duplicate}
            </Menu.Item>
          )}
          <Menu.Item leftSection={<DownloadIcon size={14} aria-hidden />} onClick={() => exporting.mutate()}>
            {words.export}
          </Menu.Item>
          {may && (
            <Menu.Item
              leftSection={<DeleteIcon size={14} aria-hidden />}
              className={classes.delete}
              onClick={() => setAsked(true)}
            >
              {words.delete}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={error !== null}
        onClose={() => {
          copying.reset();
          exporting.reset();
        }}
        title={words.failed}
        closeButtonProps={{ "aria-label": strings.words.close }}
      >
        <ErrorNotice error={error} />
      </Modal>
      <DeleteDialog agent={agent} opened={isAsked} close={() => setAsked(false)} />
    </>
  );
}

async function exportAgent({ id, name }: ListedAgent): Promise<void> {
  const body = bodyOf(await readAgent(id));
  saveFile(`${name}.json`, `${JSON.stringify(body, null, 2)}\n`, "application/json");
}

function DeleteDialog({ agent, opened, close }: { agent: ListedAgent; opened: boolean; close: () => void }) {
  const queries = useQueryClient();
  const deleting = useMutation({
    mutationFn: () => deleteAgent(agent.id),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["agents"] }),
  });
  const title = words.deleting.title(agent.name);
  return (
    <Modal opened={opened} onClose={close} title={title} closeButtonProps={{ "aria-label": strings.words.close }}>
      <p className={classes.lead}>{words.deleting.lead}</p>
      {deleting.isError && <ErrorNotice error={deleting.error} />}
      <div className={classes.buttons}>
        <Button variant="default" size="xs" onClick={close} data-autofocus>
          {words.deleting.cancel}
        </Button>
        <Button className={classes.confirm} size="xs" loading={deleting.isPending} onClick={() => deleting.mutate()}>
          {words.deleting.confirm}
        </Button>
      </div>
    </Modal>
  );
}
