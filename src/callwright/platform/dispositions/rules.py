"""Dispositions: questions that are asked of the transcript after a call (contract 3.12 and 15).

The stored body keeps every key as it came, unknown ones included. :func:`read_disposition` reads it into a :class:`Disposition`; a wrong
value raises UnprocessableError naming its path.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from callwright.domain.errors import UnprocessableError
from callwright.domain.fields import Fields, wrong
from callwright.domain.limits import (
    MAX_AGENT_DISPOSITIONS,
    MAX_CHECKED_CHARACTERS,
    MAX_DISPOSITION_AGENTS,
    MAX_DISPOSITION_BYTES,
    MAX_NAME_CHARACTERS,
    MAX_OPTION_CHARACTERS,
    MAX_OPTION_DEPTH,
    MAX_OPTIONS,
    MAX_QUESTION_CHARACTERS,
)
from callwright.domain.patterns import PatternError, compile_pattern
from callwright.domain.provider_table import DISPOSITION_MODEL
from callwright.domain.settings.kinds import SWITCH, child, choice, described, filled, text
from callwright.domain.settings.setting import (
    SHAPE,
    Kind,
    Setting,
    changes,
    declared_in,
    needed,
    read_record,
    setting,
    shape_of,
)

DEFAULT_CATEGORY = "General"
CALL_SUMMARY = "Call Summary"

TEXT, TIMESTAMP, NUMERIC, BOOLEAN, EMAIL, REGEX = "text", "timestamp", "numeric", "boolean", "email", "regex"
SUBJECTIVE_TYPES = (TEXT, TIMESTAMP, NUMERIC, BOOLEAN, EMAIL, REGEX)

HIGH, MEDIUM = 0.8, 0.5
"""From these confidences on an answer is labelled High or Medium."""

READ_ONLY = frozenset(
    {"id", "agent_id", "agent_ids", "created_by", "created_at", "updated_at", "message", "callwright"}
)
"""Keys the platform writes into an answer, or that say where a disposition belongs; they are no part of its body."""


@dataclass(frozen=True, slots=True)
class Option:
    """A value that may be chosen."""

    value: str = needed("option.value", filled(MAX_OPTION_CHARACTERS))
    condition: str = setting(
        "option.condition",
        filled(MAX_QUESTION_CHARACTERS),
        None,
        "When it is to be chosen; may use `{variables}` of the call.",
        absent="",
    )
    sub_options: tuple[Option, ...] = setting(
        "option.sub_options",
        described("a list of options", {"type": "array", "items": {SHAPE: "Option"}}),
        None,
        "Finer choices within it.",
        absent=(),
    )


def _options(given: Fields, name: str) -> tuple[Option, ...]:
    where = given.at(name)
    found = _level(given.list(name) or [], where, 1)
    if sum(1 for _ in _all(found)) > MAX_OPTIONS:
        raise UnprocessableError(
            f"{where} may hold at most {MAX_OPTIONS} options, those within options included", field=where
        )
    return found


def _level(listed: Sequence[Any], where: str, depth: int) -> tuple[Option, ...]:
    if not listed:
        return ()
    if depth > MAX_OPTION_DEPTH:
        raise UnprocessableError(f"{where} is nested deeper than {MAX_OPTION_DEPTH} levels of options", field=where)
    if len(listed) > MAX_OPTIONS:
        raise UnprocessableError(f"{where} may hold at most {MAX_OPTIONS} options", field=where)
    found: list[Option] = []
    taken: dict[str, int] = {}
    for index, one in enumerate(listed):
        path = f"{where}[{index}]"
        if not isinstance(one, Mapping):
            raise wrong(path, "an object with value and condition", one, UnprocessableError)
        given = Fields(one, path, UnprocessableError)
        option = read_record(Option, given)
        if option.value in taken:
            first = f"{where}[{taken[option.value]}].value"
            raise UnprocessableError(f"{given.at('value')} is the same as {first}", field=given.at("value"))
        taken[option.value] = index
        within = _level(given.list("sub_options") or [], given.at("sub_options"), depth + 1)
        found.append(replace(option, sub_options=within))
    return tuple(found)


def _all(options: Sequence[Option]) -> Iterator[Option]:
    for option in options:
        yield option
        yield from _all(option.sub_options)


@dataclass(frozen=True, slots=True)
class AnswerPattern:
    """More about the type ``regex``."""

    pattern: str = setting("config.pattern", text(), None, "The whole answer must be of this form.", absent="")
    description: str = setting(
        "config.description", text(MAX_QUESTION_CHARACTERS), None, "The same for the model, in words.", absent=""
    )


@dataclass(frozen=True, slots=True)
class Disposition:
    """What a disposition asks. At least one of ``is_subjective`` and ``is_objective`` must be true."""

    name: str = needed("disposition.name", filled(MAX_NAME_CHARACTERS))
    question: str = needed(
        "disposition.question", filled(MAX_QUESTION_CHARACTERS), "May use `{variables}` of the call."
    )
    category: str = setting("disposition.category", filled(MAX_NAME_CHARACTERS), DEFAULT_CATEGORY)
    system_prompt: str = setting("disposition.system_prompt", filled(MAX_QUESTION_CHARACTERS), None, absent="")
    model: str = setting("disposition.model", filled(MAX_NAME_CHARACTERS), DISPOSITION_MODEL)
    is_subjective: bool = setting(
        "disposition.is_subjective", SWITCH, False, "Answered in words, or by a value of `subjective_type`."
    )
    is_objective: bool = setting("disposition.is_objective", SWITCH, False, "Answered by one of `objective_options`.")
    subjective_type: str = setting("disposition.subjective_type", choice(SUBJECTIVE_TYPES), TEXT)
    config: AnswerPattern = setting(
        "disposition.subjective_type_config", child(AnswerPattern), None, absent=AnswerPattern()
    )
    options: tuple[Option, ...] = setting(
        "disposition.objective_options",
        Kind("a list of options", {"type": "array", "items": shape_of(Option), "maxItems": MAX_OPTIONS}, _options),
        None,
        absent=(),
    )


DEFAULTS: Mapping[str, Any] = {one.name: one.default for one in declared_in(Disposition) if not one.required}
"""What a disposition that does not say otherwise is."""


@dataclass(frozen=True, slots=True)
class StoredDisposition:
    """A disposition as stored. ``body`` as it came without READ_ONLY keys; ``agent_ids``: whose calls it is asked of, oldest link first."""

    id: str
    tenant_id: str
    body: Mapping[str, Any]
    created_by: str
    created_at: datetime
    updated_at: datetime
    agent_ids: tuple[str, ...] = ()


def disposition_body(wire: Mapping[str, Any]) -> dict[str, Any]:
    """The stored form of a request or of an answer that is sent back."""
    return {name: value for name, value in wire.items() if name not in READ_ONLY}


def read_disposition(body: Mapping[str, Any], path: str = "") -> Disposition:
    """Check a body. Raises UnprocessableError naming the path of the first wrong value."""
    fields = Fields(body, path, UnprocessableError)
    found = read_record(Disposition, fields)
    if not found.is_subjective and not found.is_objective:
        where = fields.at("is_subjective")
        raise UnprocessableError(f"at least one of {where} and {fields.at('is_objective')} must be true", field=where)
    if found.subjective_type != TEXT and not found.is_subjective:
        where = fields.at("subjective_type")
        raise UnprocessableError(f"{where} {found.subjective_type} needs is_subjective to be true", field=where)
    if found.subjective_type == REGEX:
        _check_pattern(found.config.pattern, f"{fields.at('subjective_type_config')}.pattern")
    if found.is_objective and not found.options:
        where = fields.at("objective_options")
        raise UnprocessableError(f"{where} must hold at least one option when is_objective is true", field=where)
    return found if found.is_objective else replace(found, options=())


def _check_pattern(pattern: str, where: str) -> None:
    if not pattern:
        raise UnprocessableError(f"{where} is required when subjective_type is regex", field=where)
    try:
        compile_pattern(pattern)
    except PatternError as error:
        raise UnprocessableError(f"{where} is not a pattern that can be used: {error}", field=where) from error


def check_disposition(body: Mapping[str, Any], path: str = "") -> None:
    """As :func:`read_disposition`, and that it is not too large."""
    read_disposition(body, path)
    size = len(json.dumps(body, ensure_ascii=False).encode())
    if size > MAX_DISPOSITION_BYTES:
        what = path or "the disposition"
        raise UnprocessableError(
            f"{what} is {size} bytes of JSON, at most {MAX_DISPOSITION_BYTES} are allowed", field=path or None
        )


_NO_AGENT, _NO_LIST = "is required and must be an agent's id", "must be a list of at least one disposition"


def _agent(given: Fields, name: str) -> str | None:
    found = given.raw(name)
    if not isinstance(found, str) or (found and not found.strip()):
        raise UnprocessableError(f"{name} {_NO_AGENT}", field=name)
    return found or None


def _agents(given: Fields, name: str) -> tuple[str, ...]:
    listed = given.list(name) or []
    if len(listed) > MAX_DISPOSITION_AGENTS:
        raise UnprocessableError(f"{name} may hold at most {MAX_DISPOSITION_AGENTS} agents", field=name)
    for index, one in enumerate(listed):
        if not isinstance(one, str) or not one.strip():
            raise wrong(f"{name}[{index}]", "an agent's id", one, UnprocessableError)
    return tuple(listed)


def _bodies(given: Fields, name: str) -> tuple[Mapping[str, Any], ...]:
    listed = given.raw(name)
    if not isinstance(listed, list) or not listed:
        raise UnprocessableError(f"{name} {_NO_LIST}", field=name)
    if len(listed) > MAX_AGENT_DISPOSITIONS:
        raise UnprocessableError(
            f"{name} may hold at most {MAX_AGENT_DISPOSITIONS} entries, not {len(listed)}", field=name
        )
    bodies = []
    for index, one in enumerate(listed):
        path = f"{name}[{index}]"
        if not isinstance(one, Mapping):
            raise UnprocessableError(f"{path} must be an object", field=path)
        bodies.append(disposition_body(one))
        check_disposition(bodies[-1], path)
    return tuple(bodies)


AGENT_ID = Setting(
    "disposition.agent_id", Kind("an agent's id", {"type": "string"}, _agent), None, "", required=_NO_AGENT
)
_OF_AGENT = replace(AGENT_ID, required="", does="An agent of whose calls it is asked. A strict server requires it.")
_OF_AGENTS = Setting(
    "disposition.agent_ids",
    Kind("ids", {"type": "array", "items": {"type": "string"}, "maxItems": MAX_DISPOSITION_AGENTS}, _agents),
    None,
    "Further agents. A strict server ignores them.",
    absent=(),
)
AGENTS = (_OF_AGENT, _OF_AGENTS)
"""Of a new disposition: the agents of whose calls it is asked."""

_SEVERAL = {"type": "array", "items": shape_of(Disposition), "minItems": 1, "maxItems": MAX_AGENT_DISPOSITIONS}
SEVERAL = (
    AGENT_ID,
    Setting("dispositions.dispositions", Kind("a list", _SEVERAL, _bodies), None, "", required=_NO_LIST),
)
"""Several new dispositions of one agent."""

CHANGES = changes(
    (
        *declared_in(Disposition),
        replace(_OF_AGENT, does="The agent to change it for: others that share it keep theirs."),
    )
)
"""What a change of a disposition may name."""


def paths(options: Sequence[Option]) -> list[tuple[str, ...]]:
    """Every choice as the values that lead to it, in the order of the options, each before those within it."""
    found: list[tuple[str, ...]] = []
    for option in options:
        found.append((option.value,))
        found.extend((option.value, *path) for path in paths(option.sub_options))
    return found


def label_of(confidence: float) -> str:
    """The contract's word for a confidence."""
    return "High" if confidence >= HIGH else "Medium" if confidence >= MEDIUM else "Low"


def is_valid(kind: str, value: str, pattern: str = "") -> bool:
    """Whether an answer is of its type. Text always is; a pattern must fit the whole of it."""
    if kind == TEXT:
        return True
    if len(value) > MAX_CHECKED_CHARACTERS:
        return False
    if kind == TIMESTAMP:
        return _is_time(value)
    if kind == NUMERIC:
        return _is_number(value)
    if kind == BOOLEAN:
        return value in ("true", "false")
    if kind == EMAIL:
        return _is_address(value)
    return compile_pattern(pattern).fits(value)


def _is_time(value: str) -> bool:
    """ISO 8601, a date at least."""
    if len(value) < len("2026-01-01") or value[4:5] != "-":
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_number(value: str) -> bool:
    whole, point, part = value.removeprefix("-").partition(".")
    return value.isascii() and whole.isdigit() and (part.isdigit() if point else True)


def _is_address(value: str) -> bool:
    user, at, host = value.rpartition("@")
    labels = host.split(".")
    plain = not any(c.isspace() or c in '@,;<>()"' for c in user + host)
    return bool(at and user) and plain and len(labels) > 1 and all(labels)
