"""Values of scenario files: what is wrong with one is said with the path of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from callwright.domain.errors import ConfigurationError
from callwright.domain.limits import MAX_CALLER_LINE_CHARACTERS, MAX_CALLER_RULES


def object_of(value: Any, path: str, keys: set[str] | None = None) -> Mapping[str, Any]:
    """An object, with no other than these ``keys``."""
    if not isinstance(value, Mapping):
        raise wrong(path, f"must be an object, not {kind_of(value)}")
    unknown = sorted(set(value) - keys) if keys is not None else []
    if unknown:
        raise wrong(f"{path}.{unknown[0]}", f"is not known; use {', '.join(sorted(keys or ()))}")
    return value


def list_of(value: Any, path: str) -> list[Any]:
    """A list that is not too long."""
    if not isinstance(value, list) or len(value) > MAX_CALLER_RULES:
        raise wrong(path, f"must be a list of at most {MAX_CALLER_RULES}")
    return value


def text_of(value: Any, path: str) -> str:
    """A text that is not too long."""
    if not isinstance(value, str) or len(value) > MAX_CALLER_LINE_CHARACTERS:
        given = f"one of {len(value)}" if isinstance(value, str) else kind_of(value)
        raise wrong(path, f"must be a text of at most {MAX_CALLER_LINE_CHARACTERS} characters, not {given}")
    return value


def whole_of(value: Any, path: str, most: int = 3_600_000, least: int = 0) -> int:
    """A whole number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise wrong(path, f"must be a whole number from {least} to {most}, not {value!r}")
    return value


def millis_of(value: Any, path: str) -> int:
    """Seconds, as milliseconds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 3_600:
        raise wrong(path, f"must be seconds from 0 to 3600, not {value!r}")
    return round(value * 1000)


def flag_of(value: Any, path: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise wrong(path, f"must be true or false, not {value!r}")
    return value


def pattern_of(value: Any, path: str) -> str:
    """A regular expression."""
    text = text_of(value, path)
    try:
        re.compile(text)
    except re.error as error:
        raise wrong(path, f"{text!r} is no regular expression: {error}") from error
    return text


def kind_of(value: Any) -> str:
    """What a value is, for people."""
    return "a text" if isinstance(value, str) else type(value).__name__


def wrong(path: str, message: str) -> ConfigurationError:
    """A mistake in a scenario file."""
    return ConfigurationError(f"scenario: {path}: {message}")
