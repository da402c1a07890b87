import type { CallFailure } from "../lib/webcall/client.ts";

/** What the widget says. A page replaces a text by `data-text-<name>` of the script. */
export const TEXTS = {
  call: "Call us",
  again: "Call again",
  hangUp: "Hang up",
  mute: "Mute",
  unmute: "Unmute",
  asking: "Please allow the microphone.",
  connecting: "Connecting …",
  active: "You are connected.",
  reconnecting: "The connection broke off. Trying again …",
  ended: "The call has ended.",
  level: "How loud you are",
};

/** What the console says to the owner of a page whose call the server did not take: browsers keep the answer's status from scripts. */
export function whatToCheck(agent: string, origin: string, server: string): string {
  return `callwright: the call was refused, or ${server} cannot be reached. Check that data-agent ("${agent}") is the agent's id, and that its task_config.web_call_origins holds this page's origin, "${origin}". The server's log says which.`;
}

export const FAILURES: Record<CallFailure, string> = {
  no_microphone: "No microphone was found, or another program uses it.",
  permission_denied: "The microphone is blocked. Allow it in the address bar, and call again.",
  not_secure: "Calls need a page on HTTPS.",
  busy: "All lines are busy. Please try again in a moment.",
  connect_failed: "The connection failed. Please try again.",
  rejected: "This page may not call.",
};
