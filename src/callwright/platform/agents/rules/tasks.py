"""The tasks of a stored agent: with the documented defaults for a read, and changed one by one by a patch (contract 3.1, 4.2, 4.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from callwright.domain.fields import wrong
from callwright.platform.agent_settings.rules.agent import TASK_TYPE
from callwright.platform.agent_settings.rules.conversation import DOCUMENTED_DEFAULTS

_PIPELINES: Mapping[str, Sequence[Sequence[str]]] = {
    TASK_TYPE.default: [["transcriber", "llm", "synthesizer"]],
    "extraction": [["llm"]],
    "summarization": [["llm"]],
}
_OF_A_PROVIDER = ("model", "voice", "voice_id", "provider_config")
"""Settings of a section that mean nothing to another provider."""

_TASKS = "agent_config.tasks"


def with_defaults(tasks: Sequence[Any]) -> list[Any]:
    """``tasks`` for a read: settings that were not sent have their documented default. What was sent is as it came, null included.

    A call does the same with both: :data:`DOCUMENTED_DEFAULTS` are those of the platform.
    """
    return [_completed(task) if isinstance(task, Mapping) else task for task in tasks]


def _completed(task: Mapping[str, Any]) -> dict[str, Any]:
    kind = kind_of_task(task)
    found = {"task_type": kind, **task}
    defaults: dict[str, Mapping[str, Any]] = {}
    if kind in _PIPELINES:
        defaults["toolchain"] = {"execution": "parallel", "pipelines": _PIPELINES[kind]}
    if kind == TASK_TYPE.default:
        defaults["task_config"] = DOCUMENTED_DEFAULTS
    for name, values in defaults.items():
        sent = task.get(name, {})
        if isinstance(sent, Mapping):
            found[name] = {**values, **sent}
    return found


def kind_of_task(task: Mapping[str, Any]) -> Any:
    """The ``task_type`` of a task, which is a conversation where it says nothing."""
    return task.get("task_type") or TASK_TYPE.default


def changed_tasks(tasks: Sequence[Any], changes: Any) -> list[Any]:
    """``tasks``, of which each is merged with that of ``changes`` in the same place. Tasks without a change stay, further ones are added.

    A merge is that of RFC 7396: objects key by key, null removes, anything else replaces. Two things go beyond it: another ``task_type``
    replaces the task, and another ``provider`` takes the model and the voice of the former one away. Raises InvalidAgentError.
    """
    if changes is None:
        return list(tasks)
    if not isinstance(changes, list):
        raise wrong(_TASKS, "an array", changes)
    found = list(tasks)
    for index, change in enumerate(changes):
        if not isinstance(change, Mapping):
            raise wrong(f"{_TASKS}[{index}]", "an object", change)
        if index >= len(tasks):
            found.append(_merged({}, change))
            continue
        before = tasks[index]
        same = isinstance(before, Mapping) and kind_of_task({**before, **change}) == kind_of_task(before)
        found[index] = _merged(before if same else {}, change)
    return found


def _merged(before: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(before)
    provider = change.get("provider")
    if provider is not None and "provider" in before and before["provider"] != provider:
        for name in _OF_A_PROVIDER:
            found.pop(name, None)
    for name, value in change.items():
        if value is None:
            found.pop(name, None)
        elif isinstance(value, Mapping):
            inner = found.get(name)
            found[name] = _merged(inner if isinstance(inner, Mapping) else {}, value)
        else:
            found[name] = value
    return found
