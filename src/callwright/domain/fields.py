"""Reading a JSON object field by field, so that a wrong value is named by its path and never becomes a default.

A missing field and ``null`` give the default; anything else must be of the kind asked for. Numbers may come as text (``"30"``) or,
for whole numbers, as ``30.0``: the hosted service's own samples send both.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping
from typing import Any

from callwright.domain.audit import may_hold_secret, redacted
from callwright.domain.errors import BadInputError, InvalidAgentError

_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})
#: What a misspelt word looks like. Addresses, headers, credentials and JSON have signs that are not among these.
_WORD = re.compile(r"[\w+()./ -]{1,40}")

#: What the name of a field may look like to be told.
_NAME = re.compile(r'[^:@=?"{}\x00-\x1f]{1,100}')


def wrong(
    path: str,
    expected: str,
    value: object,
    failure: type[BadInputError] = InvalidAgentError,
    *,
    quoted: bool = False,
) -> BadInputError:
    """The error for a value that is not what it should be.

    A message must never hold a secret, and what stands in a wrong place may be one: a value is named by its kind. ``quoted`` is for
    places that are read as one of a few words or as a number within bounds, where what came is a slip to be seen.
    """
    return failure(f"{path} must be {expected}, not {shown(value, path) if quoted else kind_of(value)}", field=path)


def kind_of(value: object) -> str:
    """What kind of JSON value it is, and nothing of what it says."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "an array"
    if isinstance(value, str):
        return f"a string of {len(value)} characters" if value else "an empty string"
    return "a number"


def shown(value: object, path: str = "") -> str:
    """A number or a word as it came; anything else, and everything whose path tells of a secret, by its kind."""
    if isinstance(value, str):
        safe = _WORD.fullmatch(value) is not None and redacted(value) == value and not may_hold_secret(path)
        return json.dumps(value, ensure_ascii=False) if safe else kind_of(value)
    return json.dumps(value) if isinstance(value, int | float) else kind_of(value)


class Fields:
    """One JSON object at ``path``. Every reader returns the value or its default, or raises ``failure`` naming the path."""

    def __init__(self, value: Mapping[str, Any], path: str, failure: type[BadInputError] = InvalidAgentError) -> None:
        self.value = value
        self.path = path
        self.failure = failure

    def at(self, name: str) -> str:
        """The path of a field. Names are those of the request, and one that looks like a header line, an address or JSON is not told."""
        told = name if _NAME.fullmatch(name) else f"(a name of {len(name)} characters)"
        return f"{self.path}.{told}" if self.path else told

    def raw(self, name: str) -> Any:
        """The field as it came, None when it is missing."""
        return self.value.get(name)

    def wrong(self, name: str, expected: str, *, quoted: bool = False) -> BadInputError:
        """The error for the field's present value, which is quoted as :func:`wrong` says."""
        return wrong(self.at(name), expected, self.value.get(name), self.failure, quoted=quoted)

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
            raise self.wrong(name, f"one of {', '.join(sorted(allowed))}", quoted=isinstance(value, str))
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
            raise self.wrong(name, f"a number from {least:g} to {most:g}", quoted=found is not None)
        return int(found) if found == int(found) else found

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number within bounds."""
        value = self.raw(name)
        if value is None:
            return default
        found = _number(value)
        if found is None or found != int(found) or not least <= found <= most:
            raise self.wrong(name, f"a whole number from {least} to {most}", quoted=found is not None)
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
