import type { AgentBody } from "../../api/agents.ts";
import { strings } from "../../strings/index.ts";
import leadQualification from "./templates/lead-qualification.json";
import reception from "./templates/reception.json";
import reminder from "./templates/reminder.json";
import support from "./templates/support.json";
import survey from "./templates/survey.json";

const { creating, templates: texts } = strings.agents;

export interface Template {
  name: string;
  title: string;
  lead: string;
  body: AgentBody;
}

const blank: AgentBody = {
  agent_config: {
    agent_name: creating.blankName,
    agent_welcome_message: creating.blankWelcome,
    tasks: [{ task_type: "conversation" }],
  },
  agent_prompts: { task_1: { system_prompt: creating.blankPrompt } },
};

/** The types of a JSON file name every key of every member of a list, also those that a member lacks. */
const asBody = (file: unknown): AgentBody => file as AgentBody;

/** Agents to start from. Each is a body of `POST /v2/agent`, and names no provider: the server's defaults answer. */
export const TEMPLATES: Template[] = [
  { name: "reception", ...texts.reception, body: asBody(reception) },
  { name: "reminder", ...texts.reminder, body: asBody(reminder) },
  { name: "lead-qualification", ...texts["lead-qualification"], body: asBody(leadQualification) },
  { name: "survey", ...texts.survey, body: asBody(survey) },
  { name: "support", ...texts.support, body: asBody(support) },
  { name: "blank", title: creating.blank, lead: creating.blankLead, body: blank },
];
