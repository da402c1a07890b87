import { Modal } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { createAgent } from "../../api/agents.ts";
import { ErrorNotice } from "../../lib/ErrorNotice.tsx";
import { strings } from "../../strings/index.ts";
import classes from "./NewAgentDialog.module.css";
import { TEMPLATES, type Template } from "./templates.ts";

const words = strings.agents.creating;

/** Agents to start from. A click makes one and opens it. */
export function NewAgentDialog({ opened, close }: { opened: boolean; close: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const creating = useMutation({
    mutationFn: ({ body }: Template) => createAgent(body),
    onSuccess: async (id) => {
      await queries.invalidateQueries({ queryKey: ["agents"] });
      await navigate({ to: "/agents/$id", params: { id } });
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
      {creating.isError && <ErrorNotice error={creating.error} />}
      <ul className={classes.templates}>
        {TEMPLATES.map((template) => (
          <li key={template.name}>
            <button
              type="button"
              className={`plain ${classes.template}`}
              disabled={creating.isPending}
              onClick={() => creating.mutate(template)}
            >
              <strong>{template.title}</strong>
              <span>{template.lead}</span>
            </button>
          </li>
        ))}
      </ul>
    </Modal>
  );
}
