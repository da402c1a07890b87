import type { components, paths } from "./schema.gen.ts";

type Schemas = components["schemas"];

export type CallList = Schemas["ExecutionListView"];
export type CallRow = Schemas["ExecutionSummary"];
export type CallTotals = Schemas["ExecutionTotals"];
export type Execution = Schemas["ExecutionView"];
export type Timeline = Schemas["TimelineView"];
export type CallerClip = Schemas["CallerClip"];
export type AgentClip = Schemas["AgentClip"];
export type Turn = Schemas["TimelineTurn"];
export type Wait = Schemas["TurnWait"];
export type Work = Schemas["TimelineWork"];
export type Finding = Schemas["TimelineFinding"];
export type Advice = Schemas["DoctorAdvice"];
export type Costs = Schemas["LegCosts"];
export type Peaks = Schemas["PeaksView"];
type Log = paths["/v1/callwright/executions/{execution_id}/entries"]["get"];
export type EntriesQuery = NonNullable<Log["parameters"]["query"]>;
export type EntriesPage = Log["responses"][200]["content"]["application/json"];
export type LogEntry = EntriesPage["items"][number];
export type Replay =
  paths["/v1/callwright/executions/{execution_id}/replay"]["post"]["responses"][200]["content"]["application/json"];
export type WhatIf = Schemas["WhatIfView"];
export type Scenario = Schemas["ScenarioView"];
export type ComparedRow = Schemas["ComparedRow"];
export type AgentSetting = Schemas["AgentSetting"];
export type Session = Schemas["SessionView"];
export type Severity = Finding["severity"];
export type Agent = Schemas["AgentView"];
export type AgentValidation = Schemas["AgentValidation"];
export type AgentVersion = Schemas["AgentVersionView"];
export type ChatReply = Schemas["ChatReplyView"];
export type ListedAgent = Schemas["ListedAgent"];
