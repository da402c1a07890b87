import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { executionQuery } from "../../../api/call.ts";
import { strings } from "../../../strings/index.ts";
import { useCall } from "../context.ts";

/** Opens the editor of the call's agent with the settings that were tried in its draft. Nothing is saved by it. */
export function ApplyToAgent({ set }: { set: string[] }) {
  const { id } = useCall();
  const { data: execution } = useQuery(executionQuery(id));
  if (!execution) return null;
  return (
    <Button
      variant="default"
      size="xs"
      renderRoot={(props) => <Link to="/agents/$id" params={{ id: execution.agent_id }} search={{ set }} {...props} />}
    >
      {strings.whatIf.apply}
    </Button>
  );
}
