"""An agent as the contract shows it (3.1): stored keys at the top level, every documented key present, its default or null when empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from callwright.insight.wire import wire_time
from callwright.platform.agents.rules.credentials import shown_body
from callwright.platform.agents.rules.parsing import DEFAULT_WELCOME
from callwright.platform.agents.rules.spec import AgentWarning
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.agents.rules.tasks import with_defaults

_EMPTY = (
    "webhook_url",
    "ingest_source_config",
    "calling_guardrails",
    "telephony_provider",
    "sip_header_variables",
    "ingest_lookup_key",
    "dispositions",
    "gpt_assistants",
    "custom_analytics",
    "webhook_config",
    "webhook_headers",
    "agent_names",
    "multilingual",
    "switch_handoff_messages",
    "switch_tool_description",
    "mip_opt_out",
    "created_by",
    "creation_source",
    "parent_agent_id",
    "source_agent_id",
)


def warned(warnings: Sequence[AgentWarning]) -> dict[str, Any]:
    """The warnings about an agent."""
    return {"warnings": [asdict(warning) for warning in warnings]}


def saved(agent: StoredAgent, warnings: Sequence[AgentWarning]) -> dict[str, Any]:
    """``callwright`` of the answer to an agent that was saved."""
    return {"revision": agent.revision, **warned(warnings)}


def agent_view(agent: StoredAgent, warnings: Sequence[AgentWarning] | None = None) -> dict[str, Any]:
    """The Agent object of a read, in a list without ``warnings``. Credentials are masked; unknown stored keys are returned as they came."""
    body = shown_body(agent.body)
    return {
        "id": agent.id,
        "agent_name": agent.name,
        "agent_type": "other",
        "agent_status": "seeding" if agent.seeding else "processed",
        "restricted": False,
        # Not null: put back, that would be an agent that lets the caller speak first.
        "agent_welcome_message": DEFAULT_WELCOME,
        **dict.fromkeys(_EMPTY),
        "agent_prompts": {},
        **body,
        "tasks": with_defaults(body["tasks"]),
        "dispositions": agent.dispositions,
        "inbound_phone_number": agent.inbound_phone_number,
        "created_at": wire_time(agent.created_at),
        "updated_at": wire_time(agent.updated_at),
        "callwright": {"revision": agent.revision, **({} if warnings is None else warned(warnings))},
    }
