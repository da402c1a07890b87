"""Variables in prompts and messages: ``{name}`` is replaced once, values are never expanded again.

Contract chapter 13: system variables are agent_id, execution_id, call_sid, from_number, to_number, current_date, current_time and
timezone; ``user_data`` comes on top. A name without a value becomes an empty string; braces that hold no plain name
(JSON examples in prompts) are left as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.\- ]{0,63})\}")


def render(template: str, values: Mapping[str, str]) -> str:
    """``template`` with every ``{name}`` replaced by ``values[name]``, or by nothing when it is missing."""
    return _NAME.sub(lambda match: values.get(match.group(1).strip(), ""), template)


def names_in(template: str) -> list[str]:
    """The variable names of ``template`` in order of appearance, without repeats."""
    return list(dict.fromkeys(match.group(1).strip() for match in _NAME.finditer(template)))


def as_text(value: object) -> str:
    """A ``user_data`` value as it is spoken: booleans as yes or no, None as nothing, the rest as plain text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
