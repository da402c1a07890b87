"""Changing single values of an agent's body by path, as ``agent.tasks.0.task_config.incremental_delay=800``."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from callwright.domain.errors import BadInputError
from callwright.domain.fields import kind_of, named
from callwright.platform.agent_settings.rules.table import SETTINGS

ROOT = "agent"
_OPEN = frozenset({"llm_agent", "llm_config", "transcriber", "synthesizer", "provider_config"})
"""Sections whose keys are the provider's own: any name may be set there."""

_SECTIONS: Mapping[str, frozenset[str]] = {
    "agent": frozenset({"agent_prompts", "webhook_headers"}),
    "task": frozenset({"task_config", "tools_config"}),
    "tools_config": frozenset({"llm_agent", "transcriber", "synthesizer", "api_tools"}),
    "llm_agent": frozenset({"llm_config"}),
    "synthesizer": frozenset({"provider_config"}),
}
"""Sections by what they stand in. An agent may leave each of them out: they are made when something in them is set."""

_MEMBERS: Mapping[str, str] = {"tasks": "task", "agent_prompts": "prompt"}
"""What the members of a list or a map are, whatever they are called."""

_PROMPT = re.compile(r"task_[1-9][0-9]?")
_INDEX = re.compile(r"[0-9]{1,9}")
_OF_THE_VOICE = frozenset(one.name for one in SETTINGS if one.within == "provider_config" and not one.kept)
"""Settings of ``synthesizer`` that are read in its ``provider_config`` first."""

_OF_THE_MODEL = frozenset(one.name for one in SETTINGS if one.within == "llm_config" and not one.kept)
"""Settings of ``llm_agent`` that are read in its ``llm_config``, where it has one."""


def _known(section: str) -> frozenset[str]:
    """Names that have a meaning in a section."""
    names = {one.name for one in SETTINGS if one.section == section}
    return _SECTIONS.get(section, frozenset()).union(names, {"system_prompt"} if section == "prompt" else ())


def with_changes(agent: Mapping[str, Any], changes: Sequence[str]) -> dict[str, Any]:
    """A copy of ``agent`` with every ``agent.path=value`` of ``changes``. A value is JSON where it can be read as such, else text.

    What an agent may leave out need not be there: settings, options of providers, and the sections they stand in. Raises BadInputError
    that says which part of a path is wrong and what there is, also for a place in which a setting would not be looked for.
    """
    changed: dict[str, Any] = copy.deepcopy(dict(agent))
    for change in changes:
        path, equals, text = change.partition("=")
        names = path.strip().split(".")
        if not equals or names[0] != ROOT or len(names) < 2 or "" in names:
            # What stands behind the sign may be a secret, and without the sign nobody knows where it begins.
            what = repr(named(path.strip())) if equals else f"a change of {len(change)} characters without ="
            raise BadInputError(f"{what} is not written as agent.path=value, as agent.agent_welcome_message=Hello")
        _set(changed, names[1:], _value(text, path.strip()))
    return changed


def _value(text: str, path: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
    except RecursionError:
        raise BadInputError(
            f"the value of {named(path)!r} is nested deeper than can be read", field=named(path)
        ) from None


def _set(agent: dict[str, Any], names: Sequence[str], value: Any) -> None:
    at: Any = agent
    path = section = ROOT
    for name in names[:-1]:
        at = _within(at, name, path, section)
        path, section = f"{path}.{named(name)}", _MEMBERS.get(section, name)
    name = names[-1]
    if isinstance(at, dict):
        _check_place(at, name, path, section)
        if name not in at and section not in _OPEN and name not in _known(section) and not _is_prompt(name, section):
            raise _unknown(at, name, path, section)
        at[name] = value
    else:
        at[_index(at, name, path)] = value


def _within(at: Any, name: str, path: str, section: str) -> Any:
    """What ``name`` is in ``at``, which is a ``section``; made where it may be left out."""
    if not isinstance(at, dict):
        return at[_index(at, name, path)]
    if at.get(name) is None and (name in _SECTIONS.get(section, ()) or _is_prompt(name, section)):
        if name == "llm_config" and not _OF_THE_MODEL.isdisjoint(at):
            raise BadInputError(f"{path} has no 'llm_config', its settings stand in it: use {path}.model", field=path)
        at[name] = {}
    if name not in at:
        raise _unknown(at, name, path, section)
    return at[name]


def _is_prompt(name: str, section: str) -> bool:
    return section == "agent_prompts" and _PROMPT.fullmatch(name) is not None


def _index(at: Any, name: str, path: str) -> int:
    if not isinstance(at, list):
        raise BadInputError(f"{path} is {kind_of(at)} and has nothing below it", field=path)
    if not _INDEX.fullmatch(name) or int(name) >= len(at):
        there = f"it is a list of {len(at)}; use {path}.0" if at else "it is an empty list"
        raise BadInputError(f"{path} has no {named(name)!r}: {there}", field=f"{path}.{named(name)}")
    return int(name)


def _check_place(at: Mapping[str, Any], name: str, path: str, section: str) -> None:
    """A setting in a place in which it is not read would change nothing."""
    below = ""
    if section == "synthesizer" and name in _OF_THE_VOICE and at.get("provider_config") is not None:
        below = "provider_config"
    elif section == "llm_agent" and name in _OF_THE_MODEL and at.get("llm_config") is not None:
        below = "llm_config"
    if below:
        raise BadInputError(f"{path}.{name} would not be read: use {path}.{below}.{name}", field=f"{path}.{name}")


def _unknown(at: Mapping[str, Any], name: str, path: str, section: str) -> BadInputError:
    known = sorted({*at, *_known(section)})
    near = get_close_matches(name, known, n=3)
    what = (
        f"did you mean {' or '.join(map(named, near))}?"
        if near
        else f"it may have {', '.join(map(named, known)) or 'nothing'}"
    )
    return BadInputError(f"{path} has no {named(name)!r}; {what}", field=f"{path}.{named(name)}")
