"""Reading a JSON object field by field, so that a wrong value is named by its path and never becomes a default.

A missing field and ``null`` give the default; anything else must be of the kind asked for. Numbers may come as text (``"30"``) or,
for whole numbers, as ``30.0``: the hosted service's own samples send both.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterable, Mapping
from difflib import SequenceMatcher, get_close_matches
from itertools import islice
from typing import Any

from callwright.domain.errors import BadInputError, InvalidAgentError
from callwright.domain.redaction import may_hold_secret, redacted

_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})
#: Letters alone, as the name of a provider is. Keys and tokens have digits among theirs.
_PLAIN = re.compile(r"[A-Za-z]{1,20}")
#: The place of an item in a list, as the name of a field.
_INDEX = re.compile(r"\[\d{1,4}\]")
#: So short that it can be no secret.
_TINY = re.compile(r"[A-Za-z]{1,3}")

#: A number as JSON or as its text. A longer one may be that of a card.
_NUMBER = re.compile(r"[0-9.eE+-]{1,11}")

#: What a person calls a setting, a tool, a header or a column: words, each with a few digits behind it at most. The digits of a key or
#: a token stand anywhere in it. Letters of other scripts, and their signs, are not of ASCII.
_PART = r"(?:(?:[A-Za-z]|[^\x00-\xbf]){1,24}[0-9]{0,3}|[0-9]{1,4})"
_NAME = re.compile(rf"_{{0,2}}{_PART}(?:[-_. /()'&]{{1,2}}{_PART}){{0,9}}\)?")
#: What begins as the keys of well-known services do. An error may leave out a name that only looks like one; the audit trail, which keeps
#: things for ever, goes by the whole form.
_KEY = re.compile(
    r"(?i)(?<![A-Za-z0-9])(?:gh[opsu]_|github_pat_|glpat-|hf_|r8_|AKIA|SG\.|eyJ|[prs]k_(?:live|test)_)[A-Za-z0-9._/+=-]{6,}"
)
_LONGEST_NAME = 64
_MOST_DIGITS = 8

#: How near a word is to one that is allowed, from 0 to 1, and how much longer or shorter, when it is that one misspelt.
_NEAR = 0.7
_ALIKE = 0.75
_MOST_COMPARED = 200
_SEPARATORS = str.maketrans("", "", "_- ")
_LONGER = 2


def wrong(
    path: str,
    expected: str,
    value: object,
    failure: type[BadInputError] = InvalidAgentError,
    *,
    told: str = "",
) -> BadInputError:
    """The error for a value that is not what it should be.

    A message must never hold a secret, and what stands in a wrong place may be one: a value is named by its kind. ``told`` is what
    stands in its place where what came is a slip to be seen: :func:`number` or :func:`word` of it.
    """
    return failure(f"{path} must be {expected}, not {told or kind_of(value)}", field=path)


def not_among(
    path: str, allowed: Collection[str], value: object, failure: type[BadInputError] = InvalidAgentError
) -> BadInputError:
    """The error for a value that is none of a few words."""
    return wrong(path, f"one of {', '.join(sorted(allowed))}", value, failure, told=word(value, allowed, path))


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


def number(value: object) -> str:
    """A number, also as text, as it came, unless it is as long as that of a card."""
    text = json.dumps(value)
    return text if _NUMBER.fullmatch(text.strip('"')) else kind_of(value)


def word(value: object, allowed: Collection[str], path: str = "", *, plain: bool = False) -> str:
    """``value`` as it came where it is one of ``allowed`` misspelt, else its kind, as that of everything whose path tells of a secret.

    ``plain``: the contract prescribes a message that holds what came; a word of letters alone does no harm there.
    """
    if not isinstance(value, str) or may_hold_secret(path):
        return kind_of(value)
    slip = _TINY.fullmatch(value) or any(_near(value.lower(), one.lower()) for one in allowed)
    safe = slip or (plain and _PLAIN.fullmatch(value))
    return json.dumps(value, ensure_ascii=False) if safe else kind_of(value)


def _near(value: str, wanted: str) -> bool:
    return abs(len(value) - len(wanted)) <= _LONGER and SequenceMatcher(None, value, wanted).ratio() >= _NEAR


def named(name: str) -> str:
    """A name that a request made up, of a tool, a header or a column, as it came; one that may be a secret by its length."""
    plain = len(name) <= _LONGEST_NAME and sum(one.isdigit() for one in name) <= _MOST_DIGITS
    plain = plain and _NAME.fullmatch(name) is not None and redacted(name) == name and _KEY.search(name) is None
    return name if plain else f"(a name of {len(name)} characters)"


def nearest(name: str, known: Collection[str]) -> str | None:
    """The one of ``known`` that ``name`` most likely is, misspelt; None where none is like it."""
    if len(name) > _LONGEST_NAME:
        return None
    return slip_of(name, known) or next(iter(get_close_matches(name.lower(), sorted(known), n=1, cutoff=_ALIKE)), None)


def slip_of(name: str, known: Iterable[str], *, least: int = 3) -> str | None:
    """The one of ``known`` that ``name`` is with one slip (:func:`is_slip`), of the first 200; None where there is none."""
    return next((one for one in islice(known, _MOST_COMPARED) if is_slip(name, one, least=least)), None)


def is_slip(given: str, wanted: str, *, least: int = 3) -> bool:
    """Whether ``given`` is ``wanted`` in another case or with other separators. In names of ``least`` letters also one letter may be too
    many, missing or another, or two exchanged."""
    a, b = (name.lower().translate(_SEPARATORS) for name in (given, wanted))
    if a == b:
        return True
    if min(len(a), len(b)) < least or abs(len(a) - len(b)) > 1:
        return False
    at = next((at for at, (left, right) in enumerate(zip(a, b, strict=False)) if left != right), min(len(a), len(b)))
    a, b = a[at:], b[at:]
    if len(a) != len(b):
        return a[1:] == b if len(a) > len(b) else a == b[1:]
    return a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def plain_value(value: object, path: str = "") -> str | int | float | bool | None:
    """``value`` as it came where it can be no secret, else its kind."""
    if value is None or isinstance(value, bool):
        return value
    if not may_hold_secret(path):
        if isinstance(value, int | float) and _NUMBER.fullmatch(json.dumps(value)):
            return value
        if isinstance(value, str) and named(value) == value:
            return value
    return kind_of(value)


class Fields:
    """One JSON object at ``path``. Every reader returns the value or its default, or raises ``failure`` naming the path."""

    def __init__(self, value: Mapping[str, Any], path: str, failure: type[BadInputError] = InvalidAgentError) -> None:
        self.value = value
        self.path = path
        self.failure = failure

    def at(self, name: str) -> str:
        """The path of a field. Names may be those of the request: one that may be a secret is told by its length, and which it is. A
        name such as ``[0]`` is the place of an item in a list."""
        if _INDEX.fullmatch(name):
            return f"{self.path}{name}"
        told = named(name)
        if told != name and name in self.value:
            told = f"(name {list(self.value).index(name) + 1}, of {len(name)} characters)"
        return f"{self.path}.{told}" if self.path else told

    def raw(self, name: str) -> Any:
        """The field as it came, None when it is missing."""
        return self.value.get(name)

    def wrong(self, name: str, expected: str, *, told: str = "") -> BadInputError:
        """The error for the field's present value, which is told as :func:`wrong` says."""
        return wrong(self.at(name), expected, self.value.get(name), self.failure, told=told)

    def not_among(self, name: str, allowed: Collection[str]) -> BadInputError:
        """The error for a field that is none of a few words."""
        return not_among(self.at(name), allowed, self.value.get(name), self.failure)

    def child(self, name: str) -> Fields | None:
        """The object in a field, or None."""
        value = self.raw(name)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise self.wrong(name, "an object")
        return Fields(value, self.at(name), self.failure)

    def child_or_text(self, name: str) -> Fields | None:
        """The object in a field, also as JSON text, or None. The text may be empty or ``null``, which count as missing."""
        value = self.raw(name)
        if not isinstance(value, str):
            return self.child(name)
        try:
            value = json.loads(value) if value.strip() else None
        except (ValueError, RecursionError):
            raise self.wrong(name, "an object or its JSON text") from None
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise self.wrong(name, "an object or its JSON text")
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
            raise self.not_among(name, allowed)
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
            told = number(value) if found is not None else ""
            raise self.wrong(name, f"a number from {least:g} to {most:g}", told=told)
        return int(found) if found == int(found) else found

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number within bounds."""
        value = self.raw(name)
        if value is None:
            return default
        found = _number(value)
        if found is None or found != int(found) or not least <= found <= most:
            told = number(value) if found is not None else ""
            raise self.wrong(name, f"a whole number from {least} to {most}", told=told)
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
