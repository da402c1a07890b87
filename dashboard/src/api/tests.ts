import type { JsonObject } from "../lib/json.ts";
import { openSession, refusedBy } from "../lib/webcall/session.ts";
import type { AgentBody } from "./agents.ts";
import { ApiError, api, dataOf } from "./client.ts";
import type { ChatReply, ToolTrial } from "./types.ts";

/** Variables of the prompt, by name. */
export type Variables = Record<string, string>;

/** How long the server waits for the agent's whole reply. */
const REPLY_SECONDS = 45;

/** An agent to test: as it is edited, or null for as it is saved. Who may only call may test no draft. */
export type Tested = AgentBody | null;

/** Opens a chat with an agent. */
export function openChat(agentId: string, draft: Tested, variables: Variables): Promise<ChatReply> {
  const params = { path: { agent_id: agentId } };
  const body = { user_data: variables as never, wait_s: REPLY_SECONDS };
  return dataOf(
    draft
      ? api.POST("/v1/callwright/agents/{agent_id}/drafts/chats", { params, body: { ...body, draft: { ...draft } } })
      : api.POST("/v1/callwright/agents/{agent_id}/chats", { params, body }),
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

/** Calls a synthetic caller with an agent; the id of the execution. */
export async function callSynthetic(
  agentId: string,
  draft: Tested,
  { persona, line }: TestCaller,
  variables: Variables,
): Promise<string> {
  const order = { recipient_phone_number: `loopback:${persona}`, user_data: variables as never };
  const call = await dataOf(
    draft
      ? api.POST("/v1/callwright/agents/{agent_id}/drafts/calls", {
          params: { path: { agent_id: agentId } },
          body: { ...order, draft: { ...draft }, line },
        })
      : api.POST("/call", { body: { ...order, agent_id: agentId } as never }),
  );
  return call.execution_id;
}

/** A session for a call of this page to an agent; its address. Throws RefusedError where there is none. */
export async function openCallSession(agentId: string, draft: Tested, variables: Variables): Promise<string> {
  if (!draft) return openSession(agentId, variables);
  try {
    const session = await dataOf(
      api.POST("/v1/callwright/agents/{agent_id}/drafts/web-calls", {
        params: { path: { agent_id: agentId } },
        body: { draft: { ...draft }, user_data: variables as never },
      }),
    );
    return session.url;
  } catch (error) {
    if (error instanceof ApiError && error.status) throw refusedBy(error.status, error.message);
    throw error;
  }
}

/** Calls a tool of an agent that is not saved, once. What it does happens. */
export function callTool(
  agentId: string,
  draft: AgentBody,
  { tool, values }: { tool: string; values: JsonObject },
  variables: Variables,
): Promise<ToolTrial> {
  return dataOf(
    api.POST("/v1/callwright/agents/{agent_id}/drafts/tool-calls", {
      params: { path: { agent_id: agentId } },
      body: { draft: { ...draft }, tool, arguments: values as never, user_data: variables as never },
    }),
  );
}
