import type { Severity } from "../api/types.ts";
import { strings } from "../strings/index.ts";
import { BadIcon, NoteIcon, WarningIcon } from "./icons.tsx";

const ICONS = { bad: BadIcon, warning: WarningIcon, note: NoteIcon };

/** How bad a finding is; its colour is the text's. */
export function SeverityIcon({ severity, size = 14 }: { severity: Severity; size?: number }) {
  const Icon = ICONS[severity];
  return (
    <Icon size={size} role="img" aria-label={strings.findings.severities[severity]} color={`var(--${severity})`} />
  );
}
