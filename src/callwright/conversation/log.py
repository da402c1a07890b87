"""The log of a call: canonical lines of JSON, one header and then entries in one ``seq`` order.

Header: ``{"log": 1, "core": n, "execution_id", "attempt", "started_at", "variables", "seed", "agent"}`` (secrets as references).
Entry: ``{"seq", "at", "sec", "dir", "type", "v"}`` where ``at`` is microseconds since the attempt began, ``sec`` is ``leg``,
``core`` or ``post``, ``dir`` is ``in`` (an event given to the core), ``out`` (an effect it returned) or ``fact`` (something the
shell measured or a post-call job found), ``type`` is the class name of the event or effect, or the fact's name, and ``v`` its
fields.

Canonical: keys sorted, no spaces, UTF-8, one line each; the same call gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import Field, dataclass, fields
from types import UnionType
from typing import Any, get_args

from callwright.conversation import effects as effects_module
from callwright.conversation import events as events_module
from callwright.conversation.effects import Effect
from callwright.conversation.events import Event, Started
from callwright.conversation.plan import CallPlan, ToolWords, TransferTool
from callwright.domain.text import whole_text
from callwright.ports.model import Message, Tool

LOG_FORMAT = 1


class LogFormatError(ValueError):
    """A line is not an entry of this log format. The message names the line."""


def _classes(union: Any) -> dict[str, type]:
    assert isinstance(union, UnionType)
    return {cls.__name__: cls for cls in get_args(union)}


EVENT_TYPES: dict[str, type] = _classes(events_module.Event)
EFFECT_TYPES: dict[str, type] = _classes(effects_module.Effect)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a log, as read back."""

    seq: int
    at_us: int
    section: str
    direction: str
    type: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of a log."""

    execution_id: str
    attempt: int
    started_at: str
    variables: Mapping[str, str]
    seed: int
    agent: Mapping[str, Any]
    core_version: int
    log_format: int = LOG_FORMAT


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical(value: Any) -> str:
    """``value`` as canonical JSON text (sorted keys, no spaces, real characters). It can always be encoded: halves of surrogate pairs are
    replaced by U+FFFD."""
    return whole_text(_CANONICAL.encode(value))


def message_as_wire(message: Message) -> dict[str, Any]:
    """A model message as plain data."""
    wire: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        wire["tool_calls"] = [[c.call_id, c.name, c.arguments] for c in message.tool_calls]
    if message.tool_call_id:
        wire["tool_call_id"] = message.tool_call_id
    return wire


def _digest(messages: Iterable[Message]) -> dict[str, Any]:
    plain = [message_as_wire(m) for m in messages]
    text = canonical(plain)
    return {
        "count": len(plain),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "last": plain[-1] if plain else None,
    }


def _field_as_wire(spec: Field[Any], value: Any) -> Any:
    kind = spec.metadata.get("log")
    if kind == "digest":
        return _digest(value)
    if kind == "names":
        return [tool.name for tool in value]
    if isinstance(value, CallPlan):
        return {f.name: _plan_value(getattr(value, f.name)) for f in fields(CallPlan)}
    if isinstance(value, tuple):
        return [list(item) if isinstance(item, tuple) else item for item in value]
    return value


def _plan_value(value: Any) -> Any:
    if isinstance(value, tuple):
        return [
            item if isinstance(item, str) else {f.name: getattr(item, f.name) for f in fields(item)} for item in value
        ]
    return value


_FIELDS: dict[type, tuple[Field[Any], ...]] = {
    cls: tuple(f for f in fields(cls) if f.name != "at_us") for cls in (*EVENT_TYPES.values(), *EFFECT_TYPES.values())
}


_PLAIN_TYPES = frozenset({"int", "str", "bool"})
_PLAIN: dict[type, tuple[str, ...]] = {
    cls: tuple(f.name for f in specs) for cls, specs in _FIELDS.items() if all(f.type in _PLAIN_TYPES for f in specs)
}
"""The names of the fields of those that are plain data as they are, which most are."""


def values_of(item: Event | Effect) -> dict[str, Any]:
    """The fields of an event or effect as plain data (``at_us`` left out: the entry has it)."""
    plain = _PLAIN.get(type(item))
    if plain is not None:
        return {name: getattr(item, name) for name in plain}
    return {f.name: _field_as_wire(f, getattr(item, f.name)) for f in _FIELDS[type(item)]}


def entry_line(seq: int, at_us: int, section: str, direction: str, type_name: str, values: Mapping[str, Any]) -> str:
    """One entry as its canonical line, newline included."""
    return canonical({"at": at_us, "dir": direction, "sec": section, "seq": seq, "type": type_name, "v": values}) + "\n"


def header_line(header: Header) -> str:
    """The header as its canonical line, newline included."""
    return (
        canonical(
            {
                "agent": header.agent,
                "attempt": header.attempt,
                "core": header.core_version,
                "execution_id": header.execution_id,
                "log": header.log_format,
                "seed": header.seed,
                "started_at": header.started_at,
                "variables": header.variables,
            }
        )
        + "\n"
    )


def event_from_wire(type_name: str, at_us: int, values: Mapping[str, Any]) -> Event:
    """The event an ``in`` entry holds. Raises LogFormatError for an unknown type or wrong fields."""
    cls = EVENT_TYPES.get(type_name)
    if cls is None:
        raise LogFormatError(f"unknown event type {type_name!r}")
    plain = dict(values)
    try:
        if cls is Started:
            plain["plan"] = _plan_from_wire(plain["plan"])
        for f in fields(cls):
            value = plain.get(f.name)
            if isinstance(value, list):
                plain[f.name] = tuple(tuple(item) if isinstance(item, list) else item for item in value)
        event: Event = cls(at_us=at_us, **plain)
    except (TypeError, KeyError) as error:
        raise LogFormatError(f"{type_name}: {error}") from error
    return event


def _plan_from_wire(plain: Mapping[str, Any]) -> CallPlan:
    known = {f.name for f in fields(CallPlan)}
    values = {name: value for name, value in plain.items() if name in known}
    values["tools"] = tuple(Tool(**tool) for tool in values.get("tools", ()))
    values["transfers"] = tuple(TransferTool(**tool) for tool in values.get("transfers", ()))
    values["tool_words"] = tuple(ToolWords(**words) for words in values.get("tool_words", ()))
    for name in ("waiting_messages", "key_tools"):
        values[name] = tuple(values.get(name, ()))
    return CallPlan(**values)


def read_log(text: str) -> tuple[Header, list[Entry]]:
    """A whole log. An incomplete last line (the writer was killed) is left out. Raises LogFormatError."""
    lines = text.split("\n")
    complete = lines[:-1]
    if not complete:
        raise LogFormatError("the log has no header")
    header = _read_header(complete[0])
    return header, list(_read_entries(complete[1:]))


def _read_header(line: str) -> Header:
    try:
        plain = json.loads(line)
        return Header(
            execution_id=plain["execution_id"],
            attempt=plain["attempt"],
            started_at=plain["started_at"],
            variables=plain["variables"],
            seed=plain["seed"],
            agent=plain["agent"],
            core_version=plain["core"],
            log_format=plain["log"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise LogFormatError(f"line 1 is not a log header: {error}") from error


def _read_entries(lines: Iterable[str]) -> Iterator[Entry]:
    for number, line in enumerate(lines, start=2):
        if not line:
            continue
        try:
            yield _entry(json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            raise LogFormatError(f"line {number} is not a log entry: {error}") from error


def _entry(plain: Any) -> Entry:
    entry = Entry(plain["seq"], plain["at"], plain["sec"], plain["dir"], plain["type"], plain["v"])
    if not isinstance(entry.values, dict):
        raise TypeError("its v is no object")
    if not (isinstance(entry.seq, int) and isinstance(entry.at_us, int)):
        raise TypeError("its seq or its at is no whole number")
    return entry
