import { Button, PasswordInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { ApiError } from "../../api/client.ts";
import { signIn } from "../../api/session.ts";
import { Logo } from "../../shell/Logo.tsx";
import { strings } from "../../strings/index.ts";
import classes from "./SignInPage.module.css";

const words = strings.signIn;

/** Opens a session with a pasted key; the link that the server prints opens one without it. */
export function SignInPage() {
  const { to } = useSearch({ from: "/sign-in" });
  const [key, setKey] = useState("");
  const queries = useQueryClient();
  const router = useRouter();
  const entering = useMutation({
    mutationFn: () => signIn(key.trim()),
    onSuccess: () => {
      queries.clear();
      router.history.push(`${router.basepath}${to ?? "/calls"}`);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    entering.mutate();
  };
  const [before, between] = words.lead;
  return (
    <main className={classes.page}>
      <form className={classes.card} onSubmit={submit}>
        <Logo size={36} />
        <h1>{words.title}</h1>
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
    </main>
  );
}

function refusal(error: Error): string {
  return error instanceof ApiError && [401, 403].includes(error.status) ? words.refused : error.message;
}
