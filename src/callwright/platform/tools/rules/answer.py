"""What a web service answered, as the model is told it and as the call remembers it."""

from __future__ import annotations

import codecs
import json
import math
from collections.abc import Mapping
from typing import Any

from callwright.domain.limits import (
    MAX_CONTEXT_CHARACTERS,
    MAX_CONTEXT_NAMES,
    MAX_CONTEXT_VALUE_CHARACTERS,
    MAX_TOOL_ERROR_CHARACTERS,
    MAX_TOOL_LEARNED_CHARACTERS,
    MAX_TOOL_RESULT_CHARACTERS,
)
from callwright.domain.text import whole_text
from callwright.platform.tools.rules.arguments import is_shallow
from callwright.platform.tools.rules.named_values import by_name
from callwright.platform.tools.rules.packed_answer import unpacked
from callwright.platform.tools.rules.template import value_text

_NAME_CHARACTERS = 64
_BINARY = ("image/", "audio/", "video/", "font/", "application/octet-stream", "application/pdf", "application/zip")


_NO_CHARSETS = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "mbcs", "oem"})
"""Codecs of Python that are no charset of a body: some refuse it, some take as long as a call has."""

_TOLD_CHARACTERS = MAX_TOOL_RESULT_CHARACTERS // 4
"""How much of the room of a long JSON object is for its beginning, however much it teaches."""


def answer_text(status: int, content_type: str, body: bytes, packing: str = "") -> tuple[bool, str]:
    """Whether the service did it, and the text for the model. An answer of an error is told with what the service said, cut.

    ``packing`` is the answer's Content-Encoding. Of a JSON object that is too long for the model, the text is one again: the values that
    the call learns from the whole of it, and its beginning under an empty name, which teaches nothing.
    """
    plain = unpacked(packing, body)
    text = None if plain is None else _decoded(content_type, plain)
    if 200 <= status < 300:
        if plain is None:
            return False, f"ERROR CALLING API: the API answered packed as {packing[:40]!r}, which cannot be unpacked"
        if text is None:
            return False, f"ERROR CALLING API: the API answered with {content_type or 'bytes'}, which is no text"
        # Words: a JSON object would be learned from, and a made-up value replace one that the service gave.
        return True, _told(text.strip()) or f"Done: the API answered {status}, without a text."
    if 300 <= status < 400:
        return False, f"ERROR CALLING API: the API answered {status}, a redirect, which is not followed"
    said = _cut(" ".join((text or "").split()), MAX_TOOL_ERROR_CHARACTERS)
    return False, f"ERROR CALLING API: the API answered {status}{f': {said}' if said else ''}"


def _told(text: str) -> str:
    """An answer within MAX_TOOL_RESULT_CHARACTERS."""
    fits = len(text) <= MAX_TOOL_RESULT_CHARACTERS
    taught = {} if fits or len(text) > MAX_TOOL_LEARNED_CHARACTERS else learned(text)
    objects = {name: set(value) for name, value in taught.items() if isinstance(value, dict)}
    outer = {f"{name}.{inner}": name for name, inners in objects.items() for inner in inners}

    def rank(name: str) -> int:
        return 2 if name in outer else 1 if isinstance(taught[name], dict | list) else 0

    told: dict[str, Any] = {}
    covered: set[str] = set()
    room = MAX_TOOL_RESULT_CHARACTERS - _TOLD_CHARACTERS
    for name in sorted(taught, key=rank):
        needed = len(_as_json({name: taught[name]}))
        if outer.get(name) in covered:
            covered.add(name)  # it comes with what it is a part of
        elif needed <= room:
            told[name] = taught[name]
            covered.add(name)
            room -= needed
    return _with_beginning(told, text) if told else _cut(text, MAX_TOOL_RESULT_CHARACTERS)


def _with_beginning(told: Mapping[str, Any], text: str) -> str:
    """A JSON object of the values and as much of the answer's beginning as there is room for, marked."""
    kept = MAX_TOOL_RESULT_CHARACTERS
    while True:
        object_text = _as_json({**told, "": _cut(text, kept)})
        surplus = len(object_text) - MAX_TOOL_RESULT_CHARACTERS
        if surplus <= 0 or kept == 0:
            return object_text
        # A character takes up to six as JSON.
        kept = max(0, kept - max(1, surplus // 6))


def _as_json(value: Mapping[str, Any]) -> str:
    return whole_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def learned(text: str) -> dict[str, Any]:
    """What a call learns from a tool's answer: the values of a JSON object by name, those of objects in it also as ``name.inner``.

    Anything else teaches nothing. Long texts, lists, deep values and surplus names are left out (MAX_CONTEXT_NAMES,
    MAX_CONTEXT_VALUE_CHARACTERS, MAX_TOOL_VALUE_DEPTH).
    """
    if not text.lstrip().startswith("{"):
        return {}
    try:
        value = json.loads(text, parse_constant=lambda _: None, parse_float=_finite)
    except (ValueError, RecursionError):
        return {}
    found: dict[str, Any] = {}
    for name, one in by_name(value, _NAME_CHARACTERS):
        if len(found) >= MAX_CONTEXT_NAMES:
            break
        if is_shallow(one) and len(value_text(one)) <= MAX_CONTEXT_VALUE_CHARACTERS:
            found[name] = one
    return found


def _finite(text: str) -> float | None:
    """A number of JSON, or None where no float holds it: as infinity it would make a later tool's body no JSON."""
    value = float(text)
    return value if math.isfinite(value) else None


def remembered(known: Mapping[str, Any], text: str) -> dict[str, Any]:
    """What a call knows after another tool's answer: newer values replace older ones; what is beyond the limits is left out."""
    found = dict(known)
    room = MAX_CONTEXT_CHARACTERS - sum(_length(name, value) for name, value in found.items())
    for name, value in learned(text).items():
        needed = _length(name, value) - (_length(name, found[name]) if name in found else 0)
        if needed <= room and (name in found or len(found) < MAX_CONTEXT_NAMES):
            found[name] = value
            room -= needed
    return found


def _length(name: str, value: Any) -> int:
    return len(name) + len(value_text(value))


def _decoded(content_type: str, body: bytes) -> str | None:
    """The body as text; None for what is none."""
    kind, _, rest = content_type.lower().partition(";")
    if kind.strip().startswith(_BINARY):
        return None
    try:
        text = body.decode(_charset(rest), "replace")
    except (LookupError, ValueError):
        text = body.decode("utf-8", "replace")
    return None if "\x00" in text else text.removeprefix("\ufeff")


def _charset(parameters: str) -> str:
    """The charset that a content type names. Raises LookupError or ValueError where it is none."""
    named = parameters.partition("charset=")[2].partition(";")[0].strip().strip("\"'")
    found = codecs.lookup(named or "utf-8").name
    if found.replace("_", "-") in _NO_CHARSETS:
        raise LookupError(found)
    return found


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…[{len(text) - longest} characters cut]"
