"""``api_tools`` of an agent (contract 14.1): both spellings of the contract, a bare list, and the engine's wrapped definitions."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from callwright.domain.errors import InvalidAgentError
from callwright.domain.fields import Fields, named, wrong
from callwright.domain.limits import (
    MAX_AGENT_TOOLS,
    MAX_NAME_CHARACTERS,
    MAX_TOOL_HEADERS,
)
from callwright.domain.settings.setting import read_given
from callwright.platform.agent_settings.rules.tools import (
    BRIDGE,
    BRIEFING,
    CONFIRM,
    DESCRIPTION,
    METHOD,
    STRICT,
    TOOLS,
    TRANSFER_MODE,
)
from callwright.platform.agents.rules.spec import ToolSpec
from callwright.platform.provider_keys.rules.sealing import sealed_bytes
from callwright.platform.tools.rules.address import check_address
from callwright.platform.tools.rules.request import HEADER_NAME, HEADER_VALUE
from callwright.platform.tools.rules.template import BadTemplateError, read_template

PRESS_KEYS = "press_keys"
"""Key of the tool by which the model presses keys, as in the menu of another telephone system."""

END_CALL = "end_call"
"""Key, and beginning of the name, of the tool that lets the model hang up."""

_ENDPOINTS_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""Names of functions in the chat API of OpenAI, and of whoever is compatible with it."""

#: Other spelling in the contract's sources -> the key used here (contract 20, calendar keys).
_SAME_KEY = {
    "calendar_slot_availability": "check_availability_of_slots",
    "calendar_book": "book_appointment",
    # What others call it.
    "press_digit": PRESS_KEYS,
    "dtmf": PRESS_KEYS,
}
_BUILT_IN_PREFIXES = (
    *("transfer_call", "end_call", "check_availability_of_slots", "book_appointment", "switch_language"),
    PRESS_KEYS,
)
_PARAMS = frozenset(one.name for one in TOOLS if one.section == "tool_params")
_KEYS_SCHEMA = {
    "type": "object",
    "properties": {
        "keys": {
            "type": "string",
            "description": "The keys to press in order: 0-9, *, # and A-D; w waits half a second, p two seconds.",
        }
    },
    "required": ["keys"],
}


def read_tools(tools_config: Fields, kept: Collection[str] | None = None) -> tuple[ToolSpec, ...]:
    """The agent's tools in order. Names that are not ``kept`` must be such as every model's endpoint takes; None: none is checked. Raises
    InvalidAgentError for a tool that could not be called."""
    listed, path, params = _listed(tools_config)
    if len(listed) > MAX_AGENT_TOOLS:
        raise InvalidAgentError(f"{path} holds {len(listed)} tools, at most {MAX_AGENT_TOOLS} are allowed", field=path)
    tools = tuple(_tool(one, f"{path}[{index}]", params, kept) for index, one in enumerate(listed))
    names = [tool.name for tool in tools]
    for index, name in enumerate(names):
        if name in names[:index]:
            where = f"{path}[{index}].name"
            raise InvalidAgentError(
                f'{where}: there are two tools named "{named(name)}"; names must be unique', field=where
            )
    return tools


def _listed(tools_config: Fields) -> tuple[list[Any], str, Fields | None]:
    """The tools as they came, the path of their list, and their parameters by name; None: each has its parameters in itself."""
    given = tools_config.raw("api_tools")
    if isinstance(given, list):
        return given, tools_config.at("api_tools"), None
    if given is not None and not isinstance(given, Mapping):
        raise tools_config.wrong("api_tools", "an object or an array of tools")
    section = tools_config.child("api_tools") or Fields({}, tools_config.at("api_tools"))
    path = section.at("tools")
    listed = section.raw("tools")
    if isinstance(listed, str):
        listed = _json(listed, path)
    if listed is not None and not isinstance(listed, list):
        raise wrong(path, "an array of tools or its JSON text", listed)
    return listed or [], path, section.child("tools_params") or Fields({}, section.at("tools_params"))


def _json(text: str, path: str) -> Any:
    try:
        return json.loads(text) if text.strip() else None
    except (ValueError, RecursionError) as error:
        raise InvalidAgentError(f"{path} is text that is not JSON ({error})", field=path) from error


def _tool(given: object, path: str, params: Fields | None, kept: Collection[str] | None) -> ToolSpec:
    if not isinstance(given, Mapping):
        raise wrong(path, "an object", given)
    outer = Fields(given, path)
    tool = outer.child("function") or outer
    name = tool.text("name", longest=MAX_NAME_CHARACTERS)
    if not name:
        raise InvalidAgentError(f"{tool.at('name')} is required", field=tool.at("name"))
    if kept is not None and name not in kept and not _ENDPOINTS_NAME.fullmatch(name):
        raise InvalidAgentError(
            f'{tool.at("name")} "{named(name)}" is a name that models\' endpoints refuse: use 1 to 64 of the letters a to z and A to Z,'
            ' digits, _ and -, as in "check_slots"',
            field=tool.at("name"),
        )
    key = outer.text("key") or tool.text("key") or _key_of(name)
    given_params = (params and params.child(name)) or outer.child("value") or tool.child("value") or _flat_params(outer)
    call = _call(given_params)
    sections = [section for section in (outer, tool, given_params) if section is not None]
    for section in sections:
        call |= read_given((TRANSFER_MODE, BRIEFING, CONFIRM, BRIDGE), section)
    key = _SAME_KEY.get(key, key)
    if key == "custom_task" and not call.get("url"):
        where = outer.at("value") if params is None else params.at(name)
        raise InvalidAgentError(
            f'{where}.url is required: the tool "{named(name)}" ({path}) has nothing to call', field=f"{where}.url"
        )
    if call.get("url"):
        _check_template(given_params, name)
    schema = tool.child("parameters") or tool.child("input_schema")
    nothing = _KEYS_SCHEMA if key == PRESS_KEYS else {"type": "object", "properties": {}}
    return ToolSpec(
        name=name,
        description=DESCRIPTION.of(tool),
        key=key,
        parameters=dict(schema.value) if schema is not None and schema.value else nothing,
        params=call,
        # No words ("") are words, too: nothing is said while this tool works.
        pre_call_message=next(
            (words for one in sections if (words := one.message("pre_call_message", None)) is not None), None
        ),
        strict=any(STRICT.of(section) for section in sections),
    )


def _flat_params(tool: Fields) -> Fields | None:
    """The parameters of a tool that stand in the tool itself."""
    if not tool.raw("url"):
        return None
    return Fields({name: value for name, value in tool.value.items() if name in _PARAMS}, tool.path)


def _key_of(name: str) -> str:
    """The engine goes by the beginning of a tool's name; everything else is an HTTP call."""
    return next((prefix for prefix in _BUILT_IN_PREFIXES if name.startswith(prefix)), "custom_task")


def _call(params: Fields | None) -> dict[str, Any]:
    if params is None:
        return {}
    call = {**params.value, **read_given((METHOD,), params)}
    _check_url(params, "url")
    _check_url(params, "pre_call_webhook_url")
    headers = params.raw("headers")
    if isinstance(headers, str):
        headers = call["headers"] = _json(headers, params.at("headers"))
    if headers is not None and not isinstance(headers, Mapping):
        raise wrong(params.at("headers"), "a map of header to value", headers)
    _check_headers(params, headers or {})
    return call


def _check_url(params: Fields, name: str) -> None:
    url = params.text(name)
    if not url:
        return
    try:
        check_address(url)
    except BadTemplateError as error:
        raise InvalidAgentError(f"{params.at(name)} {error}", field=params.at(name)) from None


def _check_headers(params: Fields, headers: Mapping[str, Any]) -> None:
    path = params.at("headers")
    section = Fields(headers, path)
    if len(headers) > MAX_TOOL_HEADERS:
        raise InvalidAgentError(f"{path} may hold at most {MAX_TOOL_HEADERS} headers", field=path)
    for name, value in headers.items():
        text = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
        if not HEADER_NAME.fullmatch(str(name)):
            # Not shown, as with the headers of webhooks.
            raise InvalidAgentError(f"{path} holds a name that is not a header's", field=path)
        if not isinstance(text, str) or (sealed_bytes(text) is None and not HEADER_VALUE.fullmatch(text)):
            raise InvalidAgentError(f"{section.at(name)} is not a header that can be sent", field=section.at(name))
    token = params.text("api_token")
    if sealed_bytes(token) is None and not HEADER_VALUE.fullmatch(token):
        field = params.at("api_token")
        raise InvalidAgentError(f"{field} holds characters that a header cannot carry", field=field)


def _check_template(params: Fields | None, name: str) -> None:
    """What is sent must be readable before the first call, not only in it."""
    if params is None:
        return
    for field in ("param", "pre_call_webhook_param"):
        try:
            read_template(params.raw(field))
        except BadTemplateError as error:
            path = params.at(field)
            raise InvalidAgentError(f'{path} of the tool "{named(name)}" {error}', field=path) from None
