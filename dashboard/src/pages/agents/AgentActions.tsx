import { ActionIcon, Button, Menu, Modal } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { bodyOf, createAgent, deleteAgent } from "../../api/agents.ts";
import type { Agent } from "../../api/types.ts";
import { ErrorNotice } from "../../lib/ErrorNotice.tsx";
import { CallsIcon, CopyIcon, DeleteIcon, DownloadIcon, MoreIcon } from "../../lib/icons.tsx";
import { saveFile } from "../../lib/saveFile.ts";
import { strings } from "../../strings/index.ts";
import classes from "./AgentActions.module.css";

const words = strings.agents;

/** What can be done with an agent of the list. */
export function AgentActions({ agent }: { agent: Agent }) {
  const [isAsked, setAsked] = useState(false);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const copying = useMutation({
    // With its id the server copies the credentials, which are masked here.
    mutationFn: () => createAgent({ ...bodyOf(agent), ...namedCopy(agent), id: agent.id }),
    onSuccess: async (id) => {
      await queries.invalidateQueries({ queryKey: ["agents"] });
      await navigate({ to: "/agents/$id", params: { id } });
    },
  });
  const label = words.actions(agent.agent_name);
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
          <Menu.Item leftSection={<CopyIcon size={14} aria-hidden />} onClick={() => copying.mutate()}>
            {words.duplicate}
          </Menu.Item>
          <Menu.Item leftSection={<DownloadIcon size={14} aria-hidden />} onClick={() => exportAgent(agent)}>
            {words.export}
          </Menu.Item>
          <Menu.Item
            leftSection={<DeleteIcon size={14} aria-hidden />}
            className={classes.delete}
            onClick={() => setAsked(true)}
          >
            {words.delete}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={copying.isError}
        onClose={() => copying.reset()}
        title={words.failed}
        closeButtonProps={{ "aria-label": strings.words.close }}
      >
        <ErrorNotice error={copying.error} />
      </Modal>
      <DeleteDialog agent={agent} opened={isAsked} close={() => setAsked(false)} />
    </>
  );
}

function namedCopy(agent: Agent) {
  const { agent_config } = bodyOf(agent);
  return { agent_config: { ...agent_config, agent_name: words.copyOf(agent.agent_name) } };
}

function exportAgent(agent: Agent): void {
  saveFile(`${agent.agent_name}.json`, `${JSON.stringify(bodyOf(agent), null, 2)}\n`, "application/json");
}

function DeleteDialog({ agent, opened, close }: { agent: Agent; opened: boolean; close: () => void }) {
  const queries = useQueryClient();
  const deleting = useMutation({
    mutationFn: () => deleteAgent(agent.id),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["agents"] }),
  });
  const title = words.deleting.title(agent.agent_name);
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
