import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { hangUp } from "../../api/call.ts";
import { ErrorNotice } from "../../lib/ErrorNotice.tsx";
import { HangUpIcon } from "../../lib/icons.tsx";
import { strings } from "../../strings/index.ts";
import { useCall } from "./context.ts";

/** Ends the call that is watched. */
export function HangUp() {
  const { id } = useCall();
  const ending = useMutation({ mutationFn: () => hangUp(id) });
  return (
    <>
      <Button
        variant="default"
        size="xs"
        leftSection={<HangUpIcon size={14} aria-hidden />}
        loading={ending.isPending}
        onClick={() => ending.mutate()}
      >
        {strings.call.hangUp}
      </Button>
      {ending.isError && <ErrorNotice error={ending.error} />}
    </>
  );
}
