"""Keys of a stored agent that nothing reads: misspelt, in the wrong place, or unknown here and to the hosted service."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from callwright.domain.fields import Fields, named, nearest, plain_value, slip_of
from callwright.domain.limits import MAX_UNKNOWN_KEYS
from callwright.platform.agent_settings.rules.table import SETTINGS
from callwright.platform.agents.rules.credentials import FALLBACKS
from callwright.platform.agents.rules.spec import AgentWarning
from callwright.platform.agents.rules.tool_checks import object_at, written_tools

_PROMPT = re.compile(r"task_[1-9][0-9]?")
_LEAST_LETTERS = 5
"""In a shorter option of a provider one letter makes another word."""


def _names(section: str, within: str | None = None) -> frozenset[str]:
    """The settings of a section, in the object ``within`` it or in all of it."""
    return frozenset(one.name for one in SETTINGS if one.section == section and within in (None, one.within))


_KNOWN: Mapping[str, frozenset[str]] = {
    "agent": _names("agent")
    | {"agent_type", "agent_names", "custom_analytics", "mip_opt_out", "multilingual"}
    | {"switch_handoff_messages", "switch_tool_description"},
    "agent_prompts": frozenset(),
    "prompt": frozenset({"system_prompt"}),
    "ingest_source_config": frozenset({"source_type", "source_url", "source_auth_token", "source_name"}),
    "calling_guardrails": frozenset({"call_start_hour", "call_end_hour"}),
    "task": _names("task") | {"tools_config", "task_config"},
    "toolchain": frozenset({"execution", "pipelines"}),
    "task_config": _names("task_config"),
    "tools_config": _names("tools_config")
    | {"llm_agent", "synthesizer", "transcriber", "input", "output", "api_tools"},
    "input": frozenset({"provider", "format"}),
    "output": frozenset({"provider", "format"}),
    "llm_agent": _names("llm_agent") | {"llm_config", "rag_config", "edges"},
    "llm_config": _names("llm_agent") | {"rag_config", "edges", "prompt"},
    "transcriber": _names("transcriber") | {"multilingual", "active"},
    "synthesizer": _names("synthesizer") | {"provider_config"},
    "provider_config": _names("synthesizer"),
    "api_tools": _names("api_tools") | {"webhookURL"},
    "tool": _names("tool") | {"type", "function", "value", "input_schema", "method"},
    "tool_params": _names("tool_params")
    | {
        "transfer_mode",
        "briefing",
        "confirm",
        "bridge",
        "strict",
        "pre_call_message",
        "cal_api_key",
        "cal_event_id",
        "cal_timezone",
    },
}
"""Section -> its settings, the sections in it, and what the hosted service and the open engine have besides. The latter is stored without
effect, as are many settings."""

_OPEN = frozenset({"llm_agent", "llm_config", "transcriber", "synthesizer", "provider_config"})
"""Sections in which a provider's own options may stand: any key but a known one misspelt."""

_HOME: Mapping[str, str] = {
    **dict.fromkeys(_names("tool_params"), "the tool's value"),
    **dict.fromkeys(_KNOWN["tools_config"], "tools_config"),
    **dict.fromkeys(_names("llm_agent", "llm_config") - {"provider", "model"}, "llm_config"),
    **dict.fromkeys(_names("agent"), "agent_config"),
    **dict.fromkeys(_KNOWN["task"], "agent_config.tasks[0]"),
    **dict.fromkeys(_names("task_config"), "task_config"),
    "llm_config": "llm_agent",
    "provider_config": "synthesizer",
    "system_prompt": "agent_prompts.task_1",
}
"""Key -> where it is read, for keys that are read in one place."""

_OF_THE_MODEL = frozenset(one.name for one in SETTINGS if one.within == "llm_config" and not one.kept)


@dataclass(frozen=True, slots=True)
class _Unknown:
    section: str
    fields: Fields
    key: str


def unknown_keys(body: Mapping[str, object]) -> Iterator[AgentWarning]:
    """A warning for each unknown key of a flat body, of the first MAX_UNKNOWN_KEYS of them."""
    for one in islice(_unknown(body), MAX_UNKNOWN_KEYS):
        warning = _warning(one)
        if warning is not None:
            yield warning


def ignored_by_patch(wire: Mapping[str, object], key: str) -> AgentWarning | None:
    """The warning for a key that PATCH ignores: of ``wire``, its body, or of the ``agent_config`` in it (``agent_config.key``)."""
    within = key.startswith("agent_config.")
    fields, name = Fields(wire, ""), key.removeprefix("agent_config.")
    if within:
        fields = object_at(fields, "agent_config") or fields
    if name not in _KNOWN["agent"]:
        return _warning(_Unknown("agent", fields, name))
    if name == "agent_prompts":
        remedy = "Move it beside agent_config."
    else:
        remedy = "Replace the agent with PUT." if within else "Move it to agent_config."
    return AgentWarning(key, plain_value(fields.raw(name), key), f"PATCH ignores {name} here.", remedy)


def _unknown(body: Mapping[str, object]) -> Iterator[_Unknown]:
    for section, fields in _sections(body):
        known = _KNOWN[section]
        moved = _misplaced(section, fields)
        for key in fields.value:
            is_prompt = section == "agent_prompts" and _PROMPT.fullmatch(str(key))
            if (key not in known and not is_prompt) or key in moved:
                yield _Unknown(section, fields, str(key))


def _misplaced(section: str, fields: Fields) -> frozenset[str]:
    """Settings of the model beside an ``llm_config`` that has them not: they are read in it alone."""
    config = object_at(fields, "llm_config") if section == "llm_agent" else None
    return frozenset() if config is None else _OF_THE_MODEL.difference(config.value)


def _sections(body: Mapping[str, object]) -> Iterator[tuple[str, Fields]]:
    agent = Fields(body, "agent_config")
    yield "agent", agent
    prompts = object_at(Fields(body, ""), "agent_prompts")
    if prompts is not None:
        yield "agent_prompts", prompts
        yield from (("prompt", one) for name in prompts.value if (one := object_at(prompts, name)) is not None)
    for name in ("ingest_source_config", "calling_guardrails"):
        yield from _below(agent, name)
    tasks = agent.raw("tasks")
    for index, task in enumerate(tasks if isinstance(tasks, list) else ()):
        if isinstance(task, Mapping):
            yield from _of_task(Fields(task, f"{agent.at('tasks')}[{index}]"))


def _below(fields: Fields, *names: str) -> Iterator[tuple[str, Fields]]:
    """The sections in ``fields`` that are called ``names``."""
    for name in names:
        found = object_at(fields, name)
        if found is not None:
            yield name, found


def _of_task(task: Fields) -> Iterator[tuple[str, Fields]]:
    yield "task", task
    yield from _below(task, "toolchain", "task_config")
    for _, tools_config in _below(task, "tools_config"):
        yield "tools_config", tools_config
        for name, section in _below(tools_config, "llm_agent", "synthesizer"):
            yield name, section
            yield from _below(section, "llm_config" if name == "llm_agent" else "provider_config")
            for _, config in [(name, section), *_below(section, "llm_config")]:
                for link in _fallbacks(config):
                    yield ("llm_config" if name == "llm_agent" else name), link
                    yield from _below(link, "provider_config")
        for _, section in _below(tools_config, "transcriber"):
            yield "transcriber", section
            yield from (("transcriber", link) for link in _fallbacks(section))
        yield from _below(tools_config, "input", "output", "api_tools")
        for tool in written_tools(tools_config):
            yield "tool", tool.tool
            if tool.function is not tool.tool:
                yield "tool", tool.function
            yield "tool_params", tool.params


def _fallbacks(section: Fields) -> Iterator[Fields]:
    """The fallbacks of a provider's section."""
    listed = section.raw(FALLBACKS)
    for index, link in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(link, Mapping):
            yield Fields(link, f"{section.at(FALLBACKS)}[{index}]")


def _warning(one: _Unknown) -> AgentWarning | None:
    known = _KNOWN[one.section]
    home = _HOME.get(one.key)
    if one.key in known or (home is not None and (one.section not in _OPEN or home == "task_config")):
        remedy = f"Move it to {home or 'llm_config'}."
    elif one.section in _OPEN:
        meant = slip_of(one.key, sorted(known), least=_LEAST_LETTERS)
        if meant is None:
            return None
        remedy = f"Write {meant}."
    elif one.section == "agent_prompts":
        remedy = "Name the prompt of the first task task_1, as in task_1.system_prompt."
    else:
        meant = nearest(one.key, known)
        remedy = f"Write {meant}." if meant else "Remove it, or check its name in docs/reference/agent-settings.md."
    path = one.fields.at(one.key)
    return AgentWarning(
        path, plain_value(one.fields.raw(one.key), path), f"Nothing reads {named(one.key)} here.", remedy
    )
