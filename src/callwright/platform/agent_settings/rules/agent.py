"""The settings of an agent beside its conversation and its providers."""

from __future__ import annotations

from callwright.domain.limits import MAX_NAME_CHARACTERS
from callwright.domain.settings.kinds import TEXT, choice, described, text
from callwright.domain.settings.setting import Setting

_TASK_TYPES = ("conversation", "extraction", "summarization", "webhook")

AGENT_NAME = Setting("agent.agent_name", text(MAX_NAME_CHARACTERS), None, "Required.")
WELCOME = Setting(
    "agent.agent_welcome_message",
    described("a text", TEXT),
    "This call is recorded for quality assurance and training. Please speak now.",
    "The first sentence; empty: the caller speaks first.",
)
TELEPHONY_PROVIDER = Setting(
    "agent.telephony_provider",
    described("a carrier's name"),
    "default",
    "The carrier; `default`: the server's.",
)
TASK_TYPE = Setting("task.task_type", choice(_TASK_TYPES), "conversation", "The kind of task.")

AGENT: tuple[Setting, ...] = (
    AGENT_NAME,
    WELCOME,
    Setting(
        "agent.agent_prompts",
        described("an object"),
        None,
        "`task_N.system_prompt`: the prompt, with the call's variables.",
    ),
    Setting(
        "agent.webhook_url",
        described("an http or https URL", TEXT),
        None,
        "Gets each status. `{names}` in path and query are variables, percent-encoded.",
    ),
    Setting("agent.webhook_headers", described("a map"), None, "Headers of webhooks."),
    Setting(
        "agent.webhook_config",
        described("a list, or an object with `statuses`"),
        None,
        "Statuses sent; null: all published ones.",
    ),
    TELEPHONY_PROVIDER,
    Setting(
        "agent.ingest_source_config",
        described(
            "`source_type` (api, csv, google_sheet), `source_url`, `source_auth_token`, `source_name`; also as JSON text"
        ),
        None,
        "Where [callers are looked up](how-to/inbound-and-numbers.md).",
    ),
    Setting(
        "agent.ingest_lookup_key",
        described("the name of a header"),
        None,
        "Looked up in place of the caller's number.",
    ),
    Setting(
        "agent.sip_header_variables",
        described("a map of header to variable"),
        None,
        "Headers of incoming calls that become variables.",
    ),
    Setting(
        "agent.calling_guardrails",
        described("`call_start_hour` and `call_end_hour`, 0 to 23, or its JSON text"),
        None,
        "[Hours of outbound calls](how-to/calling-hours.md) in the called person's time zone; null: any, and 9 to 21"
        " for call-backs.",
    ),
    Setting(
        "agent.gpt_assistants",
        described("a list of objects"),
        None,
        "In older agents: their `custom_questions` are asked if there are no dispositions.",
    ),
    Setting("agent.tasks", described("1 to 20 tasks"), None, "The conversation, and the work after it."),
    TASK_TYPE,
    Setting(
        "task.toolchain",
        described("`execution` and `pipelines`", {"type": "object"}),
        None,
        "In which order its parts work; ours is fixed.",
        kept=True,
    ),
    Setting(
        "tools_config.multilingual_config",
        described("at least two languages"),
        None,
        "Several languages in one call.",
        kept=True,
    ),
)
