"""Transfer tools of an agent (contract 14.2): to whom, how, and what the model is asked for.

A tool transfers when its key is ``transfer_call`` or its name begins so, and its ``url`` is null: with a URL the control request goes
there, as for every other HTTP tool. The target is ``param.call_transfer_number``: a number or address, or a template of call
variables (``{name}``) and of what the model gives (``%(name)s``, ``{"$var": "name"}``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from callwright.domain.number import SIP, kind_of_address
from callwright.domain.variables import name_of
from callwright.platform.agents.rules.spec import ToolSpec
from callwright.platform.tools.rules.template import GIVEN, value_text

ATTENDED = "attended"
"""The far end is handed over only once the target has answered. In the other mode, ``blind``, it is sent to the target, and comes back when
the target does not take the call."""

WARM = "warm"
"""The platform itself calls the target, briefs it, and joins it with the far end."""

DEFAULT_TRANSFER_MESSAGE = "Sure, I'll transfer the call for you. Please wait a moment..."
"""What is said before a transfer when the agent has no words for it (contract 14.1)."""

SYSTEM_VARIABLES = frozenset(
    {
        "agent_id",
        "execution_id",
        "call_sid",
        "from_number",
        "to_number",
        "current_date",
        "current_time",
        "timezone",
    }
)
"""Parameters of these names are filled by the platform; the model is not asked for them (contract 13)."""

_PREFIX = "transfer_call"
_NUMBER = "call_transfer_number"
_GIVEN = re.compile(GIVEN)
_PLACE = re.compile(rf"{GIVEN}|\{{((?:[^{{}}%]|%(?!\())+)\}}")
_IN_TEXT = re.compile(rf'"{_NUMBER}"\s*:\s*"([^"]*)"')


def is_transfer(tool: ToolSpec) -> bool:
    """Whether the platform itself transfers when this tool is called."""
    return (tool.key == _PREFIX or tool.name.startswith(_PREFIX)) and not tool.params.get("url")


def asks_for_transfer(tool: ToolSpec) -> bool:
    """Whether a service of the agent's transfers when this tool is called: the control request goes to the tool's ``url``."""
    return (tool.key == _PREFIX or tool.name.startswith(_PREFIX)) and bool(tool.params.get("url"))


def target_template(tool: ToolSpec) -> str:
    """To whom, as configured; empty when the tool does not say."""
    param = tool.params.get("param")
    if isinstance(param, str):
        # Text with placeholders need not be JSON before they are filled.
        found = _IN_TEXT.search(param)
        return found[1].strip() if found else ""
    target = param.get(_NUMBER) if isinstance(param, Mapping) else None
    if isinstance(target, Mapping):
        return f"%({target.get('$var', '')})s"
    return value_text(target).strip()


def is_attended(tool: ToolSpec) -> bool:
    """Whether the target must have answered before the caller is handed over."""
    return tool.params.get("transfer_mode") in (ATTENDED, WARM)


@dataclass(frozen=True, slots=True)
class WarmHandover:
    """How a tool transfers warm. ``briefing``: what the target is told, a template as that of a target, by language; None: the model's
    summary. ``confirm``: the target accepts by pressing a key. ``bridge``: the carrier connects the two, where it can."""

    briefing: str | Mapping[str, str] | None = None
    confirm: bool = False
    bridge: bool = False


def warm_handovers(tools: Iterable[ToolSpec]) -> dict[str, WarmHandover]:
    """The tools that transfer warm, by name."""
    return {
        tool.name: WarmHandover(
            tool.params.get("briefing"), bool(tool.params.get("confirm")), bool(tool.params.get("bridge"))
        )
        for tool in tools
        if is_transfer(tool) and tool.params.get("transfer_mode") == WARM
    }


def target_carrier(target: str, carrier: str) -> str:
    """The carrier over which the platform calls the target of a transfer of a call of ``carrier``: that one, and SIP for a SIP address."""
    return SIP if kind_of_address(target) == SIP else carrier


def asked_of_the_model(parameters: Mapping[str, Any], known: Collection[str] = ()) -> dict[str, Any]:
    """The tool's JSON Schema without what the platform fills in itself: the system's variables, and those of the call that are
    ``known``."""
    filled = {*SYSTEM_VARIABLES, *known}
    schema = dict(parameters)
    properties = schema.get("properties")
    if isinstance(properties, Mapping):
        schema["properties"] = {name: one for name, one in properties.items() if name not in filled}
    required = schema.get("required")
    if isinstance(required, list | tuple):
        schema["required"] = [name for name in required if name not in filled]
    return schema


def named_arguments(template: str, known: Mapping[str, str]) -> list[str]:
    """What the template of a target names that only the model gives: no variable of the system's, and none of the call's that is
    ``known``."""
    names = [name_of(match[1], known) or match[1] for match in _GIVEN.finditer(template)]
    return [name for name in names if not _is_fixed(name, known)]


def filled_target(template: str, variables: Mapping[str, str], known: Mapping[str, str], arguments: str) -> str:
    """The template with the call's ``variables``, of which it was given ``known``, and with what the model gave (``arguments``: JSON text,
    checked by the tool's schema). What is missing is empty.

    The model chooses the target only where the template names an argument of its.
    """
    given = _object(arguments)

    def fill(match: re.Match[str]) -> str:
        if match[3] is not None:
            ours = name_of(match[3], variables)
            return match[0] if ours is None else variables.get(ours, "")
        name = name_of(match[1], {**variables, **given}) or match[1]
        return variables.get(name, "") if _is_fixed(name, known) else value_text(given.get(name, variables.get(name)))

    # In one pass: a variable whose value looks like a place is not filled again.
    return _PLACE.sub(fill, template).strip()


def _is_fixed(name: str, known: Mapping[str, str]) -> bool:
    return name in SYSTEM_VARIABLES or bool(known.get(name))


def _object(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
