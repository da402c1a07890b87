"""Phone numbers as they stand in a list from a spreadsheet: written for people, and sometimes damaged."""

from __future__ import annotations

import re

from callwright.domain.errors import InvalidNumberError
from callwright.domain.national_number import numbers_in, without_national_prefix
from callwright.domain.number import Destination, is_emergency, parse_destination, typed

_PLAIN = re.compile(r"\+[1-9][0-9]{6,14}")
_SCHEME = re.compile(r"(?:sips?|loopback):", re.IGNORECASE)
_EXPONENT = re.compile(r"\+?[0-9]+(?:[.,][0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_AS_TEXT = re.compile(r'="([^"]*)"')
"""A formula with which people keep a spreadsheet from reading a number."""
_DECIMALS = re.compile(r"(?<=[0-9]{7})[.,]0+$")
"""What a table of decimals adds to a whole number."""
_TRUNK_ZERO = re.compile(r"\(\s*0\s*\)")
"""The national prefix as it is written inside an international number: ``+49 (0)30``."""
_WRITTEN = re.compile(r"[+0-9 .()/-]+")
_NO_DIGITS = re.compile(r"[^+0-9]")

AS_TEXT = "Format the column as text in the spreadsheet, enter the number again and upload the file again."
TAKE_OUT = "Take the row out of the list."
WITH_COUNTRY = "Write a plus and the country code in front, or send default_country with the list."


def listed_destination(cell: str, *, what: str, country: str | None = None) -> Destination:
    """The address in a cell: E.164, a ``sip:`` URI, ``loopback:name``, and with ``country`` (ISO 3166) a number as it is written there.

    Raises InvalidNumberError naming ``what``, with a hint of what to do about the cell.
    """
    if (formula := _AS_TEXT.fullmatch(cell)) is not None:
        cell = formula[1].strip()
    if _PLAIN.fullmatch(cell):
        return without_national_prefix(parse_destination(cell, what=what))
    text = typed(cell).removeprefix("'").strip()
    if _EXPONENT.fullmatch(text):
        raise InvalidNumberError(
            f"{what} was rounded by a spreadsheet to a number with an exponent (E+), so its last digits are lost",
            field=what,
            hint=AS_TEXT,
        )
    if _SCHEME.match(text):
        return parse_destination(text, what=what)
    text = _DECIMALS.sub("", text)
    abroad = text.startswith("+")
    if not _WRITTEN.fullmatch(text) or (abroad and not _TRUNK_ZERO.search(text)):
        return without_national_prefix(parse_destination(text, what=what))
    if is_emergency(_NO_DIGITS.sub("", text)) or not (abroad or country):
        return _as_it_is(text, what)
    readings = numbers_in(text, country)
    if len(readings) == 1:
        return parse_destination(*readings, what=what)
    where = "with its country code" if abroad else f"in {country}"
    why = f"may be {' or '.join(sorted(readings))}" if readings else f"is not a valid phone number {where}"
    raise InvalidNumberError(
        f"{what} {why}: it has {sum(map(str.isdigit, text))} digits",
        field=what,
        hint="Correct the number, or write it with a plus and the country code.",
    )


def _as_it_is(text: str, what: str) -> Destination:
    try:
        return parse_destination(text, what=what)
    except InvalidNumberError as error:
        emergency = is_emergency(_NO_DIGITS.sub("", text))
        raise InvalidNumberError(error.message, field=what, hint=TAKE_OUT if emergency else WITH_COUNTRY) from None
