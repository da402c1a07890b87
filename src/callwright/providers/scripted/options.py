"""Reading the options a script gives. A wrong option is a bad request that names it, never a default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callwright.ports.failures import FailureKind, ProviderError

PROVIDER = "scripted"


def whole(options: Mapping[str, Any], name: str, default: int = 0) -> int:
    """A whole number that is not negative. Raises ProviderError(BAD_REQUEST)."""
    value = options.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise bad(f"option {name} must be a whole number of at least 0, not {value!r}")
    return value


def numbers(options: Mapping[str, Any], name: str) -> frozenset[int]:
    """One whole number or a list of them. Raises ProviderError(BAD_REQUEST)."""
    value = options.get(name, ())
    listed = list(value) if isinstance(value, list | tuple) else [value]
    if not all(isinstance(item, int) and not isinstance(item, bool) for item in listed):
        raise bad(f"option {name} must be whole numbers, not {value!r}")
    return frozenset(listed)


def listing(options: Mapping[str, Any], name: str) -> list[Any]:
    """A list. Raises ProviderError(BAD_REQUEST)."""
    value = options.get(name, [])
    if not isinstance(value, list | tuple):
        raise bad(f"option {name} must be a list, not {value!r}")
    return list(value)


def failure(options: Mapping[str, Any], name: str, default: FailureKind) -> FailureKind:
    """A kind of failure by its value. Raises ProviderError(BAD_REQUEST)."""
    value = options.get(name, default)
    try:
        return FailureKind(value)
    except ValueError:
        raise bad(f"option {name} must be one of {', '.join(FailureKind)}, not {value!r}") from None


def bad(message: str) -> ProviderError:
    """A mistake in the script."""
    return ProviderError(FailureKind.BAD_REQUEST, PROVIDER, message)
