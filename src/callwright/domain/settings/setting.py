"""Declares settings of an agent: name, kind, default, and what the setting does.

A setting is declared once: as a field of a record (:func:`setting`), or as a :class:`Setting` of a tuple. The parser of agents, the page
``docs/reference/agent-settings.md``, the schema in ``/openapi.json`` and the paths of ``--set`` follow from the declaration.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from callwright.domain.fields import Fields

Record = TypeVar("Record")
_KEY, _PART = "setting", "part"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value may be, in ``words`` and as a JSON ``schema``.

    ``read`` takes a field that is not null and returns its value, or None for one that counts as missing. It raises InvalidAgentError.
    Without ``read`` the value is parsed by code of its own, or not at all.
    """

    words: str
    schema: Mapping[str, Any]
    read: Callable[[Fields, str], Any] | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. ``key`` is ``section.name``. ``default`` is the value of a setting that is missing or null, as JSON has it.

    ``absent`` is what the parser makes of a missing one where that is not the default. ``within`` is the object of the section in which the
    setting is read, where it is not the section itself. ``kept``: the setting is stored, and nothing acts on it.
    """

    key: str
    kind: Kind
    default: Any
    does: str
    absent: Any = None
    within: str = ""
    kept: bool = False
    since: str = "0.1.0"

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
        """The value in ``given``, or the default. Raises InvalidAgentError."""
        found = self.given(given)
        if found is not None:
            return found
        return self.default if self.absent is None else self.absent

    def given(self, fields: Fields) -> Any:
        """The value in ``fields``, None where it is missing. Raises InvalidAgentError."""
        if self.kind.read is None or fields.raw(self.name) is None:
            return None
        return self.kind.read(fields, self.name)


def setting(key: str, kind: Kind, default: Any, does: str, **more: Any) -> Any:
    """A field of a record that is the :class:`Setting` of these arguments."""
    declared = Setting(key, kind, default, does, **more)
    absent = default if declared.absent is None else declared.absent
    return dataclasses.field(default=absent, metadata={_KEY: declared})


def part(record: type[Any]) -> Any:
    """A field of a record that is another record, whose settings stand in the same section."""
    return dataclasses.field(default_factory=record, metadata={_PART: record})


def within(place: str, *settings: Setting) -> tuple[Setting, ...]:
    """The settings as such that are read in the object ``place`` of their section."""
    return tuple(dataclasses.replace(one, within=place) for one in settings)


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
    """The record whose settings are read from ``given``. Raises InvalidAgentError."""
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
