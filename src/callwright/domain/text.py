"""Text that can be stored and sent: strings of other people's code may hold halves of surrogate pairs, which no encoding takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

REPLACEMENT = "\ufffd"
_HALF = re.compile("[\ud800-\udfff]")


def whole_text(text: str) -> str:
    """``text`` with U+FFFD in the place of each half of a surrogate pair, so that it can be encoded."""
    return text if text.isascii() else _HALF.sub(REPLACEMENT, text)


def whole(value: Any) -> Any:
    """``value`` with the texts in its mappings, lists and tuples made whole. The same object when there is nothing to mend."""
    if isinstance(value, str):
        return whole_text(value)
    if isinstance(value, Mapping):
        mended: Any = {whole(key): whole(item) for key, item in value.items()}
    elif isinstance(value, list):
        mended = [whole(item) for item in value]
    elif isinstance(value, tuple):
        mended = tuple(whole(item) for item in value)
    else:
        return value
    return value if mended == value else mended
