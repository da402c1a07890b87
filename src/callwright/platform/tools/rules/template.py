"""The body a tool is asked with, as its agent wrote it: JSON with places to fill (contract 14.1).

``%(name)s``, ``%(name)i``, ``%(name)d`` and ``%(name)f`` inside a text become part of that text, ``%%`` a percent sign. Outside of texts
``i`` and ``d`` are whole numbers, ``f`` is a number, and ``s`` keeps the type of its value, as ``{"$var": "name"}`` does. Names are those
of ``domain.variables``.

The template is read into a tree first and filled afterwards, value by value: nothing that a
caller or a model says can end a text, add a key or change another value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callwright.domain.variables import name_of
from callwright.platform.tools.rules.arguments import fitted

GIVEN = r"%\(((?:[^()]|\([^()]*\))+)\)([sidf])"
"""A place and its kind: a name of any letters, in which parentheses are closed."""

_PLACE = re.compile(rf"{GIVEN}|%%")
_TYPES = {"i": "integer", "d": "integer", "f": "number"}


class BadTemplateError(ValueError):
    """A template that cannot be read. The message says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value goes. ``kind``: s, i, d or f of ``%(name)s``; empty for any value as it is."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text with places in it."""

    parts: tuple[str | Place, ...]


Node = Any
"""A template: JSON values, with ``Text`` for a text that has places and ``Place`` for a value that is filled in whole."""


def read_template(param: object) -> Node:
    """The template of ``param`` as an agent has it: a JSON value, or a JSON object as text. Raises BadTemplateError."""
    if not isinstance(param, str):
        return _node(param)
    if not param.strip():
        return None
    try:
        value = json.loads(_with_marks(param))
    except (ValueError, RecursionError) as error:
        raise BadTemplateError(f"is text that is not JSON ({error})") from None
    if not isinstance(value, dict):
        raise BadTemplateError("must be a JSON object, or the text of one")
    return _node(value)


def filled(node: Node, values: Mapping[str, Any]) -> Any:
    """The template's JSON value. A missing name is an empty text within a text and null elsewhere.

    Raises UnfitArgumentsError for ``%(name)i``, ``%(name)d`` and ``%(name)f`` of what is no such number.
    """
    if isinstance(node, Place):
        value = values.get(name_of(node.name, values) or node.name)
        return _number(node, value) if node.kind in _TYPES else value
    if isinstance(node, Text):
        return "".join(part if isinstance(part, str) else place_text(part, values) for part in node.parts)
    if isinstance(node, dict):
        return {key: filled(value, values) for key, value in node.items()}
    if isinstance(node, list):
        return [filled(value, values) for value in node]
    return node


def read_text(text: str) -> Text:
    """A text with its places."""
    parts: list[str | Place] = []
    at = 0
    for match in _PLACE.finditer(text):
        parts.append(text[at : match.start()])
        parts.append("%" if match[1] is None else Place(match[1], match[2]))
        at = match.end()
    parts.append(text[at:])
    return Text(tuple(part for part in parts if part != ""))


def place_text(place: Place, values: Mapping[str, Any]) -> str:
    """The value of a place as text; of what is no name, what is written there. Raises UnfitArgumentsError."""
    name = name_of(place.name, values)
    if name is None:
        return f"%({place.name}){place.kind}"
    value = values.get(name)
    if place.kind in _TYPES and value not in (None, ""):
        value = _number(place, value)
        return f"{value:f}" if place.kind == "f" else str(value)
    return value_text(value)


def value_text(value: Any) -> str:
    """A JSON value within a text: nothing for null, a text as it is, everything else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _number(place: Place, value: Any) -> Any:
    return None if value in (None, "") else fitted({"type": _TYPES[place.kind]}, value, place.name)


def _node(value: object) -> Node:
    if isinstance(value, Mapping):
        if isinstance(value.get("$var"), str) and set(value) <= {"$var", "$as"}:
            return Place(str(value["$var"]), str(value.get("$as", "")))
        return {str(key): _node(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_node(one) for one in value]
    if isinstance(value, str) and _PLACE.search(value):
        return read_text(value)
    return value


def _with_marks(text: str) -> str:
    """JSON text whose places outside of texts are ``{"$var": ...}``, so that it can be read before it is filled."""
    out: list[str] = []
    quoted, at = False, 0
    while at < len(text):
        sign = text[at]
        step = 1
        if quoted and sign == "\\":
            step = 2
        elif sign == '"':
            quoted = not quoted
        elif sign == "%" and not quoted:
            match = _PLACE.match(text, at)
            if match is not None and match[1] is not None:
                out.append(json.dumps({"$var": match[1], "$as": match[2]}))
                at = match.end()
                continue
        out.append(text[at : at + step])
        at += step
    return "".join(out)
