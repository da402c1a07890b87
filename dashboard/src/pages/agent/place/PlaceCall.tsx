import { Button, Modal, NativeSelect, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { ApiError } from "../../../api/client.ts";
import { callerNumbersQuery, type Order, placeCall } from "../../../api/placing.ts";
import { ErrorNotice } from "../../../lib/ErrorNotice.tsx";
import { phone } from "../../../lib/format.ts";
import { strings } from "../../../strings/index.ts";
import { useEditing } from "../context.ts";
import { variablesToFill } from "../draft/variables.ts";
import { useRefusal } from "../useRefusal.ts";
import { VariableFields } from "../VariableFields.tsx";
import { OrderKeys } from "./orderKeys.ts";
import classes from "./PlaceCall.module.css";

const words = strings.agent.place;
const NUMBER = "recipient_phone_number";
const CALLER = "from_phone_number";

/** Calls somebody with the agent as it is saved, and goes to the page of the call. */
export function PlaceCall() {
  const { dialog } = useSearch({ from: "/shell/agents/$id" });
  const navigate = useNavigate({ from: "/agents/$id" });
  const close = () =>
    navigate({
      search: ({ dialog: _, to: __, ...now }) => now,
      replace: true,
      ignoreBlocker: true,
      resetScroll: false,
    });
  return (
    <Modal
      opened={dialog === "call"}
      onClose={() => void close()}
      title={words.title}
      closeButtonProps={{ "aria-label": strings.words.close }}
    >
      <OrderForm />
    </Modal>
  );
}

function OrderForm() {
  const { id, base, changes, isBroken, variables, setVariables } = useEditing();
  const { to = "" } = useSearch({ from: "/shell/agents/$id" });
  const navigate = useNavigate();
  const [number, setNumber] = useState(to);
  const [caller, setCaller] = useState("");
  const [keys] = useState(() => new OrderKeys());
  const forbidden = useRefusal(false);
  const numbers = useQuery(callerNumbersQuery);
  const names = variablesToFill(base);
  const placing = useMutation({
    mutationFn: (order: Order) => placeCall(order, keys.of(order)),
    onSuccess: (call) => navigate({ to: "/calls/$id", params: { id: call } }),
  });
  const isUnsaved = changes.length > 0;
  const isReady = !isUnsaved && !isBroken && forbidden === undefined && number.trim() !== "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isReady || placing.isPending) return;
    const given = Object.entries(variables).filter(([name]) => names.includes(name));
    placing.mutate({
      agent_id: id,
      [NUMBER]: number.trim(),
      ...(caller && { [CALLER]: caller }),
      user_data: Object.fromEntries(given),
    });
  };
  const refused = refusalOf(placing.error);
  const isElsewhere = placing.isError && ![NUMBER, CALLER].includes(refused.field);
  return (
    <form className={classes.form} onSubmit={submit} noValidate>
      <TextInput
        label={words.number}
        description={words.numberAbout}
        placeholder="+15550123"
        inputMode="tel"
        value={number}
        error={refused.field === NUMBER && refused.message}
        onChange={(event) => setNumber(event.currentTarget.value)}
        spellCheck={false}
        autoComplete="off"
        data-autofocus
      />
      {(numbers.data?.length ?? 0) > 1 && (
        <NativeSelect
          label={words.caller}
          data={[
            { value: "", label: words.anyCaller },
            ...numbers.data!.map((one) => ({
              value: one.phone_number,
              label: words.callerShown(phone(one.phone_number), one.telephony_provider),
            })),
          ]}
          value={caller}
          error={refused.field === CALLER && refused.message}
          onChange={(event) => setCaller(event.currentTarget.value)}
        />
      )}
      <VariableFields names={names} values={variables} change={setVariables} />
      {isUnsaved && <p className={classes.unsaved}>{words.unsaved(changes.length)}</p>}
      {isBroken && <p className={classes.unsaved}>{words.broken}</p>}
      {forbidden && <p className={classes.unsaved}>{forbidden}</p>}
      {isElsewhere && <ErrorNotice error={placing.error} />}
      <Button type="submit" disabled={!isReady} loading={placing.isPending}>
        {words.submit}
      </Button>
    </form>
  );
}

/** The field that the server refuses, and why: in its words, with the name that the field has here. */
function refusalOf(error: unknown): { field: string; message: string } {
  if (!(error instanceof ApiError)) return { field: "", message: "" };
  const { field, message } = error;
  return { field, message: message.replace(NUMBER, words.number).replace(CALLER, words.caller) };
}
