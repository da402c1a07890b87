import { strings } from "../strings/index.ts";
import classes from "./CallStatus.module.css";

const GROUND: Record<string, string> = {
  completed: "good",
  "in-progress": "good",
  "call-disconnected": "good",
  failed: "bad",
  error: "bad",
  "balance-low": "bad",
};

/** A published status as a small coloured label. */
export function CallStatus({ status }: { status: string }) {
  return (
    <span className={classes.status} data-ground={GROUND[status] ?? "note"}>
      {strings.statuses[status] ?? status}
    </span>
  );
}
