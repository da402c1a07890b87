"""Phone numbers and addresses a call can be placed to: E.164, ``sip:`` URIs, loopback extensions.

Only the form is checked here. Emergency numbers are refused in every form: a platform that dials by itself must never reach one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from callwright.domain.dialled import decoded, dialled, spelt_out, unseparated
from callwright.domain.errors import InvalidNumberError
from callwright.domain.fields import kind_of
from callwright.domain.limits import MAX_NUMBER_CHARACTERS

E164 = "e164"
SIP = "sip"
LOOPBACK = "loopback"

#: Emergency short numbers in use anywhere (ITU-T E.161.1 and national plans), without trunk prefixes.
EMERGENCY: frozenset[str] = frozenset({
    "000", "060", "061", "066", "08", "10111", "10177", "100", "101", "102", "103", "104", "105", "106", "107", "108",
    "110", "111", "112", "113", "114", "115", "116", "117", "118", "119", "120", "122", "123", "125", "126", "128",
    "129", "130", "131", "132", "133", "140", "144", "145", "150", "15", "151", "155", "158", "160", "165", "166",
    "170", "175", "180", "185", "190", "191", "192", "193", "194", "195", "197", "198", "199", "17", "18", "1669",
    "1122", "993", "994", "995", "997", "998", "999", "910", "911", "913", "933", "988", "990", "991",
})  # fmt: skip

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_DIALLED = re.compile(r"[0-9+*#() ./\u00a0-]{1,24}")
_EXTENSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SIP = re.compile(
    r"(?P<scheme>sips?):(?P<user>[A-Za-z0-9+\-_.!~*'&=$,%]{1,64})@"
    r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<parameters>(?:;[A-Za-z0-9\-_.!~*'%]{1,40}(?:=[A-Za-z0-9\-_.!~*'%]{1,64})?){0,8})"
)
#: What people dial in front of a number to get an outside line: up to two of these, the second in front of three digits or more, because
#: short extensions begin with them too.
_OUTSIDE_LINE = frozenset("09")
COUNTRY_CODE = (
    r"(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|2[1-689][0-9]|3[578][0-9]|42[0-9]|5[09][0-9]|6[7-9][0-9]"
    r"|8[035789][0-9]|9[679][0-9])"
)
"""The regular expression of a country's code (ITU-T E.164)."""
#: How a number of another country begins (011 in North America), with the national 0 that is written behind its code by mistake.
_ABROAD = tuple(re.compile(f"{prefix}{COUNTRY_CODE}0?") for prefix in (r"\+", r"\+?00+", r"\+?0*011"))

#: Signs that programs put around a number without showing them, as regular expressions name them.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_ALIKE = str.maketrans(
    {
        **dict.fromkeys("\u00a0\u2007\u2009\u202f\t", " "),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        **dict.fromkeys("\u2018\u2019\u00b4`", "'"),
        "\uff0b": "+",
    }
)


@dataclass(frozen=True, slots=True)
class Destination:
    """A checked address. ``kind`` is ``e164``, ``sip`` or ``loopback``; ``value`` is its normal form."""

    kind: str
    value: str


def parse_destination(text: object, *, what: str = "recipient_phone_number") -> Destination:
    """Read an address: ``+15550100123`` (without separators and a ``(0)`` behind its country's code), the same after ``tel:``,
    ``sip:user@host``, ``loopback:name``.

    Raises InvalidNumberError naming ``what``.
    """
    if not isinstance(text, str):
        raise InvalidNumberError(f"{what} must be a string", field=what)
    text = typed(text)
    if not text:
        raise InvalidNumberError(f"{what} is empty", field=what)
    if len(text) > MAX_NUMBER_CHARACTERS:
        raise InvalidNumberError(f"{what} has more than {MAX_NUMBER_CHARACTERS} characters", field=what)
    scheme = text.split(":", 1)[0].lower()
    if scheme == LOOPBACK:
        return _loopback(text, what)
    if scheme in {"sip", "sips"}:
        return _sip(text, what)
    return _e164(text[4:] if scheme == "tel" else text, what)


def typed(text: str) -> str:
    """What somebody would have typed of a text that another program has formatted: with ASCII spaces, hyphens and quotation marks, and
    without signs that cannot be seen."""
    return _INVISIBLE.sub("", text).translate(_ALIKE).strip()


def kind_of_address(value: str) -> str:
    """The kind of an address in its normal form."""
    scheme = value.partition(":")[0]
    return LOOPBACK if scheme == LOOPBACK else SIP if scheme in {"sip", "sips"} else E164


def parse_e164(text: object, *, what: str) -> str:
    """An E.164 number in its normal form. Raises InvalidNumberError naming ``what``."""
    found = parse_destination(text, what=what)
    if found.kind != E164:
        raise InvalidNumberError(f"{what} must be a phone number in E.164 form, such as +15550100123", field=what)
    return found.value


def is_emergency(number: str) -> bool:
    """Whether dialling ``number`` (digits, with or without a plus) could reach an emergency service, also behind an outside-line prefix or
    a country's code. A longer number that only contains or begins with an emergency one is none."""
    digits = number.removeprefix("+")
    abroad = [found.end() for found in (prefix.match(number) for prefix in _ABROAD) if found is not None]
    return (
        digits in EMERGENCY
        or (_OUTSIDE_LINE.issuperset(digits[:1]) and digits[1:] in EMERGENCY)
        or (_OUTSIDE_LINE.issuperset(digits[:2]) and len(digits) > 4 and digits[2:] in EMERGENCY)
        or any(number[end:] in EMERGENCY for end in abroad)
    )


def _refuse_emergency(user: str, what: str) -> None:
    if any(is_emergency(number) for numbers in dialled(user) for number in numbers):
        raise InvalidNumberError(f"{what} is an emergency number; those are never dialled", field=what)


def _e164(text: str, what: str) -> Destination:
    number = unseparated(text)
    _refuse_emergency(number, what)
    if not _E164.fullmatch(number):
        raise InvalidNumberError(
            f"{what} is not a valid phone number: {_told(text)}; use E.164, a + followed by 7 to 15 digits, such as +15550100123",
            field=what,
        )
    return Destination(E164, number)


def _told(text: str) -> str:
    """What is too short for a number of a card as it came, else what it is made of."""
    digits = sum(one in "0123456789" for one in text)
    if digits < 12 and _DIALLED.fullmatch(text):
        return f'"{text}"'
    return f"{kind_of(text)}, {digits} of them digits" if text else kind_of(text)


def _loopback(text: str, what: str) -> Destination:
    name = text[len(LOOPBACK) + 1 :]
    _refuse_emergency(name, what)
    if not _EXTENSION.fullmatch(name):
        raise InvalidNumberError(
            f"{what} is not a valid loopback extension: {kind_of(name)}; use loopback: and a name of letters, digits, dots and hyphens",
            field=what,
        )
    return Destination(LOOPBACK, f"{LOOPBACK}:{name}")


def _sip(text: str, what: str) -> Destination:
    scheme, rest = text.split(":", 1)
    match = _SIP.fullmatch(f"{scheme.lower()}:{rest}")
    if match is None or int(match["port"] or 1) not in range(1, 65_536) or ".." in match["host"]:
        raise InvalidNumberError(
            f"{what} is not a SIP address that can be called: use sip:user@host or sip:user@host:port, without password and headers",
            field=what,
        )
    user = decoded(match["user"])
    if decoded(user) != user:
        raise InvalidNumberError(
            f"{what} has an escape within an escape before the @; write its characters as they are", field=what
        )
    _refuse_emergency(spelt_out(user), what)
    return Destination(SIP, match[0])
