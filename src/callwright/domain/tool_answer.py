"""What a web service answered, as the model is told it and as the call remembers it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from callwright.domain.limits import (
    MAX_CONTEXT_CHARACTERS,
    MAX_CONTEXT_NAMES,
    MAX_CONTEXT_VALUE_CHARACTERS,
    MAX_TOOL_ERROR_CHARACTERS,
    MAX_TOOL_RESULT_CHARACTERS,
)
from callwright.domain.named_values import by_name
from callwright.domain.tool_arguments import is_shallow
from callwright.domain.tool_template import value_text

_NAME_CHARACTERS = 64
_BINARY = ("image/", "audio/", "video/", "font/", "application/octet-stream", "application/pdf", "application/zip")


def answer_text(status: int, content_type: str, body: bytes) -> tuple[bool, str]:
    """Whether the service did it, and the text for the model. An answer of an error is told with what the service said, cut."""
    text = _decoded(content_type, body)
    if 200 <= status < 300:
        if text is None:
            return False, f"ERROR CALLING API: the API answered with {content_type or 'bytes'}, which is no text"
        return True, _cut(text.strip(), MAX_TOOL_RESULT_CHARACTERS) or '{"status": "done"}'
    if 300 <= status < 400:
        return False, f"ERROR CALLING API: the API answered {status}, a redirect, which is not followed"
    said = _cut(" ".join((text or "").split()), MAX_TOOL_ERROR_CHARACTERS)
    return False, f"ERROR CALLING API: the API answered {status}{f': {said}' if said else ''}"


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
    charset = rest.partition("charset=")[2].strip().strip('"') or "utf-8"
    try:
        text = body.decode(charset, "replace")
    except LookupError:
        text = body.decode("utf-8", "replace")
    return None if "\x00" in text else text


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…[{len(text) - longest} characters cut]"
