"""Finds the errors of an agent all at once, for an editor that shows each at its field.

The parser stops at the first error. What it names is taken out of a copy, as if it had not been given, and the copy is parsed again.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callwright.domain.errors import CallwrightError
from callwright.domain.limits import MAX_AGENT_ERRORS, MAX_AGENT_TASKS
from callwright.platform.agent_settings.rules.table import PROMPTS

ROOT = "agent_config"
_NAME = f"{ROOT}.agent_name"
_TASKS = f"{ROOT}.tasks"
_INDEX = re.compile(r"\[([0-9]+)\]")
_PLACEHOLDER = "x"

Container = dict[str, Any] | list[Any]


@dataclass(frozen=True, slots=True)
class AgentError:
    """Why an agent cannot be saved. ``path`` is where, ``code`` that of the error."""

    path: str
    message: str
    code: str


@dataclass(frozen=True, slots=True)
class AgentErrors:
    """The errors of an agent, in the order in which the parser meets them. ``complete``: there are no others."""

    found: tuple[AgentError, ...]
    complete: bool


def errors_of(body: Mapping[str, Any], check: Callable[[Mapping[str, Any]], object]) -> AgentErrors:
    """The errors of a flat body, at most MAX_AGENT_ERRORS. ``check`` raises a CallwrightError for the first one of a body."""
    draft = _Draft(body)
    found: dict[str, AgentError] = {}
    while len(found) < MAX_AGENT_ERRORS:
        try:
            check(draft.body)
        except CallwrightError as error:
            named = error.field or ROOT
            path, removed = draft.without(named)
            # A message begins with the path as the copy has it.
            message = path + error.message.removeprefix(named) if error.message.startswith(named) else error.message
            found.setdefault(path, AgentError(path, message, error.code))
            if not removed:
                return AgentErrors(tuple(found.values()), complete=False)
        else:
            return AgentErrors(tuple(found.values()), complete=True)
    return AgentErrors(tuple(found.values()), complete=False)


class _Draft:
    """A copy of a body from which wrong values are taken. It remembers where members of lists stood before."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.body: dict[str, Any] = copy.deepcopy(dict(body))
        self._places: dict[int, list[int]] = {}

    def without(self, path: str) -> tuple[str, bool]:
        """Take out what stands at ``path``, or the innermost object around it that is there. Returns the path in the body as it came, and
        whether anything was taken out."""
        steps, rest = self._walk(path)
        shown = self._shown(path, steps, rest)
        if path in (_NAME, _TASKS):
            return shown, self._completed(path)
        if not steps:
            return shown, False
        container, step = steps[-1]
        if isinstance(container, list):
            del self._indices(container)[int(step)]
        del container[step]  # type: ignore[arg-type]
        return shown, True

    def _completed(self, path: str) -> bool:
        """Give what every agent needs. False where it has it already, and something else is wrong."""
        if path == _NAME:
            wrong = self.body.get("agent_name") != _PLACEHOLDER
            self.body["agent_name"] = _PLACEHOLDER
            return wrong
        tasks = self.body.get("tasks")
        if isinstance(tasks, list) and len(tasks) > MAX_AGENT_TASKS:
            del tasks[MAX_AGENT_TASKS:]
        elif isinstance(tasks, list) and {} not in tasks:
            # A conversation like any other, behind those that keep their numbers.
            tasks.append({})
        elif isinstance(tasks, list):
            return False
        else:
            self.body["tasks"] = [{}]
        return True

    def _walk(self, path: str) -> tuple[list[tuple[Container, str | int]], str]:
        """The steps of ``path`` that lead somewhere, and what is left of it."""
        rest = path.removeprefix(ROOT).removeprefix(".") if path.startswith(ROOT) else path
        at: Any = self.body
        steps: list[tuple[Container, str | int]] = []
        while rest:
            found = _step(at, rest)
            if found is None:
                break
            step, rest = found
            steps.append((at, step))
            at = at[step]
        return steps, rest

    def _shown(self, path: str, steps: Sequence[tuple[Container, str | int]], rest: str) -> str:
        shown = "" if path.startswith(PROMPTS) else ROOT
        for container, step in steps:
            if isinstance(container, list):
                shown += f"[{self._indices(container)[int(step)]}]"
            else:
                shown += f".{step}" if shown else str(step)
        if rest:
            shown += rest if rest.startswith("[") or not shown else f".{rest}"
        return shown

    def _indices(self, container: list[Any]) -> list[int]:
        found = self._places.setdefault(id(container), [])
        found += range(len(found), len(container)) if not found else ()
        return found


def _step(at: Any, path: str) -> tuple[str | int, str] | None:
    """The first step of ``path`` into ``at``, and what follows it; None where there is no such thing. A name may hold dots."""
    if isinstance(at, list):
        match = _INDEX.match(path)
        if match is None or int(match[1]) >= len(at):
            return None
        return int(match[1]), path[match.end() :].removeprefix(".")
    if not isinstance(at, Mapping):
        return None
    fitting = [name for name in at if path == name or path.startswith((f"{name}.", f"{name}["))]
    if not fitting:
        return None
    name = max(fitting, key=len)
    return name, path[len(name) :].removeprefix(".")
