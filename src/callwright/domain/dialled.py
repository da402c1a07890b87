"""What number an address names, however it is spelt. The database says the same of it (``named_number``, migration 0021)."""

from __future__ import annotations

import re

#: A SIP address has a user only in front of an ``@``; without one, only what can be no host (no dot) is a number.
_USER = re.compile(r"(?:sips?:(?=.*@|[^.]*$)|tel:|)([^;:@?]*)", re.IGNORECASE | re.DOTALL)
_ESCAPED = re.compile(r"%([2-7][0-9A-Fa-f])")
_SEPARATORS = re.compile(r"[ .()/\u00a0-]")
#: A number, and behind it what is no part of it: digits to dial later, parameters.
_NUMBER = re.compile(r"(\+?[0-9]+)(?:[,;:@?&=$!~'].*)?", re.DOTALL)
_INTERNATIONAL = re.compile(r"(?:\+|00)?([1-9][0-9]{6,14})")


def number_in(address: str) -> str:
    """The number that is the user of a ``sip:`` or ``tel:`` address, or that is the text: decoded, without separators and parameters, with
    or without a plus as it is written; empty where there is none (a name, a host)."""
    match = _USER.match(address.strip())
    number = _NUMBER.fullmatch(spelt_out(match[1])) if match is not None else None
    return number[1] if number is not None else ""


def named_number(address: str) -> str:
    """``number_in`` in the one form that all its spellings share: with a plus where it has the 7 to 15 digits of an E.164 number, with a
    plus, with 00 or with neither; else (an extension, a national number with its 0) as it is written."""
    number = number_in(address)
    match = _INTERNATIONAL.fullmatch(number)
    return f"+{match[1]}" if match is not None else number


def spelt_out(user: str) -> str:
    """The user of an address without escapes (%2B) and the separators that people write into numbers. Escapes of what is not printable
    ASCII stay."""
    return _SEPARATORS.sub("", decoded(user))


def decoded(user: str) -> str:
    """The user of an address with its escaped ASCII characters as themselves."""
    return _ESCAPED.sub(lambda escape: chr(int(escape[1], 16)), user)
