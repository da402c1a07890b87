"""Custom headers of SIP calls (RFC 3261 7.3.1): which ones a call of ours may carry."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from callwright.domain.errors import BadInputError
from callwright.domain.fields import named
from callwright.domain.limits import MAX_SIP_HEADER_CHARACTERS, MAX_SIP_HEADERS, MAX_SIP_HEADERS_BYTES

CALL_HEADER = "X-Callwright-Call"
"""Ours: the execution and attempt of a call, on its INVITE."""

_NAME = re.compile(r"X-[A-Za-z0-9-]{1,62}", re.IGNORECASE)
_VALUE = re.compile(r"[\x20-\x7e]*")


def custom_headers(given: Any, allowed: Collection[str] = ()) -> dict[str, str]:
    """The headers of ``sip_headers``, an object of names and values: X-... and those of ``allowed``. Others say who calls and who pays, so
    an operator allows them. Raises BadInputError for other names, for values that would end the line, and for too much of them."""
    if not given:
        return {}
    if not isinstance(given, Mapping):
        raise _refused("it must be an object of header names and values")
    headers: dict[str, str] = {}
    others = {name.lower() for name in allowed}
    seen = {CALL_HEADER.lower()}
    for name, value in given.items():
        if not isinstance(name, str) or not (_NAME.fullmatch(name) or name.lower() in others):
            also = f", or {', '.join(sorted(allowed))}" if allowed else ""
            raise _refused(f"{named(str(name))} cannot be set; use names that begin with X-{also}")
        if name.lower() in seen:
            raise _refused(f"{named(name)} is ours or is there twice")
        if not isinstance(value, str) or len(value) > MAX_SIP_HEADER_CHARACTERS or not _VALUE.fullmatch(value):
            raise _refused(f"{named(name)} must be at most {MAX_SIP_HEADER_CHARACTERS} printable ASCII characters")
        seen.add(name.lower())
        headers[name] = value
    if len(headers) > MAX_SIP_HEADERS:
        raise _refused(f"{len(headers)} headers; at most {MAX_SIP_HEADERS} can be sent")
    size_bytes = sum(len(name) + len(value) + 4 for name, value in headers.items())
    if size_bytes > MAX_SIP_HEADERS_BYTES:
        raise _refused(f"{size_bytes} bytes in all; at most {MAX_SIP_HEADERS_BYTES} can be sent")
    return headers


def _refused(why: str) -> BadInputError:
    return BadInputError(f"sip_headers: {why}", field="sip_headers")
