import { Button } from "@mantine/core";
import { type ErrorComponentProps, Link } from "@tanstack/react-router";
import { ErrorNotice } from "../lib/ErrorNotice.tsx";
import { strings } from "../strings/index.ts";
import classes from "./ErrorPages.module.css";

/** An address that leads nowhere. */
export function NotFoundPage() {
  return (
    <main className={classes.page}>
      <h1>{strings.errors.notFound}</h1>
      <Button component={Link} to="/calls">
        {strings.errors.toCalls}
      </Button>
    </main>
  );
}

/** What a page leaves behind when it cannot be drawn. The menu stays. */
export function PageError({ error, reset }: ErrorComponentProps) {
  return (
    <div className={classes.page}>
      <h1>{strings.errors.page}</h1>
      <p>{strings.errors.pageLead}</p>
      <ErrorNotice error={error} again={reset} />
    </div>
  );
}
