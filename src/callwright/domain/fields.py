"""Reading a JSON object field by field, so that a wrong value is named by its path and never becomes a default.

A missing field and ``null`` give the default; anything else must be of the kind asked for. Numbers may come as text (``"30"``) or,
for whole numbers, as ``30.0``: the hosted service's own samples send both.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from typing import Any

from callwright.domain.errors import BadInputError, InvalidAgentError

_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})
_SHOWN_CHARACTERS = 40


def wrong(path: str, expected: str, value: object, failure: type[BadInputError] = InvalidAgentError) -> BadInputError:
    """The error for a value that is not what it should be. Long and structured values are named by their kind only."""
    return failure(f"{path} must be {expected}, not {_shown(value)}", field=path)


def _shown(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "an array"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."


class Fields:
    """One JSON object at ``path``. Every reader returns the value or its default, or raises ``failure`` naming the path."""

    def __init__(self, value: Mapping[str, Any], path: str, failure: type[BadInputError] = InvalidAgentError) -> None:
        self.value = value
        self.path = path
        self.failure = failure

    def at(self, name: str) -> str:
        """The path of a field."""
        return f"{self.path}.{name}" if self.path else name

    def raw(self, name: str) -> Any:
        """The field as it came, None when it is missing."""
        return self.value.get(name)

    def wrong(self, name: str, expected: str) -> BadInputError:
        """The error for the field's present value."""
        return wrong(self.at(name), expected, self.value.get(name), self.failure)

    def child(self, name: str) -> Fields | None:
        """The object in a field, or None."""
        value = self.raw(name)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise self.wrong(name, "an object")
        return Fields(value, self.at(name), self.failure)

    def list(self, name: str) -> list[Any] | None:
        """The array in a field, or None."""
        value = self.raw(name)
        if value is None:
            return None
        if not isinstance(value, list):
            raise self.wrong(name, "an array")
        return value

    def text(self, name: str, default: str = "", *, longest: int | None = None) -> str:
        """A string of at most ``longest`` characters."""
        value = self.raw(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self.wrong(name, "a string")
        if longest is not None and len(value) > longest:
            raise self.failure(
                f"{self.at(name)} has {len(value)} characters, at most {longest} are allowed", field=self.at(name)
            )
        return value

    def choice(self, name: str, default: str, allowed: Collection[str]) -> str:
        """One of a few words."""
        value = self.raw(name)
        if value is None:
            return default
        if not isinstance(value, str) or value not in allowed:
            raise self.wrong(name, f"one of {', '.join(sorted(allowed))}")
        return value

    def switch(self, name: str, default: bool) -> bool:
        """true or false, also as text or 1 and 0."""
        value = self.raw(name)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        word = str(value).strip().lower() if isinstance(value, str | int) else ""
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
        raise self.wrong(name, "true or false")

    def number(self, name: str, default: float, least: float, most: float) -> float:
        """A number within bounds; whole ones come back as int."""
        value = self.raw(name)
        if value is None:
            return default
        found = _number(value)
        if found is None or not least <= found <= most:
            raise self.wrong(name, f"a number from {least:g} to {most:g}")
        return int(found) if found == int(found) else found

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number within bounds."""
        value = self.raw(name)
        if value is None:
            return default
        found = _number(value)
        if found is None or found != int(found) or not least <= found <= most:
            raise self.wrong(name, f"a whole number from {least} to {most}")
        return int(found)

    def message(self, name: str, default: str | None) -> str | Mapping[str, str] | None:
        """A sentence, or a map of language code to sentence."""
        value = self.raw(name)
        if value is None:
            return default
        if isinstance(value, str):
            return value
        if isinstance(value, Mapping) and all(isinstance(text, str) for text in value.values()):
            return dict(value)
        raise self.wrong(name, "a string or a map of language code to string")


def _number(value: object) -> float | None:
    """A finite number from a JSON number or its text; None for anything else (booleans are not numbers)."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None
