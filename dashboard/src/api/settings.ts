import { queryOptions } from "@tanstack/react-query";
import { api, dataOf } from "./client.ts";
import type { AgentSetting } from "./types.ts";

/** Every setting of an agent with its sentence, default and range. */
export const settingsQuery = queryOptions({
  queryKey: ["agent-settings"],
  queryFn: async ({ signal }): Promise<AgentSetting[]> =>
    (await dataOf(api.GET("/v1/callwright/agent-settings", { signal }))).settings,
  staleTime: Number.POSITIVE_INFINITY,
});
