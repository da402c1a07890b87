"""Changing single values of an agent's body by path, as ``agent.tasks.0.task_config.incremental_delay=800``."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from callwright.domain.agent_settings import KNOWN_SETTINGS
from callwright.domain.errors import BadInputError

ROOT = "agent"
_OPEN = frozenset({"llm_agent", "llm_config", "transcriber", "synthesizer", "provider_config"})
"""Sections whose keys are the provider's own: any name may be set there."""


def with_changes(agent: Mapping[str, Any], changes: Sequence[str]) -> dict[str, Any]:
    """A copy of ``agent`` with every ``agent.path=value`` of ``changes``. A value is JSON where it can be read as such, else text.

    Every part of a path must exist, but for the last: settings of ``task_config`` and options of providers may be new. Raises
    BadInputError that says which part is wrong and what there is.
    """
    changed: dict[str, Any] = copy.deepcopy(dict(agent))
    for change in changes:
        path, equals, text = change.partition("=")
        names = path.strip().split(".")
        if not equals or names[0] != ROOT or len(names) < 2 or "" in names:
            raise BadInputError(f"{change!r} is not written as agent.path=value, as agent.agent_welcome_message=Hello")
        _set(changed, names[1:], _value(text))
    return changed


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _set(agent: dict[str, Any], names: Sequence[str], value: Any) -> None:
    at: Any = agent
    path = ROOT
    for number, name in enumerate(names):
        last = number == len(names) - 1
        key = _key(at, name, path, names[number - 1] if number else "", last)
        if last:
            at[key] = value
            return
        at, path = at[key], f"{path}.{name}"


def _key(at: Any, name: str, path: str, section: str, last: bool) -> Any:
    """``name`` as a key of ``at``. ``section`` is the name of ``at`` itself."""
    if isinstance(at, list):
        if not name.isdigit() or int(name) >= len(at):
            there = f"it is a list of {len(at)}; use {path}.0" if at else "it is an empty list"
            raise BadInputError(f"{path} has no {name!r}: {there}", field=f"{path}.{name}")
        return int(name)
    if not isinstance(at, dict):
        raise BadInputError(f"{path} is {json.dumps(at)} and has nothing below it", field=path)
    if name in at or (last and (section in _OPEN or (section == "task_config" and name in KNOWN_SETTINGS))):
        return name
    known = sorted({*at, *(KNOWN_SETTINGS if section == "task_config" else ())})
    near = get_close_matches(name, known, n=3)
    what = f"did you mean {' or '.join(near)}?" if near else f"it has {', '.join(known) or 'nothing'}"
    raise BadInputError(f"{path} has no {name!r}; {what}", field=f"{path}.{name}")
