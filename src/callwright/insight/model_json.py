"""The JSON object in a language model's answer, however much else is around it and however it broke off.

Small models write explanations before and after their JSON, fence it, leave commas before closing brackets, break lines within strings,
and stop in the middle when their tokens are used up. What was complete by then is read; nothing is made up.
"""

from __future__ import annotations

import json
import math
from typing import Any


def object_in(answer: str) -> dict[str, Any] | None:
    """The object, or None where there is none. NaN and infinity are no JSON; a number too large for one stays a text."""
    begin, end = answer.find("{"), answer.rfind("}")
    if begin < 0:
        return None
    for text in (answer[begin : end + 1], _mended(answer[begin:])):
        try:
            value = json.loads(text, strict=False, parse_constant=_refuse, parse_float=_finite)
        except (ValueError, RecursionError):
            continue
        return dict(value)
    return None


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float | str:
    value = float(text)
    return value if math.isfinite(value) else text


def _mended(text: str) -> str:
    """The first object of ``text``: without commas before closing brackets and, when it breaks off, up to its last whole member."""
    closers: list[str] = []
    kept: list[str] = []
    whole = (0, "")
    inside = escaped = False
    for character in text:
        if inside:
            kept.append(character)
            inside = escaped or character != '"'
            escaped = character == "\\" and not escaped
            continue
        if character in "{[":
            closers.append("}" if character == "{" else "]")
        elif character in "}]":
            _drop_comma(kept)
            if not closers or closers.pop() != character:
                return ""
        elif character == ",":
            # Here a member has just ended: so much is certain to be as the model meant it.
            whole = (len(kept), "".join(reversed(closers)))
        inside = character == '"'
        kept.append(character)
        if not closers:
            return "".join(kept)
    length, closing = whole
    return "".join(kept[:length]) + closing


def _drop_comma(kept: list[str]) -> None:
    while kept and kept[-1].isspace():
        kept.pop()
    if kept and kept[-1] == ",":
        kept.pop()
