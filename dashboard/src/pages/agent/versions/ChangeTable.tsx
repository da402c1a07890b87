import type { Json } from "../../../lib/json.ts";
import { strings } from "../../../strings/index.ts";
import type { Change } from "../draft/changes.ts";
import { stepsOf } from "../draft/paths.ts";
import { titleOf } from "../draft/sections.ts";
import { wordDiff } from "../draft/wordDiff.ts";
import classes from "./ChangeTable.module.css";

const words = strings.agent.versions;

/** What differs between two bodies, setting by setting; in long texts the words that differ. */
export function ChangeTable({ changes }: { changes: Change[] }) {
  if (changes.length === 0) return <p className={classes.same}>{words.same}</p>;
  return (
    <table className={classes.table} aria-label={words.compare}>
      <thead>
        <tr>
          <th>{words.setting}</th>
          <th>{words.before}</th>
          <th>{words.after}</th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ path, before, after }) => (
          <tr key={path}>
            <th scope="row">
              <SettingName path={path} />
            </th>
            <td>
              <Value value={before} against={after} mark="gone" />
            </td>
            <td>
              <Value value={after} against={before} mark="new" />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A setting by its name, and its path below it. */
export function SettingName({ path }: { path: string }) {
  const last = stepsOf(path).findLast((step) => typeof step === "string") ?? path;
  return (
    <>
      {titleOf(String(last))}
      <code className={classes.path}>{path.replace(/^agent_config\./, "")}</code>
    </>
  );
}

/** A value as people read it, with the words that are not in the other one marked. */
export function Value({
  value,
  against,
  mark = "new",
}: {
  value: Json | undefined;
  against?: Json | undefined;
  mark?: "gone" | "new";
}) {
  if (value == null) return <i className={classes.absent}>{strings.agent.conflict.absent}</i>;
  if (typeof value === "string" && typeof against === "string") {
    return (
      <span className={classes.text}>
        {wordDiff(against, value).map(({ text, differs }, place) =>
          differs ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text do not move
            <mark key={place} data-mark={mark}>
              {text}
            </mark>
          ) : (
            text
          ),
        )}
      </span>
    );
  }
  if (typeof value === "string") return <span className={classes.text}>{value}</span>;
  return <code className={classes.text}>{JSON.stringify(value, null, 1)}</code>;
}
