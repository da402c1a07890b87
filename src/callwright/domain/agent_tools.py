"""``api_tools`` of an agent (contract 14.1): both spellings of the contract and the engine's wrapped definitions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from callwright.domain.agent_spec import ToolSpec
from callwright.domain.agent_transfers import BLIND, MODES
from callwright.domain.errors import InvalidAgentError
from callwright.domain.fields import Fields, wrong
from callwright.domain.limits import MAX_AGENT_TOOLS, MAX_NAME_CHARACTERS, MAX_PROMPT_CHARACTERS

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})

#: Other spelling in the contract's sources -> the key used here (contract 20, calendar keys).
_SAME_KEY = {"calendar_slot_availability": "check_availability_of_slots", "calendar_book": "book_appointment"}
_BUILT_IN_PREFIXES = ("transfer_call", "end_call", "check_availability_of_slots", "book_appointment", "switch_language")


def read_tools(section: Fields | None) -> tuple[ToolSpec, ...]:
    """The agent's tools in order. Raises InvalidAgentError for a tool that could not be called."""
    if section is None:
        return ()
    listed = section.raw("tools")
    if isinstance(listed, str):
        listed = _json(listed, section.at("tools"))
    if listed is None:
        return ()
    if not isinstance(listed, list):
        raise wrong(section.at("tools"), "an array of tools or its JSON text", listed)
    if len(listed) > MAX_AGENT_TOOLS:
        path = section.at("tools")
        raise InvalidAgentError(f"{path} holds {len(listed)} tools, at most {MAX_AGENT_TOOLS} are allowed", field=path)
    params = section.child("tools_params") or Fields({}, section.at("tools_params"))
    tools = tuple(_tool(one, f"{section.at('tools')}[{index}]", params) for index, one in enumerate(listed))
    names = [tool.name for tool in tools]
    for index, name in enumerate(names):
        if name in names[:index]:
            path = f"{section.at('tools')}[{index}].name"
            raise InvalidAgentError(f"{path}: there are two tools named {name!r}; names must be unique", field=path)
    return tools


def _json(text: str, path: str) -> Any:
    try:
        return json.loads(text) if text.strip() else None
    except (ValueError, RecursionError) as error:
        raise InvalidAgentError(f"{path} is text that is not JSON ({error})", field=path) from error


def _tool(given: object, path: str, params: Fields) -> ToolSpec:
    if not isinstance(given, Mapping):
        raise wrong(path, "an object", given)
    outer = Fields(given, path)
    tool = outer.child("function") or outer
    name = tool.text("name", longest=MAX_NAME_CHARACTERS)
    if not name:
        raise InvalidAgentError(f"{tool.at('name')} is required", field=tool.at("name"))
    key = outer.text("key") or tool.text("key") or _key_of(name)
    given_params = params.child(name) or outer.child("value") or tool.child("value")
    call = _call(given_params)
    sections = [section for section in (outer, tool, given_params) if section is not None]
    for section in sections:
        if section.raw("transfer_mode") is not None:
            call["transfer_mode"] = section.choice("transfer_mode", BLIND, MODES)
    key = _SAME_KEY.get(key, key)
    if key == "custom_task" and not call.get("url"):
        where = params.at(name)
        raise InvalidAgentError(f"{where}.url is required: the tool {name!r} has nothing to call", field=f"{where}.url")
    schema = tool.child("parameters") or tool.child("input_schema")
    return ToolSpec(
        name=name,
        description=tool.text("description", longest=MAX_PROMPT_CHARACTERS),
        key=key,
        parameters=dict(schema.value) if schema is not None else {"type": "object", "properties": {}},
        params=call,
        pre_call_message=next((words for one in sections if (words := one.message("pre_call_message", None))), None),
    )


def _key_of(name: str) -> str:
    """The engine goes by the beginning of a tool's name; everything else is an HTTP call."""
    return next((prefix for prefix in _BUILT_IN_PREFIXES if name.startswith(prefix)), "custom_task")


def _call(params: Fields | None) -> dict[str, Any]:
    if params is None:
        return {}
    call = dict(params.value)
    if params.raw("method") is not None:
        method = params.text("method").upper()
        if method not in METHODS:
            raise params.wrong("method", f"one of {', '.join(sorted(METHODS))}")
        call["method"] = method
    url = params.text("url")
    if url and not url.startswith(("http://", "https://", "{")):
        raise params.wrong("url", "an http or https URL")
    headers = params.raw("headers")
    if isinstance(headers, str):
        headers = call["headers"] = _json(headers, params.at("headers"))
    if headers is not None and not isinstance(headers, Mapping):
        raise wrong(params.at("headers"), "a map of header to value", headers)
    return call
