import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { JsonObject } from "../lib/json.ts";
import { api, dataOf } from "./client.ts";
import type { Agent, AgentValidation, AgentVersion, ListedAgent } from "./types.ts";

/** An agent as the API takes it. */
export interface AgentBody {
  agent_config: JsonObject;
  agent_prompts: JsonObject;
}

/** What the server writes into an agent that is read, and does not take back. */
const READ_ONLY = new Set([
  "id",
  "agent_status",
  "created_at",
  "updated_at",
  "created_by",
  "creation_source",
  "parent_agent_id",
  "source_agent_id",
  "restricted",
  "inbound_phone_number",
  "dispositions",
  "callwright",
]);

/** A read agent in the form in which it is saved. A null says nothing and is left out. */
export function bodyOf(agent: Agent): AgentBody {
  const { agent_prompts, ...rest } = agent;
  const config = Object.entries(rest).filter(
    ([name, value]) => !READ_ONLY.has(name) && (value !== null || name === "agent_welcome_message"),
  );
  return {
    agent_config: Object.fromEntries(config) as JsonObject,
    agent_prompts: (agent_prompts ?? {}) as JsonObject,
  };
}

/** All agents, the last saved first, each with what its calls of the last seven days came to. */
export const agentListQuery = queryOptions({
  queryKey: ["agents", "list"],
  queryFn: async ({ signal }): Promise<ListedAgent[]> =>
    (await dataOf(api.GET("/v1/callwright/agents", { signal }))).items,
});

/**
 * Saves a new agent; its id. An object as reads return it is taken as well. With the same `key` the same agent is made once, however
 * often it is sent.
 */
export async function createAgent(body: AgentBody | JsonObject, key?: string): Promise<string> {
  const params = key === undefined ? {} : { header: { "Idempotency-Key": key } };
  const saved = await dataOf(api.POST("/v2/agent", { params, body: body as never }));
  return saved.agent_id;
}

/** The first reason for which an agent could not be saved; undefined where it could. Nothing is saved. */
export async function refusalOf(body: JsonObject): Promise<string | undefined> {
  const { errors } = await dataOf(api.POST("/v1/callwright/agents/validate", { body: body as never }));
  return errors[0]?.message;
}

/** Deletes an agent with its calls. */
export async function deleteAgent(id: string): Promise<void> {
  await dataOf(api.DELETE("/v2/agent/{agent_id}", { params: { path: { agent_id: id } } }));
}

/** One agent as it is now, not as it was when it was last asked for. */
export function readAgent(id: string): Promise<Agent> {
  return dataOf(api.GET("/v2/agent/{agent_id}", { params: { path: { agent_id: id } } }));
}

/** One agent. */
export function agentQuery(id: string) {
  return queryOptions({ queryKey: ["agents", id], queryFn: () => readAgent(id) });
}

/** All that is wrong with a draft of an agent. */
export function validationQuery(id: string, draft: AgentBody) {
  return queryOptions({
    queryKey: ["validation", id, draft],
    queryFn: ({ signal }): Promise<AgentValidation> =>
      dataOf(
        api.POST("/v1/callwright/agents/validate", {
          params: { query: { agent_id: id } },
          body: draft as never,
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
}

/** Replaces an agent, unless it is at another revision by now: then it throws an ApiError with STALE. */
export async function saveAgent(id: string, revision: number, body: AgentBody): Promise<void> {
  const params = { path: { agent_id: id }, header: { "If-Match": `"${revision}"` } };
  await dataOf(api.PUT("/v2/agent/{agent_id}", { params, body: body as never }));
}

/** The status of an answer to a change of what somebody else has changed. */
export const STALE = 412;

/** The kept versions of an agent, newest first. */
export function versionsQuery(id: string, revision: number) {
  return queryOptions({
    queryKey: ["agents", id, "versions", revision],
    queryFn: async ({ signal }): Promise<AgentVersion[]> =>
      (
        await dataOf(
          api.GET("/v1/callwright/agents/{agent_id}/versions", { params: { path: { agent_id: id } }, signal }),
        )
      ).items,
  });
}

/** An agent as it was at a revision. */
export function versionQuery(id: string, revision: number) {
  return queryOptions({
    queryKey: ["agent-version", id, revision],
    queryFn: async ({ signal }): Promise<AgentBody> => {
      const params = { path: { agent_id: id, revision } };
      return bodyOf(
        (await dataOf(api.GET("/v1/callwright/agents/{agent_id}/versions/{revision}", { params, signal }))).agent,
      );
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Makes an agent again what it was at a revision. `current` is the one that it is at. */
export async function restoreVersion(id: string, revision: number, current: number): Promise<void> {
  const params = { path: { agent_id: id, revision }, header: { "If-Match": `"${current}"` } };
  await dataOf(api.POST("/v1/callwright/agents/{agent_id}/versions/{revision}/restore", { params }));
}
