import { useQueryClient } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { Logo } from "../../shell/Logo.tsx";
import { SignInForm } from "../../shell/SignInForm.tsx";
import { strings } from "../../strings/index.ts";
import classes from "./SignInPage.module.css";

/** Where whoever is not signed in comes first. */
export function SignInPage() {
  const { to } = useSearch({ from: "/sign-in" });
  const queries = useQueryClient();
  const router = useRouter();
  const enter = () => {
    queries.clear();
    router.history.push(`${router.basepath}${to ?? "/calls"}`);
  };
  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <Logo size={36} />
        <h1>{strings.signIn.title}</h1>
        <SignInForm enter={enter} />
      </div>
    </main>
  );
}
