"""Dispositions: questions that are asked of the transcript after a call (contract 3.12 and 15).

The stored body keeps every key as it came, unknown ones included. :func:`read_disposition` reads it into a :class:`Disposition`; a wrong
value raises UnprocessableError naming its path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from callwright.domain.errors import UnprocessableError
from callwright.domain.fields import Fields, wrong
from callwright.domain.limits import (
    MAX_CHECKED_CHARACTERS,
    MAX_NAME_CHARACTERS,
    MAX_OPTION_CHARACTERS,
    MAX_OPTION_DEPTH,
    MAX_OPTIONS,
    MAX_QUESTION_CHARACTERS,
)
from callwright.domain.patterns import PatternError, compile_pattern
from callwright.domain.provider_table import DISPOSITION_MODEL

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

DEFAULTS: Mapping[str, Any] = {
    "system_prompt": None,
    "category": DEFAULT_CATEGORY,
    "model": DISPOSITION_MODEL,
    "is_subjective": False,
    "is_objective": False,
    "subjective_type": TEXT,
    "subjective_type_config": None,
    "objective_options": None,
}
"""What a disposition that does not say otherwise is."""


@dataclass(frozen=True, slots=True)
class Option:
    """A value that may be chosen, when it is to be chosen, and the finer choices within it."""

    value: str
    condition: str = ""
    sub_options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Disposition:
    """One question. ``pattern`` and ``pattern_means`` belong to the type regex."""

    name: str
    question: str
    category: str = DEFAULT_CATEGORY
    system_prompt: str = ""
    model: str = DISPOSITION_MODEL
    is_subjective: bool = False
    is_objective: bool = False
    subjective_type: str = TEXT
    pattern: str = ""
    pattern_means: str = ""
    options: tuple[Option, ...] = ()


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
    name = _required(fields, "name", MAX_NAME_CHARACTERS)
    question = _required(fields, "question", MAX_QUESTION_CHARACTERS)
    subjective, objective = fields.switch("is_subjective", False), fields.switch("is_objective", False)
    if not subjective and not objective:
        where = fields.at("is_subjective")
        raise UnprocessableError(f"at least one of {where} and {fields.at('is_objective')} must be true", field=where)
    kind = fields.choice("subjective_type", TEXT, SUBJECTIVE_TYPES)
    if kind != TEXT and not subjective:
        where = fields.at("subjective_type")
        raise UnprocessableError(f"{where} {kind} needs is_subjective to be true", field=where)
    pattern, means = _pattern(fields, kind)
    return Disposition(
        name=name,
        question=question,
        category=fields.text("category", longest=MAX_NAME_CHARACTERS).strip() or DEFAULT_CATEGORY,
        system_prompt=fields.text("system_prompt", longest=MAX_QUESTION_CHARACTERS).strip(),
        model=fields.text("model", longest=MAX_NAME_CHARACTERS).strip() or DISPOSITION_MODEL,
        is_subjective=subjective,
        is_objective=objective,
        subjective_type=kind,
        pattern=pattern,
        pattern_means=means,
        options=_options(fields, objective),
    )


def _required(fields: Fields, name: str, longest: int) -> str:
    found = fields.text(name, longest=longest).strip()
    if not found:
        raise UnprocessableError(f"{fields.at(name)} is required", field=fields.at(name))
    return found


def _pattern(fields: Fields, kind: str) -> tuple[str, str]:
    """``subjective_type_config`` of the type regex; for other types it is kept, and must be an object of texts."""
    config = fields.child("subjective_type_config")
    if config is not None:
        config.text("pattern")
        config.text("description", longest=MAX_QUESTION_CHARACTERS)
    if kind != REGEX:
        return "", ""
    where = f"{fields.at('subjective_type_config')}.pattern"
    pattern = config.text("pattern") if config is not None else ""
    if config is None or not pattern:
        raise UnprocessableError(f"{where} is required when subjective_type is regex", field=where)
    try:
        compile_pattern(pattern)
    except PatternError as error:
        raise UnprocessableError(f"{where} is not a pattern that can be used: {error}", field=where) from error
    return pattern, config.text("description", longest=MAX_QUESTION_CHARACTERS)


def _options(fields: Fields, objective: bool) -> tuple[Option, ...]:
    listed = fields.list("objective_options")
    where = fields.at("objective_options")
    if objective and not listed:
        raise UnprocessableError(f"{where} must hold at least one option when is_objective is true", field=where)
    found = _level(listed or [], where, 1)
    if sum(1 for _ in _all(found)) > MAX_OPTIONS:
        raise UnprocessableError(
            f"{where} may hold at most {MAX_OPTIONS} options, those within options included", field=where
        )
    return found if objective else ()


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
        option = Fields(one, path, UnprocessableError)
        value = _required(option, "value", MAX_OPTION_CHARACTERS)
        if value in taken:
            first = f"{where}[{taken[value]}].value"
            raise UnprocessableError(f"{option.at('value')} is the same as {first}", field=option.at("value"))
        taken[value] = index
        condition = option.text("condition", longest=MAX_QUESTION_CHARACTERS).strip()
        within = _level(option.list("sub_options") or [], option.at("sub_options"), depth + 1)
        found.append(Option(value, condition, within))
    return tuple(found)


def _all(options: Sequence[Option]) -> Iterator[Option]:
    for option in options:
        yield option
        yield from _all(option.sub_options)


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
