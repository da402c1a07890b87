"""What number an address names, however it is spelt. The database says the same of it (its function ``named_number``)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate, takewhile

#: A SIP address has a user only in front of an ``@``; without one, only what can be no host (no dot) is a number.
_USER = re.compile(r"(?:sips?:(?=.*@|[^.]*$)|tel:|)([^;:@?]*)", re.IGNORECASE | re.DOTALL)
_ESCAPED = re.compile(r"%([2-7][0-9A-Fa-f])")
_UNPRINTABLE = re.compile(r"%[0-9A-Fa-f]{2}")
_SEPARATORS = re.compile(r"[ .()/\u00a0-]")
#: The national prefix as it is written behind a country's code: ``+49 (0)30``, ``+49 (030)``. Numbers of the codes that are left out may
#: begin with 0; Hungary's prefix is 06.
_TRUNK_ZERO = re.compile(
    r"((?:^|[+*#]|^00|^011)[ .()/\u00a0-]*(?!36|39|225|226|229|24[12]|378|881|992)[1-9][0-9]{0,2}[ .)/\u00a0-]*)"
    r"\( *0(?=[0-9 ]*\))"
)
#: A number behind what is dialled for abroad. National numbers begin with 011 too, but have fewer digits behind it.
_INTERNATIONAL = re.compile(r"\+?0*011([1-9][0-9]{8,14})|(?:\+|\+?00+)?([1-9][0-9]{6,14})")
#: What parts a text that is dialled: a pause (``,`` and, behind a digit, p, w and x) and whatever else is in no name.
_BREAK = re.compile(r"(?:[^0-9A-Za-z_]|_+(?![A-Za-z_]))+|(?<=[0-9])[PWXpwx]+(?![A-Za-z_])")
#: A code of the exchange in front of a number, such as one that hides who calls: ``*67``; an outside line and a pause: ``9,``.
_PREFIXES = (
    re.compile(r"(?:[*]+|#+)[1-9][0-9]"),
    re.compile(r"(?:[*#]+[0-9]{2}[^0-9A-Za-z_+]*)?[09]{1,2}(?:[^0-9A-Za-z_+]+|[PWXpwx]+)"),
)
#: Codes that end with a sign: ``#31#``; and one that no exchange is known to have.
_CODES = re.compile(r"[*#][0-9*#]*")
_ANY_CODE = re.compile(r"[*#]+[0-9]{2}")


def number_in(address: str) -> str:
    """The number that is the user of a ``sip:`` or ``tel:`` address, or that is the text: decoded, without separators, codes in front of it
    and what is dialled later, with or without a plus as it is written; empty where there is none (a name, a host)."""
    match = _USER.match(address.strip())
    found = list(dialled(spelt_out(match[1]))) if match is not None else []
    for numbers in found:
        # Behind a pause follows the rest of a number that has said of which country it is, else an extension.
        for number in numbers if numbers[0][0] in "+0" else numbers[:1]:
            if _INTERNATIONAL.fullmatch(number):
                return number
    return found[0][0] if found else ""


def named_number(address: str) -> str:
    """``number_in`` in the one form that all its spellings share: with a plus where it has the 7 to 15 digits of an E.164 number, behind a
    plus, 00, 011 or nothing; else (an extension, a national number with its 0) as it is written."""
    number = number_in(address)
    match = _INTERNATIONAL.fullmatch(number)
    return f"+{match[1] or match[2]}" if match is not None else number


def dialled(user: str) -> Iterator[list[str]]:
    """The numbers that a gateway could make of a user (``spelt_out``), the likeliest first: from each plus, behind each code, and from its
    beginning. One list for each of these: what stands before each break, without the breaks. A part with letters is a name, and nothing
    behind it is dialled."""
    behind_plus = [at + 1 for at, sign in enumerate(user) if sign == "+" and not _has_name(user[:at])]
    prefixes = [found.end() for found in (one.match(user) for one in _PREFIXES) if found is not None]
    codes, other = _CODES.match(user), _ANY_CODE.match(user)
    behind_sign = [at + 1 for at, sign in enumerate(codes[0] if codes else "") if sign in "*#"]
    for start in (*behind_plus, *prefixes, *behind_sign, other.end() if other else 0, 0):
        parts = takewhile(str.isdecimal, filter(None, _BREAK.split(user[start:])))
        plus = "+" if start in behind_plus else ""
        if numbers := [plus + digits for digits in accumulate(parts)]:
            yield numbers


def _has_name(text: str) -> bool:
    return any(part and not part.isdecimal() for part in _BREAK.split(text))


def spelt_out(user: str) -> str:
    """The user of an address without escapes (%2B), of which those of what is not printable ASCII are taken out, and ``unseparated``."""
    return unseparated(_UNPRINTABLE.sub("", decoded(user)))


def unseparated(text: str) -> str:
    """A number without the separators that people write into it, and without the ``(0)`` behind a country's code."""
    return _SEPARATORS.sub("", _TRUNK_ZERO.sub(r"\1", text))


def decoded(user: str) -> str:
    """The user of an address with its escaped ASCII characters as themselves."""
    return _ESCAPED.sub(lambda escape: chr(int(escape[1], 16)), user)
