/** A server's answer that there is no session. */
export class RefusedError extends Error {
  constructor(
    readonly code: "busy" | "rejected",
    message: string,
  ) {
    super(message);
  }
}

/** Asks the server of this page for a session: the page has a cookie, or `headers` with a key. Raises RefusedError. */
export async function openSession(
  agentId: string,
  userData: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Promise<string> {
  const answer = await fetch("/v1/web-call/session", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Callwright-Csrf": "1", ...headers },
    body: JSON.stringify({ agent_id: agentId, user_data: userData }),
  });
  const body = (await answer.json()) as { url?: string; message?: string };
  if (answer.ok && body.url) return body.url;
  throw refusedBy(answer.status, body.message ?? "");
}

/** What a status says about why there is no session. */
export function refusedBy(status: number, message: string): RefusedError {
  return new RefusedError(status === 429 ? "busy" : "rejected", message);
}
