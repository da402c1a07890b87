import { Button } from "@mantine/core";
import { ApiError } from "../api/client.ts";
import { strings } from "../strings/index.ts";
import classes from "./ErrorNotice.module.css";
import { BadIcon } from "./icons.tsx";

/** Says what went wrong, in the server's words, and lets the person try again. */
export function ErrorNotice({ error, again }: { error: unknown; again?: (() => void) | undefined }) {
  const hint = error instanceof ApiError ? error.hint : "";
  return (
    <div className={classes.notice} role="alert">
      <BadIcon size={16} aria-hidden className={classes.icon} />
      <div>
        <strong>{strings.errors.title}</strong>
        <p>{error instanceof Error ? error.message : String(error)}</p>
        {hint && <p className={classes.hint}>{hint}</p>}
      </div>
      {again && (
        <Button variant="default" size="xs" onClick={again}>
          {strings.errors.again}
        </Button>
      )}
    </div>
  );
}
