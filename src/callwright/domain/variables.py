"""Variables in prompts and messages: ``{name}`` is replaced once, values are never expanded again.

Contract chapter 13: system variables are agent_id, execution_id, call_sid, from_number, to_number, current_date, current_time and
timezone; ``user_data`` comes on top, with keys of any letters. A name without a value becomes an empty string; braces that hold neither
a known nor a plain name (JSON examples in prompts) are left as they are. No name holds a brace.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping

_PLACE = re.compile(r"\{([^{}]+)\}")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.\- ]{0,63}")
"""What is a name though nothing is known by it: anything else in braces may be meant as it is written."""


def render(template: str, values: Mapping[str, str]) -> str:
    """``template`` with every ``{name}`` replaced by ``values[name]``, or by nothing when it is missing."""

    def fill(match: re.Match[str]) -> str:
        name = name_of(match[1], values)
        return match[0] if name is None else values.get(name, "")

    return _PLACE.sub(fill, template)


def name_of(written: str, known: Container[str]) -> str | None:
    """The variable that ``written`` names where a name can stand: a key of ``known``, or one that nothing is known by. Blanks behind it
    do not count. None: it is no name, and what is written stays."""
    if written in known:
        return written
    name = written.rstrip()
    return name if (name and name in known) or _PLAIN.fullmatch(written) else None


def names_in(template: str, known: Container[str] = ()) -> list[str]:
    """The variable names of ``template`` in order of appearance, without repeats."""
    found = (name_of(match[1], known) for match in _PLACE.finditer(template))
    return list(dict.fromkeys(name for name in found if name is not None))


def outside_braces(text: str) -> str:
    """``text`` without all that may be the name of a variable in some call, and its braces."""
    return _PLACE.sub("", text)
