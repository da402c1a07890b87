import type { components } from "./schema.gen.ts";

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
export type LogEntry = Schemas["EntryView"];
export type Replay = Schemas["ReplayView"];
export type WhatIf = Schemas["WhatIfView"];
export type ComparedRow = Schemas["ComparedRow"];
export type Session = Schemas["SessionView"];
export type Severity = Finding["severity"];
