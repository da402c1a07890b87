"""Agents: the contract's JSON read leniently into what the platform needs (contract chapter 4).

The stored body keeps every key as it came, unknown ones included. :func:`parse_agent` reads it into an :class:`AgentSpec`; a wrong
value raises InvalidAgentError naming its path and never becomes a default.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from callwright.domain.errors import InvalidAgentError
from callwright.domain.fields import Fields, not_among, wrong
from callwright.domain.limits import (
    MAX_ADDRESS_CHARACTERS,
    MAX_AGENT_TASKS,
    MAX_PROMPT_CHARACTERS,
    MAX_WEBHOOK_HEADERS,
)
from callwright.domain.web_address import names_host
from callwright.platform.agent_settings.rules.agent import AGENT_NAME, TASK_TYPE, TELEPHONY_PROVIDER, WELCOME
from callwright.platform.agent_settings.rules.conversation import read_settings
from callwright.platform.agents.rules.callers import read_caller_data
from callwright.platform.agents.rules.providers import ProviderNames, read_model, read_transcriber, read_voice
from callwright.platform.agents.rules.questions import custom_questions
from callwright.platform.agents.rules.spec import AgentSpec, PostCallTask, ProviderChoice, ProviderDefaults, ToolSpec
from callwright.platform.agents.rules.tools import read_tools
from callwright.platform.executions.rules.execution import Status
from callwright.platform.provider_keys.rules.sealing import sealed_bytes
from callwright.platform.tools.rules.request import HEADER_BLANKS
from callwright.platform.webhooks.rules.address import has_blanks, has_fixed_host

__all__ = [
    "DEFAULT_WELCOME",
    "AgentSpec",
    "PostCallTask",
    "ProviderChoice",
    "ProviderDefaults",
    "ToolSpec",
    "check_addresses",
    "parse_agent",
]

DEFAULT_WELCOME: str = WELCOME.default
"""What an agent says first when it does not say what it says first. ``null`` or an empty text: the caller speaks first."""

DEFAULT_HOURS = (9, 21)
"""Hours of an agent that names none, in which a caller may ask to be called back."""

_COMPONENTS = frozenset({"transcriber", "llm", "synthesizer", "input", "output", "s2s"})
_EXECUTION_ORDERS = frozenset({"parallel", "sequential"})
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\U0010ffff]{0,4096}")


def parse_agent(
    body: Mapping[str, Any],
    registered: Callable[[str], Collection[str]] | None = None,
    defaults: ProviderDefaults | None = None,
    kept_tools: Collection[str] = (),
) -> AgentSpec:
    """Read an agent's flat body (``agent_config`` keys at the top level, plus ``agent_prompts``).

    ``registered(kind)`` are the names of the registered providers; with it, names must be registered or listed by the contract, and
    tools' names such as models' endpoints take, unless they are ``kept_tools``, which it has already: it is for an agent that is saved.
    Without it names are not checked. ``defaults`` are the providers of sections that name none. Raises InvalidAgentError.
    """
    agent = Fields(body, "agent_config")
    names = ProviderNames(registered, defaults or ProviderDefaults())
    name = (AGENT_NAME.of(agent) or "").strip()
    if not name:
        raise InvalidAgentError("agent_name is required", field="agent_config.agent_name")
    tasks = _tasks(agent)
    number, conversation = _conversation(tasks)
    tools_config = conversation.child("tools_config") or Fields({}, conversation.at("tools_config"))
    transcriber, endpointing_ms = read_transcriber(tools_config.child("transcriber"), names)
    model = read_model(tools_config.child("llm_agent"), names)
    tools = read_tools(tools_config, None if registered is None else kept_tools)
    config = conversation.child("task_config") or Fields({}, conversation.at("task_config"))
    _check_languages(tools_config)
    hours = _calling_hours(agent)
    settings = read_settings(config)
    carrier, carrier_path = _carrier(agent, tools_config, names)
    return AgentSpec(
        name=name,
        welcome_message=_welcome(agent),
        system_prompt=_prompt(body, number, len(tasks)),
        transcriber=transcriber,
        model=model,
        voice=read_voice(tools_config.child("synthesizer"), names, transcriber.language),
        settings=settings,
        telephony_provider=carrier,
        telephony_path=carrier_path,
        end_call_tool=settings.extra["end_call_tool_mode"] not in (None, "off")
        or any(_ends_calls(tool) for tool in tools),
        tools=tools,
        post_call=_post_call(body, tasks, model, names),
        custom_questions=custom_questions(body.get("gpt_assistants"), model),
        webhook_url=_web_address(agent, "webhook_url"),
        webhook_headers=_webhook_headers(agent),
        webhook_statuses=_webhook_statuses(agent),
        endpointing_ms=endpointing_ms,
        calling_hours=hours,
        callers=read_caller_data(agent),
    )


def check_addresses(spec: AgentSpec) -> None:
    """Raise InvalidAgentError for an address that nobody can ever be asked at. For an agent that is saved: a call of one that was saved
    before lives without its webhook or its look-up."""
    source = spec.callers.source
    for name, url in (("webhook_url", spec.webhook_url), ("ingest_source_config.source_url", source and source.url)):
        if url and not names_host(url):
            path = f"agent_config.{name}"
            raise InvalidAgentError(f"{path} must be an http or https URL with a host that can be read", field=path)


def _tasks(agent: Fields) -> list[Fields]:
    listed = agent.list("tasks")
    if listed is None:
        raise InvalidAgentError("tasks is required", field=agent.at("tasks"))
    if not 1 <= len(listed) <= MAX_AGENT_TASKS:
        path = agent.at("tasks")
        raise InvalidAgentError(f"{path} must hold 1 to {MAX_AGENT_TASKS} tasks, not {len(listed)}", field=path)
    tasks: list[Fields] = []
    for index, one in enumerate(listed):
        path = f"{agent.at('tasks')}[{index}]"
        if not isinstance(one, Mapping):
            raise wrong(path, "an object", one)
        task = Fields(one, path)
        TASK_TYPE.of(task)
        _check_toolchain(task)
        tasks.append(task)
    return tasks


def _check_toolchain(task: Fields) -> None:
    toolchain = task.child("toolchain")
    if toolchain is None:
        return
    toolchain.choice("execution", "parallel", _EXECUTION_ORDERS)
    pipelines = toolchain.raw("pipelines")
    if pipelines is None:
        return
    path = toolchain.at("pipelines")
    if not isinstance(pipelines, list) or not all(isinstance(pipeline, list) for pipeline in pipelines):
        raise InvalidAgentError("toolchain.pipelines must be array of arrays", field=path)
    for row, pipeline in enumerate(pipelines):
        for column, component in enumerate(pipeline):
            if not isinstance(component, str) or component not in _COMPONENTS:
                raise not_among(f"{path}[{row}][{column}]", _COMPONENTS, component)


def _conversation(tasks: Sequence[Fields]) -> tuple[int, Fields]:
    """The first conversation task and its number from 1."""
    for number, task in enumerate(tasks, 1):
        if TASK_TYPE.of(task) == TASK_TYPE.default:
            return number, task
    raise InvalidAgentError(
        "agent_config.tasks must hold a task with task_type conversation: without one there is nothing to say",
        field="agent_config.tasks",
    )


def _welcome(agent: Fields) -> str:
    if "agent_welcome_message" not in agent.value:
        return DEFAULT_WELCOME
    return agent.text("agent_welcome_message", longest=MAX_PROMPT_CHARACTERS)


def _prompt(body: Mapping[str, Any], number: int, needed_among: int = 0) -> str:
    """``agent_prompts.task_N.system_prompt``, empty without one.

    ``needed_among``: how many tasks the agent has, for a task that needs a prompt. A misspelt key would make an agent that knows nothing:
    such a task may lack a prompt only if nothing stands where its prompt would, and every key names one of the tasks.
    """
    prompts = Fields(body, "").child("agent_prompts")
    if prompts is None:
        return ""
    name = f"task_{number}"
    if isinstance(prompts.raw(name), str):
        return prompts.text(name, longest=MAX_PROMPT_CHARACTERS)
    task = prompts.child(name)
    prompt = task.text("system_prompt", longest=MAX_PROMPT_CHARACTERS) if task is not None else ""
    if needed_among and (task is None or task.raw("system_prompt") is None):
        others = {f"task_{other}" for other in range(1, needed_among + 1)}
        if others.issuperset(prompts.value) and (task is None or task.value.keys() <= {"system_prompt"}):
            return ""
        path = f"agent_prompts.{name}.system_prompt"
        raise InvalidAgentError(f"{path} is required", field=path)
    return prompt


def _carrier(agent: Fields, tools_config: Fields, names: ProviderNames) -> tuple[str, str]:
    """``telephony_provider``, else what input and output name; and the path that names it, empty where none does."""
    named = agent.text("telephony_provider")
    if named:
        path = agent.at("telephony_provider")
        return names.check("carrier", named, path), path
    found: tuple[str, str] | None = None
    for side in ("input", "output"):
        section = tools_config.child(side)
        if section is None:
            continue
        section.text("format")
        provider = section.text("provider")
        if provider:
            path = section.at("provider")
            found = found or (names.check("carrier", provider, path), path)
    return found or (TELEPHONY_PROVIDER.default, "")


def _ends_calls(tool: ToolSpec) -> bool:
    return tool.key == "end_call" or tool.name.startswith("end_call")


def _check_languages(tools_config: Fields) -> None:
    """Contract 17.1: at least two languages, the active one among them."""
    given = tools_config.raw("multilingual_config")
    if given is None or (isinstance(given, Mapping) and not given.get("enabled")):
        return
    languages = given.get("languages") if isinstance(given, Mapping) else None
    if (
        not isinstance(given, Mapping)
        or not isinstance(languages, Mapping)
        or len(languages) < 2
        or given.get("active_language", "en") not in list(languages)
    ):
        raise InvalidAgentError("Invalid multilingual config", field=tools_config.at("multilingual_config"))


def agent_hours(body: Mapping[str, Any]) -> tuple[int, int] | None:
    """Returns the hours in which an agent's outbound calls may be made, the end exclusive; None for any hour. Raises InvalidAgentError."""
    return _guardrails(Fields(body, ""))


def _calling_hours(agent: Fields) -> tuple[int, int]:
    """``calling_guardrails``, the end exclusive; without them nine to nine (contract 11.3)."""
    return _guardrails(agent) or DEFAULT_HOURS


def _guardrails(agent: Fields) -> tuple[int, int] | None:
    hours = agent.child_or_text("calling_guardrails")
    if hours is None or not hours.value:
        return None
    start = hours.whole("call_start_hour", 0, 0, 23)
    end = hours.whole("call_end_hour", 23, 0, 23)
    if end < start:
        raise hours.wrong("call_end_hour", f"at least call_start_hour ({start})", told=str(end))
    return start, end


def _post_call(
    body: Mapping[str, Any], tasks: Sequence[Fields], conversation_model: ProviderChoice, names: ProviderNames
) -> tuple[PostCallTask, ...]:
    found: list[PostCallTask] = []
    for number, task in enumerate(tasks, 1):
        kind = task.raw("task_type")
        if kind not in {"extraction", "summarization"}:
            continue
        tools_config = task.child("tools_config")
        section = tools_config.child("llm_agent") if tools_config is not None else None
        model = read_model(section, names) if section is not None else conversation_model
        details, schema = _wanted(kind, section)
        prompt = _prompt(body, number)
        found.append(PostCallTask(kind=kind, model=model, details=details, schema=schema, system_prompt=prompt))
    return tuple(found)


def _wanted(kind: str, section: Fields | None) -> tuple[str, Mapping[str, Any]]:
    """What a task after the call is asked for: as text, and as JSON when it is given so."""
    if section is None:
        return "", {}
    config = section.child("llm_config") or section
    if kind == "summarization":
        return config.text("summarization_details", longest=MAX_PROMPT_CHARACTERS), {}
    wanted = config.raw("extraction_json")
    if wanted is None:
        wanted = config.raw("extraction_details")
    if wanted is None:
        return "", {}
    if isinstance(wanted, Mapping):
        return "", dict(wanted)
    if not isinstance(wanted, str) or len(wanted) > MAX_PROMPT_CHARACTERS:
        raise config.wrong("extraction_json", f"an object or text of at most {MAX_PROMPT_CHARACTERS} characters")
    parsed = _object_in(wanted)
    return ("", parsed) if parsed else (wanted, {})


def _object_in(text: str) -> dict[str, Any]:
    """The JSON object a text is, or nothing when it is prose."""
    if not text.lstrip().startswith("{"):
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _web_address(agent: Fields, name: str) -> str | None:
    url = agent.text(name, longest=MAX_ADDRESS_CHARACTERS)
    if not url:
        return None
    if not url.startswith(("http://", "https://")) or has_blanks(url):
        raise agent.wrong(name, "an http or https URL, or null")
    if not has_fixed_host(url):
        raise agent.wrong(name, "a URL whose {names} stand in its path and query only")
    return url


def _webhook_headers(agent: Fields) -> dict[str, str]:
    section = agent.child("webhook_headers")
    if section is None:
        return {}
    if len(section.value) > MAX_WEBHOOK_HEADERS:
        raise InvalidAgentError(f"{section.path} may hold at most {MAX_WEBHOOK_HEADERS} headers", field=section.path)
    found: dict[str, str] = {}
    for name, value in section.value.items():
        if not _HEADER_NAME.fullmatch(name):
            # Not shown: whoever sends a whole header line as the name sends its secret with it.
            raise InvalidAgentError(f"{section.path} holds a name that is not a header's", field=section.path)
        if value is None:
            raise section.wrong(name, "a string")
        text = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else section.text(name)
        if sealed_bytes(text) is None and not _HEADER_VALUE.fullmatch(text):
            raise InvalidAgentError(f"{section.at(name)} is not a header that can be sent", field=section.at(name))
        # A secret that was pasted with a blank behind it could not be sent.
        found[name] = text.strip(HEADER_BLANKS)
    return found


def _webhook_statuses(agent: Fields) -> frozenset[str] | None:
    """``webhook_config``: a list of statuses, or an object with ``statuses``; None: all of them."""
    given = agent.raw("webhook_config")
    path = agent.at("webhook_config")
    if isinstance(given, Mapping):
        given, path = given.get("statuses"), f"{path}.statuses"
    if given is None:
        return None
    if not isinstance(given, list):
        raise wrong(path, "a list of statuses", given)
    for index, status in enumerate(given):
        if not isinstance(status, str) or status not in set(Status):
            raise not_among(f"{path}[{index}]", set(Status), status)
    return frozenset(given)
