import { Button, PasswordInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError } from "../api/client.ts";
import { signIn } from "../api/session.ts";
import type { Session } from "../api/types.ts";
import { strings } from "../strings/index.ts";
import classes from "./SignInForm.module.css";

const words = strings.signIn;

/** Opens a session with a pasted key; the link that the server prints opens one without it. */
export function SignInForm({ enter }: { enter: (session: Session) => void }) {
  const [key, setKey] = useState("");
  const entering = useMutation({ mutationFn: () => signIn(key.trim()), onSuccess: enter });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    entering.mutate();
  };
  const [before, between] = words.lead;
  return (
    <form className={classes.form} onSubmit={submit}>
      <p>
        {before}
        <code>{words.link}</code>
        {between}
        <code>{words.create}</code>
      </p>
      <PasswordInput
        label={words.key}
        placeholder={words.placeholder}
        value={key}
        onChange={(event) => setKey(event.currentTarget.value)}
        error={entering.error ? refusal(entering.error) : undefined}
        autoComplete="off"
        data-autofocus
        autoFocus
      />
      <Button type="submit" fullWidth disabled={!key.trim()} loading={entering.isPending}>
        {words.submit}
      </Button>
    </form>
  );
}

function refusal(error: Error): string {
  return error instanceof ApiError && [401, 403].includes(error.status) ? words.refused : error.message;
}
