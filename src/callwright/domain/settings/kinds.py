"""The kinds of settings: what a value may be, and how it is read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

from callwright.domain.fields import Fields, wrong
from callwright.domain.limits import (
    MAX_ADDRESS_CHARACTERS,
    MAX_PRONOUNCED_CHARACTERS,
    MAX_PRONUNCIATION_RULES,
    MAX_SAY_AS_CHARACTERS,
)
from callwright.domain.origin import origin_of
from callwright.domain.settings.setting import Kind, read_record, shape_of
from callwright.domain.web_address import names_host

TEXT = {"type": "string"}
ANY_OBJECT: Mapping[str, Any] = {"type": "object", "additionalProperties": True}
"""Generated clients take an object that says less for one without fields."""
_LARGEST_SEED = 2**63
"""Endpoints read 64 bits."""


def described(words: str, schema: Mapping[str, Any] | None = None) -> Kind:
    """A value that the declaration only describes: code of its own reads it, or nothing does."""
    return Kind(words, schema or {})


def number(least: float, most: float, *, floor: float | None = None, ceiling: float | None = None) -> Kind:
    """A number. One below ``floor`` or above ``ceiling`` is accepted and becomes that."""

    def read(given: Fields, name: str) -> float:
        found = given.number(name, 0, least, most)
        found = found if floor is None else max(floor, found)
        return found if ceiling is None else min(ceiling, found)

    return Kind(f"{least:,g} to {most:,g}", {"type": "number", "minimum": least, "maximum": most}, read)


def whole(least: int, most: int) -> Kind:
    """A whole number."""
    schema = {"type": "integer", "minimum": least, "maximum": most}
    return Kind(f"{least:,} to {most:,}", schema, lambda given, name: given.whole(name, 0, least, most))


def text(longest: int | None = None, words: str = "a text") -> Kind:
    """A text; an empty one counts as missing."""
    schema = TEXT if longest is None else {**TEXT, "maxLength": longest}
    return Kind(words, schema, lambda given, name: given.text(name, longest=longest) or None)


def filled(longest: int | None = None) -> Kind:
    """A text without the blanks around it; a blank one counts as missing."""
    return Kind("a text", text(longest).schema, lambda given, name: given.text(name, longest=longest).strip() or None)


def choice(allowed: Collection[str], words: str = "") -> Kind:
    """One of a few words."""
    told = words or f"{', '.join(list(allowed)[:-1])} or {list(allowed)[-1]}"
    schema = {**TEXT, "enum": list(allowed)}
    return Kind(told, schema, lambda given, name: given.choice(name, "", allowed))


def sentences(most: int, longest: int) -> Kind:
    """A list of texts to be spoken."""

    def read(given: Fields, name: str) -> tuple[str, ...]:
        listed = given.list(name) or []
        path = given.at(name)
        if len(listed) > most:
            raise given.failure(f"{path} may hold at most {most} messages", field=path)
        for index, one in enumerate(listed):
            if not isinstance(one, str) or not 0 < len(one.strip()) <= longest:
                raise wrong(f"{path}[{index}]", f"a sentence of at most {longest} characters", one, given.failure)
        return tuple(listed)

    items = {**TEXT, "minLength": 1, "maxLength": longest}
    return Kind(f"up to {most} sentences", {"type": "array", "items": items, "maxItems": most}, read)


def _read_pronunciation(given: Fields, name: str) -> tuple[tuple[str, str], ...]:
    listed = given.list(name) or []
    path = given.at(name)
    if len(listed) > MAX_PRONUNCIATION_RULES:
        raise given.failure(f"{path} may hold at most {MAX_PRONUNCIATION_RULES} rules", field=path)
    rules: dict[str, tuple[str, str]] = {}
    for index, one in enumerate(listed):
        if not isinstance(one, Mapping):
            raise wrong(f"{path}[{index}]", "an object with word and say_as", one, given.failure)
        rule = Fields(one, f"{path}[{index}]", given.failure)
        word = rule.text("word", longest=MAX_PRONOUNCED_CHARACTERS).strip()
        say_as = rule.text("say_as", longest=MAX_SAY_AS_CHARACTERS).strip()
        for part, text_of in (("word", word), ("say_as", say_as)):
            if not text_of:
                raise rule.wrong(part, "a text")
        if word.casefold() in rules:
            raise given.failure(f"{rule.at('word')} has a rule already", field=rule.at("word"))
        rules[word.casefold()] = (word, say_as)
    return tuple(rules.values())


PRONUNCIATION = Kind(
    f"up to {MAX_PRONUNCIATION_RULES} objects with `word` and `say_as`",
    {
        "type": "array",
        "maxItems": MAX_PRONUNCIATION_RULES,
        "items": {
            "type": "object",
            "required": ["word", "say_as"],
            "properties": {
                "word": {**TEXT, "maxLength": MAX_PRONOUNCED_CHARACTERS},
                "say_as": {**TEXT, "maxLength": MAX_SAY_AS_CHARACTERS},
            },
        },
    },
    _read_pronunciation,
)


def phone_numbers(most: int) -> Kind:
    """A list of phone numbers."""

    def read(given: Fields, name: str) -> list[str]:
        listed = given.list(name) or []
        path = given.at(name)
        if len(listed) > most:
            raise given.failure(f"{path} may hold at most {most} numbers", field=path)
        each = Fields({str(index): one for index, one in enumerate(listed)}, path, given.failure)
        for index, one in enumerate(listed):
            if not isinstance(one, str) or not one.strip():
                raise each.wrong(str(index), "a phone number")
        return [one.strip() for one in listed]

    return Kind("a list of numbers", {"type": "array", "items": TEXT, "maxItems": most}, read)


def origins(most: int) -> Kind:
    """A list of origins of web pages."""

    def read(given: Fields, name: str) -> tuple[str, ...]:
        listed = given.list(name) or []
        path = given.at(name)
        if len(listed) > most:
            raise given.failure(f"{path} may hold at most {most} origins", field=path)
        return tuple(_origin(one, f"{path}[{index}]", given) for index, one in enumerate(listed))

    return Kind("a list of origins", {"type": "array", "items": TEXT, "maxItems": most}, read)


def _origin(value: object, path: str, given: Fields) -> str:
    try:
        return origin_of(value if isinstance(value, str) else "")
    except ValueError:
        raise wrong(path, "an origin, as https://www.example.org", value, given.failure) from None


def child(record: type[Any], read: Callable[[Fields], Any] | None = None) -> Kind:
    """An object with the settings of a record. ``read`` reads it where they are also judged together."""

    def found(given: Fields, name: str) -> Any:
        inner = given.child(name)
        return None if inner is None else (read or partial(read_record, record))(inner)

    return Kind("an object", shape_of(record), found)


def objects(most: int, words: str, *required: str) -> Kind:
    """A list of objects with the ``required`` fields, which code of its own reads."""

    def read(given: Fields, name: str) -> tuple[Fields, ...]:
        listed = given.list(name) or []
        path = given.at(name)
        if len(listed) > most:
            raise given.failure(f"{path} may hold at most {most} objects", field=path)
        for index, one in enumerate(listed):
            if not isinstance(one, Mapping):
                raise wrong(f"{path}[{index}]", "an object", one, given.failure)
        return tuple(Fields(one, f"{path}[{index}]", given.failure) for index, one in enumerate(listed))

    items = {**ANY_OBJECT, "required": list(required)}
    return Kind(words, {"type": "array", "items": items, "maxItems": most}, read)


def texts(words: str) -> Kind:
    """A text or a list of texts. Endpoints refuse every request of an agent with anything else."""

    def read(given: Fields, name: str) -> Any:
        value = given.raw(name)
        listed = isinstance(value, list) and all(isinstance(one, str) for one in value)
        if not listed and not isinstance(value, str):
            raise given.wrong(name, "a text or a list of texts")
        return value

    return Kind(words, {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}, read)


def stops(most: int) -> Kind:
    """A text or a list of at most ``most`` texts before which a model stops."""

    def read(given: Fields, name: str) -> Any:
        value = given.raw(name)
        if isinstance(value, list) and len(value) > most:
            path = given.at(name)
            raise given.failure(f"{path} may hold at most {most} texts", field=path)
        return value

    return Kind(f"up to {most} texts", {}, read)


def _seed(given: Fields, name: str) -> int:
    found = given.whole(name, 0, -_LARGEST_SEED, _LARGEST_SEED)
    # As it came where it is whole already: larger ones are not exact on the way through a fraction.
    raw = given.raw(name)
    return raw if isinstance(raw, int) else found


def _address(given: Fields, name: str) -> str | None:
    url = given.text(name, longest=MAX_ADDRESS_CHARACTERS)
    if url and not (url.startswith(("http://", "https://")) and names_host(url)):
        raise given.wrong(name, "an http or https URL")
    return url or None


def _object(given: Fields, name: str) -> Mapping[str, Any] | None:
    found = given.child(name)
    return None if found is None else found.value


OBJECT = Kind("an object", ANY_OBJECT, _object)
SWITCH = Kind("true or false", {"type": "boolean"}, lambda given, name: given.switch(name, False))
MESSAGE = Kind(
    "a text, or a map of language to text",
    {"anyOf": [TEXT, {"type": "object", "additionalProperties": TEXT}]},
    lambda given, name: given.message(name, None) or None,
)
"""A sentence, in one language or in several. An empty one counts as missing."""

SEED = Kind("a whole number", {"type": "integer"}, _seed)
ADDRESS = Kind("an http or https URL", {**TEXT, "maxLength": MAX_ADDRESS_CHARACTERS}, _address)
