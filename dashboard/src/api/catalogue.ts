import { queryOptions } from "@tanstack/react-query";
import { api, dataOf } from "./client.ts";
import type { AgentProvider, ListedModel, ListedVoice } from "./types.ts";

/** The installed recognisers, models and voices. They change with the server, not while a page is open. */
export const providersQuery = queryOptions({
  queryKey: ["catalogue", "providers"],
  queryFn: async ({ signal }): Promise<AgentProvider[]> =>
    (await dataOf(api.GET("/v1/callwright/agent-settings/providers", { signal }))).providers,
  staleTime: Number.POSITIVE_INFINITY,
});

/** Every voice of the installed providers. */
export const voicesQuery = queryOptions({
  queryKey: ["catalogue", "voices"],
  queryFn: ({ signal }): Promise<ListedVoice[]> => dataOf(api.GET("/me/voices", { signal })),
  staleTime: Number.POSITIVE_INFINITY,
});

/** The models that agents may name, also those that the account has added. */
export const modelsQuery = queryOptions({
  queryKey: ["catalogue", "models"],
  queryFn: async ({ signal }): Promise<ListedModel[]> =>
    (await dataOf(api.GET("/user/model/all", { signal }))).llmModels,
  staleTime: 60_000,
});
