import type { AgentBody } from "./agents.ts";
import { api, dataOf } from "./client.ts";
import type { ChatReply } from "./types.ts";

/** Variables of the prompt, by name. */
export type Variables = Record<string, string>;

/** How long the server waits for the agent's whole reply. */
const REPLY_SECONDS = 45;

/** Opens a chat with an agent that is not saved. */
export function openDraftChat(agentId: string, draft: AgentBody, variables: Variables): Promise<ChatReply> {
  return dataOf(
    api.POST("/v1/callwright/agents/{agent_id}/drafts/chats", {
      params: { path: { agent_id: agentId } },
      body: { draft: { ...draft }, user_data: variables as never, wait_s: REPLY_SECONDS },
    }),
  );
}

/** Writes a line into a chat, and waits for the reply. */
export function writeLine(executionId: string, text: string): Promise<ChatReply> {
  return dataOf(
    api.POST("/v1/callwright/chats/{execution_id}/messages", {
      params: { path: { execution_id: executionId } },
      body: { text, wait_s: REPLY_SECONDS },
    }),
  );
}

/** Leaves a chat. */
export async function leaveChat(executionId: string): Promise<void> {
  await dataOf(api.DELETE("/v1/callwright/chats/{execution_id}", { params: { path: { execution_id: executionId } } }));
}

export interface TestCaller {
  persona: string;
  /** What the line does to the sound, `loss=5,jitter=100` say; as the persona has it where it is missing. */
  line?: string | undefined;
}

/** Calls a synthetic caller with an agent that is not saved; the id of the execution. */
export async function callWithDraft(
  agentId: string,
  draft: AgentBody,
  { persona, line }: TestCaller,
  variables: Variables,
): Promise<string> {
  const call = await dataOf(
    api.POST("/v1/callwright/agents/{agent_id}/drafts/calls", {
      params: { path: { agent_id: agentId } },
      body: { draft: { ...draft }, recipient_phone_number: `loopback:${persona}`, user_data: variables as never, line },
    }),
  );
  return call.execution_id;
}

/** Ends a call. */
export async function hangUp(executionId: string): Promise<void> {
  await dataOf(api.POST("/call/{execution_id}/stop", { params: { path: { execution_id: executionId } } }));
}
