"""What values inside of objects are called: ``customer.name``, both in what a call was given and in what its tools answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from callwright.domain.limits import MAX_CONTEXT_NAMES, MAX_NAME_CHARACTERS
from callwright.platform.tools.rules.arguments import is_shallow

_DEPTH = 3


def by_name(value: Mapping[str, Any], longest: int, path: str = "", depth: int = 1) -> Iterator[tuple[str, Any]]:
    """The values of an object by name, and behind them those of objects in it as ``name.inner``, three levels in all. Names of more than
    ``longest`` characters are left out, and what is inside of them."""
    inner: list[tuple[str, Mapping[str, Any]]] = []
    for name, one in value.items():
        full = f"{path}{name}"
        if not name or len(full) > longest:
            continue
        yield full, one
        if isinstance(one, Mapping) and depth < _DEPTH:
            inner.append((f"{full}.", one))
    for path_of, one in inner:
        yield from by_name(one, longest, path_of, depth + 1)


def given_values(user_data: Mapping[str, Any]) -> dict[str, Any]:
    """What a call was given, by name: each key, and values inside of objects as ``name.inner`` where no key is called so.

    Left out are values nested deeper than MAX_TOOL_VALUE_DEPTH, and inner ones beyond MAX_CONTEXT_NAMES or whose name is longer than
    MAX_NAME_CHARACTERS.
    """
    inner = ((name, one) for name, one in by_name(user_data, MAX_NAME_CHARACTERS) if name not in user_data)
    found = {**user_data, **dict(islice(inner, MAX_CONTEXT_NAMES))}
    return {name: one for name, one in found.items() if is_shallow(one)}
