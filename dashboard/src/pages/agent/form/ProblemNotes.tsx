import { SeverityIcon } from "../../../lib/SeverityIcon.tsx";
import classes from "./SettingField.module.css";

interface Props {
  errors: { path: string; message: string }[];
  warnings: { path: string; message: string; remedy: string }[];
}

/** What is wrong with a value, below its field. */
export function ProblemNotes({ errors, warnings }: Props) {
  if (errors.length + warnings.length === 0) return null;
  return (
    <ul className={classes.notes} aria-live="polite">
      {errors.map(({ path, message }) => (
        <li key={`${path} ${message}`}>
          <SeverityIcon severity="bad" size={13} />
          {message.startsWith(`${path} `) ? message.slice(path.length + 1) : message}
        </li>
      ))}
      {warnings.map(({ path, message, remedy }) => (
        <li key={`${path} ${message}`} data-warning>
          <SeverityIcon severity="warning" size={13} />
          {`${message} ${remedy}`}
        </li>
      ))}
    </ul>
  );
}
