"""Shapes of agents for the API description (contract chapter 4). Every one may carry further keys, which are kept."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from callwright.api.schemas import Open, Timestamp, declared, example
from callwright.domain.limits import MAX_AGENT_TASKS, MAX_AGENT_WARNINGS
from callwright.platform.agent_settings.rules.table import PROMPTS, settings_in


class ModelConfig(Open):
    """``llm_config`` of a task."""

    model_config = declared(settings_in("llm_agent", "llm_config"))


class LlmAgent(Open):
    """Who thinks."""

    model_config = declared(settings_in("llm_agent"))

    llm_config: ModelConfig | None = None


class VoiceConfig(Open):
    """``provider_config`` of a synthesizer."""

    model_config = declared(settings_in("synthesizer", "provider_config"))


class Synthesizer(Open):
    """Who speaks."""

    model_config = declared(settings_in("synthesizer"))

    provider_config: VoiceConfig | None = None


class Transcriber(Open):
    """Who listens."""

    model_config = declared(settings_in("transcriber"))


class ToolsConfig(Open):
    """The providers of a task. A missing section means this platform's local default."""

    llm_agent: LlmAgent | None = None
    synthesizer: Synthesizer | None = None
    transcriber: Transcriber | None = None
    input: dict[str, Any] | None = None
    output: dict[str, Any] | None = None
    api_tools: dict[str, Any] | list[Any] | None = None


class TaskConfig(Open):
    """How the agent behaves in a call."""

    model_config = declared(settings_in("task_config"))


class Task(Open):
    """One task: the conversation, or work after it."""

    model_config = declared(settings_in("task"))

    tools_config: ToolsConfig | None = None
    task_config: TaskConfig | None = None


class AgentConfig(Open):
    """An agent's configuration."""

    model_config = declared(one for one in settings_in("agent") if one.name != PROMPTS)

    agent_name: str
    tasks: list[Task] = Field(min_length=1, max_length=MAX_AGENT_TASKS)


class AgentBody(Open):
    """The envelope an agent comes in."""

    agent_config: AgentConfig
    agent_prompts: dict[str, Any] | None = Field(
        default=None, description="`task_1: {system_prompt}`, by the task's number from 1."
    )


class AgentPatch(Open):
    """What PATCH changes; other keys are ignored, and named in the answer."""

    agent_config: dict[str, Any] | None = None
    agent_prompts: dict[str, Any] | None = None


class Warned(Open):
    """Something in the agent that does not do what it seems to. It was saved all the same."""

    path: str = Field(description="Where it stands.")
    value: Any = Field(description="What stands there, or its kind where it may be a secret.")
    message: str = Field(description="What is wrong.")
    remedy: str = Field(description="What to do.")


class Warnings(Open):
    """What the platform says of a saved agent."""

    revision: int = Field(description="Counts the changes; send it as `If-Match`.")
    warnings: list[Warned] = Field(description=f"At most {MAX_AGENT_WARNINGS}; empty where there is nothing to say.")


class AgentBlock(Open):
    """What the platform says of an agent that is read."""

    revision: int = Field(description="Counts the changes.")
    warnings: list[Warned] | None = Field(default=None, description="Not in lists.")


_WARNED: dict[str, Any] = {
    "revision": 1,
    "warnings": [
        {
            "path": "agent_config.tasks[0].task_config.hangup_after_silense",
            "value": 12,
            "message": "Nothing reads hangup_after_silense here.",
            "remedy": "Write hangup_after_silence.",
        }
    ],
}


class AgentSaved(Open):
    """The answer to creating or replacing an agent."""

    model_config = example(
        {
            "agent_id": "7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10",
            "state": "created",
            "status": "created",
            "callwright": _WARNED,
        }
    )

    agent_id: str
    state: str
    status: str
    callwright: Warnings


class AgentPatched(Open):
    """The answer to patching an agent."""

    model_config = example(
        {"message": "success", "state": "updated", "status": "success", "callwright": {"revision": 2, "warnings": []}}
    )

    message: str
    state: str
    status: str
    callwright: Warnings


class AgentChanged(Open):
    """The answer to deleting an agent."""

    model_config = example({"message": "success", "state": "deleted", "status": "success"})

    message: str
    state: str
    status: str


AGENT_VIEW: dict[str, Any] = {
    "id": "7d1c0c1e-58f4-4b0e-9a55-2b2f6a1d9c10",
    "agent_name": "Clinic reminder",
    "agent_type": "other",
    "agent_status": "processed",
    "restricted": False,
    "agent_welcome_message": "Hello {customer_name}.",
    "webhook_url": None,
    "ingest_source_config": None,
    "calling_guardrails": None,
    "telephony_provider": None,
    "sip_header_variables": None,
    "ingest_lookup_key": None,
    "dispositions": None,
    "gpt_assistants": None,
    "custom_analytics": None,
    "webhook_config": None,
    "webhook_headers": None,
    "agent_names": None,
    "multilingual": None,
    "switch_handoff_messages": None,
    "switch_tool_description": None,
    "mip_opt_out": None,
    "created_by": None,
    "creation_source": None,
    "parent_agent_id": None,
    "source_agent_id": None,
    "tasks": [
        {
            "task_type": "conversation",
            "toolchain": {"execution": "parallel", "pipelines": [["transcriber", "llm", "synthesizer"]]},
            "tools_config": {
                "llm_agent": {
                    "agent_type": "simple_llm_agent",
                    "agent_flow_type": "streaming",
                    "llm_config": {"provider": "openai", "model": "gpt-4.1-mini", "max_tokens": 100},
                },
                "transcriber": {"provider": "deepgram", "model": "nova-3", "language": "en"},
                "synthesizer": {
                    "provider": "elevenlabs",
                    "provider_config": {"voice": "Nila", "voice_id": "V9LCAAi4tTlqe9JadbCo"},
                },
                "input": {"provider": "twilio", "format": "wav"},
                "output": {"provider": "twilio", "format": "wav"},
            },
            "task_config": {"hangup_after_silence": 10, "call_terminate": 90},
        }
    ],
    "agent_prompts": {"task_1": {"system_prompt": "Confirm the appointment."}},
    "inbound_phone_number": None,
    "created_at": "2026-11-24T16:31:07.193399+00:00",
    "updated_at": "2026-11-24T16:31:07.193399+00:00",
    "callwright": {"revision": 1, "warnings": []},
}
"""An agent as it is read."""


class AgentView(Open):
    """An agent as read: its stored keys at the top level, and what the platform knows."""

    model_config = example(AGENT_VIEW)

    id: str
    agent_name: str
    agent_type: str
    agent_status: str
    created_at: Timestamp
    updated_at: Timestamp
    tasks: list[Task]
    agent_prompts: dict[str, Any] | None = None
    callwright: AgentBlock


class StoppedExecutions(Open):
    """The waiting calls that were stopped."""

    model_config = example({"stopped_executions": ["0c62bce5-0900-4ba2-8d9b-fe63144a5017"]})

    stopped_executions: list[str]


EXAMPLE: dict[str, Any] = {
    "agent_config": {
        "agent_name": "Clinic reminder",
        "agent_welcome_message": "Hello {customer_name}, this is Mira from Hill Clinic.",
        "webhook_url": "https://hooks.example.org/calls",
        "tasks": [
            {
                "task_type": "conversation",
                "toolchain": {"execution": "parallel", "pipelines": [["transcriber", "llm", "synthesizer"]]},
                "task_config": {"hangup_after_silence": 12, "call_terminate": 300},
            }
        ],
    },
    "agent_prompts": {
        "task_1": {"system_prompt": "Confirm the appointment on {appointment_day}. Keep every answer short."}
    },
}

PATCH_EXAMPLE: dict[str, Any] = {"agent_config": {"agent_name": "Clinic reminder, winter", "webhook_url": None}}
