"""An agent with given settings, named as the rows of docs/reference/agent-settings.md are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from callwright.conversation.plan import CallPlan, plan_for
from callwright.domain.settings.setting import Setting
from callwright.platform.agents.rules.parsing import parse_agent

TOOL = {
    "name": "look_up",
    "key": "custom_task",
    "description": "Looks it up.",
    "parameters": {"type": "object", "properties": {}},
}

OF_THE_VOICE = {f"synthesizer.{name}" for name in ("voice", "voice_id", "model", "language", "speed")}
"""They stand one object deeper than the other settings of the synthesizer."""

WORDS: dict[str, Any] = {
    "llm_agent.vector_store": {"vector_id": "v"},
    "task.toolchain": {"execution": "sequential", "pipelines": [["llm"]]},
    "tools_config.multilingual_config": {"languages": {"en": {}, "hi": {}}, "active_language": "en"},
    "tool_params.scope": "node",
    "transcriber.fallbacks": [{"provider": "scripted"}],
    "synthesizer.fallbacks": [{"provider": "scripted"}],
    "llm_agent.fallbacks": [{"provider": "scripted"}],
}


def another_value(row: Setting) -> Any:
    """A value of the setting that is not its default."""
    if isinstance(row.default, bool):
        return not row.default
    if row.most is not None:
        return row.most if row.most != row.default else row.least
    words = (one for one in row.kind.schema.get("enum", ()) if one != row.default)
    return WORDS.get(row.key) or next(words, f"another {row.key}")


def agent_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The flat body of an agent whose providers and one tool are scripted, with ``settings`` (``section.name`` to value)."""
    parts: dict[str, dict[str, Any]] = {
        "agent": {"agent_name": "Ada"},
        "task": {"task_type": "conversation"},
        "task_config": {},
        "tools_config": {},
        "transcriber": {"provider": "scripted"},
        "synthesizer": {"provider": "scripted"},
        "synthesizer.provider_config": {"voice": "v"},
        "llm_agent": {"provider": "scripted", "model": "m"},
        "tool": dict(TOOL),
        "tool_params": {"method": "GET", "url": "https://records.example/"},
    }
    for key, value in settings.items():
        section, _, name = key.partition(".")
        parts["synthesizer.provider_config" if key in OF_THE_VOICE else section][name] = value
    tool = parts["tool"]
    tools_config = {
        "transcriber": parts["transcriber"],
        "synthesizer": {**parts["synthesizer"], "provider_config": parts["synthesizer.provider_config"]},
        "llm_agent": {"agent_type": "simple_llm_agent", "llm_config": parts["llm_agent"]},
        "api_tools": {"tools": [tool], "tools_params": {tool["name"]: parts["tool_params"]}},
        **parts["tools_config"],
    }
    task = {**parts["task"], "task_config": parts["task_config"], "tools_config": tools_config}
    return {"agent_prompts": None, **parts["agent"], "tasks": [task]}


def plan_with(settings: Mapping[str, Any]) -> CallPlan:
    """The plan of a call of :func:`agent_of`."""
    return plan_for(parse_agent(agent_of(settings)))


def changed(before: CallPlan, after: CallPlan) -> dict[str, Any]:
    """The fields in which two plans differ, as ``after`` has them."""
    names = [one.name for one in fields(CallPlan)]
    return {name: getattr(after, name) for name in names if getattr(after, name) != getattr(before, name)}


def is_within(sent: Any, read: Any) -> bool:
    """Whether what was sent is in what is read, as it came."""
    if isinstance(sent, dict):
        return isinstance(read, dict) and all(name in read and is_within(sent[name], read[name]) for name in sent)
    if isinstance(sent, list):
        return isinstance(read, list) and len(sent) == len(read) and all(map(is_within, sent, read))
    return type(sent) is type(read) and bool(sent == read)
