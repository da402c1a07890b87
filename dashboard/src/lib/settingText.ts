/** A setting of a what-if, or of a draft, as it stands in the address: `task_config.incremental_delay=1800`. */
export interface Setting {
  path: string;
  value: string;
}

/** The path and the value of a setting. */
export function settingOf(text: string): Setting {
  const at = text.indexOf("=");
  return at < 0 ? { path: text, value: "" } : { path: text.slice(0, at), value: text.slice(at + 1) };
}

/** A setting as it stands in the address. */
export function textOf({ path, value }: Setting): string {
  return `${path}=${value}`;
}

const IN_THE_TASK = "agent_config.tasks[].";
const IN_THE_AGENT = "agent_config.";

/** The path of a setting as a what-if takes it, which begins in the first task; null for settings of list members. */
export function tryablePath(path: string): string | null {
  const prefix = [IN_THE_TASK, IN_THE_AGENT].find((one) => path.startsWith(one)) ?? "";
  const rest = path.slice(prefix.length);
  return /[[{]/.test(rest) ? null : rest;
}

/** Whether both path and value are there. */
export function isWhole(text: string): boolean {
  const { path, value } = settingOf(text);
  return path.trim() !== "" && value.trim() !== "";
}

/** Settings as the server takes them: a value that is JSON is what it means, anything else is a text. */
export function settingsOf(texts: string[]): Record<string, unknown> {
  return Object.fromEntries(
    texts.filter(isWhole).map((text) => {
      const { path, value } = settingOf(text);
      return [path.trim(), parsed(value.trim())];
    }),
  );
}

function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
