"""Keys the model has pressed on the line, as in the menu of another telephone system."""

from __future__ import annotations

import re
from collections.abc import Iterator

from callwright.domain.limits import MAX_KEY_PAUSE_MS, MAX_KEYS_SENT
from callwright.platform.tools.rules.arguments import UnfitArgumentsError

PAUSES_MS = {"w": 500, "p": 2_000}
"""Signs between keys that wait."""

_KEYS = frozenset("0123456789*#ABCD")
_RUN = re.compile(r"[wp]|[^wp]+")


def keys_of(text: str) -> str:
    """The keys of ``text`` in their normal form, spaces and dashes taken out. Raises UnfitArgumentsError, which tells the model why."""
    keys = "".join(sign.lower() if sign in "WP" else sign.upper() if sign in "abcd" else sign for sign in text)
    keys = keys.replace(" ", "").replace("-", "")
    pressed = [key for key in keys if key not in PAUSES_MS]
    if not set(pressed) <= _KEYS:
        raise UnfitArgumentsError("keys are 0-9, *, # and A-D; w waits half a second and p two seconds")
    if not pressed:
        raise UnfitArgumentsError("there are no keys to press")
    if len(keys) > MAX_KEYS_SENT:
        raise UnfitArgumentsError(f"at most {MAX_KEYS_SENT} keys can be pressed at once")
    if sum(PAUSES_MS.get(key, 0) for key in keys) > MAX_KEY_PAUSE_MS:
        raise UnfitArgumentsError(f"the pauses are longer than {MAX_KEY_PAUSE_MS // 1000} seconds together")
    return keys


def runs_of(keys: str) -> Iterator[tuple[str, int]]:
    """The keys to press one after the other, and how many milliseconds to wait instead where there are none."""
    for run in _RUN.findall(keys):
        yield ("", PAUSES_MS[run]) if run in PAUSES_MS else (run, 0)
