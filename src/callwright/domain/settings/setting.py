"""Declares what a JSON object holds: the name, kind and default of each setting, and what it does.

A setting is declared once: as a field of a record (:func:`setting`), or as a :class:`Setting` of a tuple. Its reader, its text of an error,
its schema in ``/openapi.json`` and its wire form follow from the declaration; so do the page ``docs/reference/agent-settings.md`` and the
paths of ``--set`` for the settings of an agent.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from callwright.domain.fields import Fields

Record = TypeVar("Record")
_KEY, _PART = "setting", "part"
_ASIDE = re.compile(r" ?\(\[[^]]*\]\([^)]*\)\)")
_LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")

IS_REQUIRED = "is required"
_UNCHANGED: Any = object()
"""The default of a setting of a change. The schema of such a setting gives none: a client that filled it in would change the setting."""
SHAPE = "x-shape"
"""In the schema of an object: its name in the description of the API. A schema without properties refers to the one of that name."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value may be, in ``words`` and as a JSON ``schema``.

    ``read`` takes a field that is not null and returns its value, or None for one that counts as missing. It raises the failure of the
    fields. Without ``read`` the value is parsed by code of its own, or not at all.
    """

    words: str
    schema: Mapping[str, Any]
    read: Callable[[Fields, str], Any] | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. ``key`` is ``section.name``. ``default`` is the value of a setting that is missing or null, as JSON has it.

    ``absent`` is what the parser makes of a missing one where that is not the default. ``within`` is the object of the section in which the
    setting is read, where it is not the section itself. ``kept``: the setting is stored, and nothing acts on it. ``required``: what an
    error says of a missing one, empty where it may be missing.
    """

    key: str
    kind: Kind
    default: Any
    does: str
    absent: Any = None
    within: str = ""
    kept: bool = False
    since: str = "0.1.0"
    required: str = ""

    @property
    def section(self) -> str:
        """The section, as ``task_config``."""
        return self.key.partition(".")[0]

    @property
    def name(self) -> str:
        """The name in its section."""
        return self.key.partition(".")[2]

    @property
    def least(self) -> float | None:
        """The smallest number, None where there is none."""
        return self.kind.schema.get("minimum")

    @property
    def most(self) -> float | None:
        """The largest number, None where there is none."""
        return self.kind.schema.get("maximum")

    def of(self, given: Fields) -> Any:
        """The value in ``given``, or the default. Raises the failure of ``given``."""
        found = self.given(given)
        if found is not None:
            return found
        if self.required:
            path = given.at(self.name)
            raise given.failure(f"{path} {self.required}", field=path)
        return self.default if self.absent is None else self.absent

    def given(self, fields: Fields) -> Any:
        """The value in ``fields``, None where it is missing. Raises the failure of ``fields``."""
        name = self.name
        return None if self.kind.read is None or fields.raw(name) is None else self.kind.read(fields, name)


def setting(key: str, kind: Kind, default: Any, does: str = "", **more: Any) -> Any:
    """A field of a record that is the :class:`Setting` of these arguments."""
    declared = Setting(key, kind, default, does, **more)
    absent = default if declared.absent is None else declared.absent
    if isinstance(absent, dict):
        return dataclasses.field(default_factory=absent.copy, metadata={_KEY: declared})
    return dataclasses.field(default=absent, metadata={_KEY: declared})


def needed(key: str, kind: Kind, does: str = "", told: str = IS_REQUIRED) -> Any:
    """A field of a record that is a required :class:`Setting`. ``told``: what an error says of a missing one."""
    return dataclasses.field(metadata={_KEY: Setting(key, kind, None, does, required=told)})


def part(record: type[Any]) -> Any:
    """A field of a record that is another record, whose settings stand in the same section."""
    return dataclasses.field(default_factory=record, metadata={_PART: record})


def within(place: str, *settings: Setting) -> tuple[Setting, ...]:
    """The settings as such that are read in the object ``place`` of their section."""
    return tuple(dataclasses.replace(one, within=place) for one in settings)


def changes(settings: Iterable[Setting]) -> tuple[Setting, ...]:
    """The settings as a change names them: each may be missing, which leaves it as it is, and null makes it its default."""
    return tuple(dataclasses.replace(one, required="", default=_UNCHANGED) for one in settings)


def declared_in(record: type[Any]) -> tuple[Setting, ...]:
    """The settings of a record and its parts, in order."""
    found: list[Setting] = []
    for field in dataclasses.fields(record):
        if _KEY in field.metadata:
            found.append(field.metadata[_KEY])
        elif _PART in field.metadata:
            found += declared_in(field.metadata[_PART])
    return tuple(found)


def read_record(record: type[Record], given: Fields) -> Record:
    """The record whose settings are read from ``given``. Raises the failure of ``given``."""
    values = {}
    for field in dataclasses.fields(record):  # type: ignore[arg-type]
        if _KEY in field.metadata:
            values[field.name] = field.metadata[_KEY].of(given)
        elif _PART in field.metadata:
            values[field.name] = read_record(field.metadata[_PART], given)
    return record(**values)


def read_all(settings: Iterable[Setting], given: Fields) -> dict[str, Any]:
    """The value of each setting that a kind reads, by name. Raises InvalidAgentError."""
    return {one.name: one.of(given) for one in settings if one.kind.read is not None}


def read_given(settings: Iterable[Setting], given: Fields) -> dict[str, Any]:
    """As :func:`read_all`, without those that are missing. Raises InvalidAgentError."""
    return {one.name: value for one in settings if (value := one.given(given)) is not None}


def wire_of(record: Any) -> dict[str, Any]:
    """A record as JSON: each of its settings by name. :func:`read_record` reads it back."""
    wire: dict[str, Any] = {}
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        if _KEY in field.metadata:
            wire[field.metadata[_KEY].name] = _plain(value)
        elif _PART in field.metadata:
            wire |= wire_of(value)
    return wire


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return wire_of(value)
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def shape_of(record: type[Any]) -> dict[str, Any]:
    """The JSON schema of a record. Its name in the description of the API is the record's."""
    does = inspect.cleandoc(record.__doc__ or "").partition("\n\n")[0].replace("\n", " ").replace("``", "`")
    return {SHAPE: record.__name__, "type": "object", "description": does, **schema_of(declared_in(record))}


def schema_of(settings: Iterable[Setting], *, answered: bool = False) -> dict[str, Any]:
    """``properties`` and ``required`` of an object with these settings, in a request or as they are ``answered``. In a request, null stands
    for the default."""
    declared = tuple(settings)
    required = [one.name for one in declared if one.required]
    properties = {one.name: _property(one, answered=answered) for one in declared}
    return {"properties": properties, **({"required": required} if required else {})}


def sentence_of(one: Setting) -> str:
    """What a setting does, without links, which lead to pages of the repository."""
    return _LINK.sub(r"\1", _ASIDE.sub("", one.does))


def _property(one: Setting, *, answered: bool) -> dict[str, Any]:
    schema, does = dict(one.kind.schema), sentence_of(one)
    if not schema:
        does = f"{does} Value: {one.kind.words}."
    elif not one.required and (one.default is None or not answered):
        schema = {"anyOf": [*schema.pop("anyOf", ()), *([schema] if schema else ()), {"type": "null"}]}
    if not one.required and not answered and one.default is not _UNCHANGED:
        schema["default"] = one.default
    if does:
        schema["description"] = f"Kept, without effect. {does}" if one.kept else does
    return schema
