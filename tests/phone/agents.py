"""Agents of the phone tests: they hear and speak text carried in tones, and their answers are scripted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.phone.sound import HELD_TONE

WELCOME = "Welcome to the phone test."
ANNOUNCEMENT = "One moment please."
RULES: Sequence[Mapping[str, Any]] = (
    {"when": "appointment", "say": "Which day suits you?"},
    {"when": "monday", "say": "Monday it is."},
    {"when": "tone", "say": HELD_TONE},
    {"when": "goodbye", "say": "Goodbye then.", "end_call": True},
    {"when": '"transferred": false', "say": "That did not work."},
    {"when": "colleague", "tool": {"name": "transfer_call_colleague", "arguments": {}}},
)


def agent(rules: Sequence[Mapping[str, Any]] = RULES, *, welcome: str = WELCOME, **more: Any) -> dict[str, Any]:
    """The body that creates an agent. ``transfer_to`` and ``transfer_mode`` give it a transfer tool; the rest are task settings."""
    transfer_to, mode = more.pop("transfer_to", ""), more.pop("transfer_mode", "blind")
    tools: dict[str, Any] = {
        "transcriber": {"provider": "scripted", "model": "scripted", "language": "en"},
        "llm_agent": {"provider": "scripted", "model": "scripted", "rules": list(rules), "max_tokens": 200},
        "synthesizer": {"provider": "scripted", "provider_config": {"voice": "scripted"}},
    }
    if transfer_to:
        tools["api_tools"] = _transfer_tool(transfer_to, mode)
    settings = {"call_terminate": 120, "hangup_after_silence": 0, "check_if_user_online": False, **more}
    return {
        "agent_config": {
            "agent_name": "Phones",
            "agent_welcome_message": welcome,
            "tasks": [{"task_type": "conversation", "tools_config": tools, "task_config": settings}],
            "end_call_tool_mode": "auto",
        },
        "agent_prompts": {"task_1": {"system_prompt": "Take calls."}},
    }


def _transfer_tool(target: str, mode: str) -> dict[str, Any]:
    name = "transfer_call_colleague"
    parameters = {"type": "object", "properties": {}, "required": []}
    return {
        "tools": [
            {
                "name": name,
                "key": "transfer_call",
                "description": "Hands the caller over.",
                "pre_call_message": {"en": ANNOUNCEMENT},
                "parameters": parameters,
            }
        ],
        "tools_params": {
            name: {
                "url": None,
                "method": "POST",
                "param": {"call_transfer_number": target},
                "transfer_mode": mode,
            }
        },
    }
