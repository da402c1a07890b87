"""What the model gave a tool, checked against the tool's JSON Schema before anything is done with it.

A model writes what a caller says, and small ones write ``"5"`` for 5: values are brought to the declared type where that loses nothing.
What the schema does not declare is dropped: a tool has no parameter that its agent did not give it.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from callwright.domain.limits import MAX_TOOL_VALUE_DEPTH

_SHOWN_CHARACTERS = 40
_KINDS = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


class UnfitArgumentsError(ValueError):
    """The model's arguments cannot be used. The message is for the model and says what to do."""


def checked_arguments(schema: Mapping[str, Any], text: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments a tool is called with, by the declared parameters' names.

    ``text`` is what the model wrote; ``known`` fills parameters the model left out. Raises UnfitArgumentsError for what is no JSON object,
    for a missing required parameter and for a value that does not fit.
    """
    given = read_object(text)
    properties = _mapping(schema.get("properties"))
    merged = _merged(properties, given, known)
    missing = [str(name) for name in _listed(schema.get("required")) if name in properties and name not in merged]
    if missing:
        one = len(missing) == 1
        raise UnfitArgumentsError(
            f"{', '.join(missing)} {'is' if one else 'are'} missing: ask the caller for {'it' if one else 'them'} unless it was"
            " said already, then call the tool again"
        )
    return {name: fitted(properties[name], value, str(name)) for name, value in merged.items()}


def fitting_arguments(schema: Mapping[str, Any], text: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """As :func:`checked_arguments`, but only those that fit, for a tool that is called whatever the model wrote. Raises nothing."""
    given: Mapping[str, Any] = {}
    with suppress(UnfitArgumentsError):
        given = read_object(text)
    properties = _mapping(schema.get("properties"))
    found: dict[str, Any] = {}
    for name, value in _merged(properties, given, known).items():
        with suppress(UnfitArgumentsError):
            found[name] = fitted(properties[name], value, str(name))
    return found


def _merged(properties: Mapping[str, Any], given: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Values of the declared parameters, in their order: the model's, else what is known."""
    sources = [(name, source[name]) for name in properties for source in (known, given) if name in source]
    return {name: value for name, value in sources if value not in ("", None)}


def read_object(text: str) -> Mapping[str, Any]:
    """What a model wrote as a tool's arguments. Raises UnfitArgumentsError for what is no JSON object, or one that is nested deeper than
    MAX_TOOL_VALUE_DEPTH."""
    try:
        value = json.loads(text or "{}", parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError):
        raise UnfitArgumentsError("the arguments are not JSON: call the tool again with a JSON object") from None
    if not isinstance(value, dict):
        raise UnfitArgumentsError("the arguments must be a JSON object of parameter to value")
    if not is_shallow(value):
        raise UnfitArgumentsError(f"the arguments are nested deeper than {MAX_TOOL_VALUE_DEPTH} levels")
    return value


def is_shallow(value: Any, levels: int = MAX_TOOL_VALUE_DEPTH) -> bool:
    """Whether a JSON value is nested ``levels`` deep at most. What could just be read may be too deep to be written again, or shown."""
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(is_shallow(one, levels - 1) for one in inner)


def fitted(rule: object, value: Any, path: str) -> Any:
    """``value`` as the JSON Schema ``rule`` wants it. Raises UnfitArgumentsError naming ``path``."""
    if not isinstance(rule, Mapping):
        return value
    choices = rule.get("anyOf") or rule.get("oneOf")
    if isinstance(choices, list | tuple) and choices:
        value = _first_fitting(choices, value, path)
    types = rule.get("type")
    wanted = [types] if isinstance(types, str) else [one for one in _listed(types) if isinstance(one, str)]
    if wanted:
        value = _typed(wanted, value, path)
    if "const" in rule:
        value = _chosen([rule["const"]], value, path)
    if _listed(rule.get("enum")):
        value = _chosen(_listed(rule["enum"]), value, path)
    _check_range(value, path)
    _check_bounds(rule, value, path)
    if isinstance(value, Mapping):
        return _fitted_object(rule, value, path)
    if isinstance(value, list):
        return [fitted(rule.get("items"), one, f"{path}[{index}]") for index, one in enumerate(value)]
    return value


def _no_number(name: str) -> Any:
    raise ValueError(name)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _listed(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _first_fitting(choices: Iterable[object], value: Any, path: str) -> Any:
    last = UnfitArgumentsError(f"{path} does not fit")
    for choice in choices:
        try:
            return fitted(choice, value, path)
        except UnfitArgumentsError as error:
            last = error
    raise last


def _fitted_object(rule: Mapping[str, Any], value: Mapping[str, Any], path: str) -> dict[str, Any]:
    properties = _mapping(rule.get("properties"))
    missing = [str(name) for name in _listed(rule.get("required")) if value.get(name) is None]
    if missing:
        raise UnfitArgumentsError(f"{path}.{missing[0]} is missing")
    if not properties:
        return dict(value)
    return {name: fitted(properties[name], value[name], f"{path}.{name}") for name in properties if name in value}


def _typed(wanted: list[str], value: Any, path: str) -> Any:
    if any(_is(kind, value) for kind in wanted):
        return value
    for kind in wanted:
        convert = _CONVERSIONS.get(kind)
        converted = None if convert is None else convert(value)
        if converted is not None:
            return converted
    expected = " or ".join(_KINDS.get(kind, kind) for kind in wanted)
    raise UnfitArgumentsError(f"{path} must be {expected}, not {_shown(value)}")


def _is(kind: str, value: Any) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, Mapping)
        case "null":
            return value is None
    # A kind this table does not know is none of ours to judge.
    return kind not in _KINDS


def _as_whole(value: Any) -> int | None:
    number = _as_number(value)
    return int(number) if number is not None and number == int(number) else None


def _as_number(value: Any) -> float | int | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = int(value) if isinstance(value, int | str) else value
    except ValueError:
        try:
            number = float(value)
        except ValueError:
            return None
    # A whole number may be too large for a float, and is finite.
    return number if isinstance(number, int) or math.isfinite(number) else None


def _as_switch(value: Any) -> bool | None:
    return {"true": True, "false": False, "yes": True, "no": False}.get(str(value).strip().lower())


def _as_text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else None


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "string": _as_text,
    "integer": _as_whole,
    "number": _as_number,
    "boolean": _as_switch,
}


def _chosen(allowed: list[Any], value: Any, path: str) -> Any:
    """The one of ``allowed`` that is meant: exactly, or by a text that differs in case only."""
    for one in allowed:
        if one == value and isinstance(one, bool) == isinstance(value, bool):
            return one
    alike = [one for one in allowed if str(one).strip().lower() == str(value).strip().lower()]
    if len(alike) == 1:
        return alike[0]
    shown = ", ".join(_shown(one) for one in allowed[:20])
    raise UnfitArgumentsError(f"{path} must be one of {shown}, not {_shown(value)}")


def _check_range(value: Any, path: str) -> None:
    """Python counts beyond what a float holds; whoever is sent such a number, or formats it, most likely does not."""
    if isinstance(value, int | float) and not abs(value) <= sys.float_info.max:
        raise UnfitArgumentsError(f"{path} is too large a number: {_shown(value)}")


def _check_bounds(rule: Mapping[str, Any], value: Any, path: str) -> None:
    for name, measured, least, unit in _measures(value):
        bound = rule.get(name)
        if (
            isinstance(bound, int | float)
            and not isinstance(bound, bool)
            and (measured < bound if least else measured > bound)
        ):
            raise UnfitArgumentsError(
                f"{path} must {unit} at {'least' if least else 'most'} {_shown(bound)}, not {_shown(measured)}"
            )


def _measures(value: Any) -> tuple[tuple[str, float, bool, str], ...]:
    if isinstance(value, bool):
        return ()
    if isinstance(value, int | float):
        return ("minimum", value, True, "be"), ("maximum", value, False, "be")
    if isinstance(value, str):
        return ("minLength", len(value), True, "have a length of"), ("maxLength", len(value), False, "have a length of")
    if isinstance(value, list):
        return ("minItems", len(value), True, "have a count of"), ("maxItems", len(value), False, "have a count of")
    return ()


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."
