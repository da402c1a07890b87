"""Phone numbers as people of one country write them, by the number plans of the world (``phonenumbers``, data of libphonenumber)."""

from __future__ import annotations

import re

import phonenumbers

from callwright.domain.number import COUNTRY_CODE, E164, Destination

#: A country's code, its national prefix and the number. Numbers of the codes that are left out may begin with 0; Hungary's prefix is 06.
_WITH_PREFIX = re.compile(rf"\+(?:(36)06|(?!36|39|225|226|229|24[12]|378|881|992)({COUNTRY_CODE})0)([1-9][0-9]{{5,}})")


def is_country(code: str) -> bool:
    """Whether ``code`` is an ISO 3166 code (``DE``) of a country with a number plan."""
    return code in phonenumbers.SUPPORTED_REGIONS


def numbers_in(text: str, country: str | None) -> frozenset[str]:
    """The valid numbers, in E.164 form, that a text can be as it is written in ``country``, or with a plus anywhere.

    Prefixes for long distance and for calls abroad are taken off, also where a spreadsheet lost the leading zero. There are several where
    the text may have lost its plus.
    """
    readings = {_valid(text, country)}
    if country is not None and text.lstrip("( ").startswith(str(phonenumbers.country_code_for_region(country))):
        readings.add(_valid(f"+{text}", None))
    return frozenset(one for one in readings if one is not None)


def without_national_prefix(destination: Destination) -> Destination:
    """A phone number without the national prefix that people write behind its country's code: ``+49 030 901820`` is +4930901820. Anything
    else, and what is no valid number without it, stays as it is. The database knows the number by both forms (its function
    ``without_national_prefix``), so that the do-not-call list binds either."""
    match = _WITH_PREFIX.fullmatch(destination.value) if destination.kind == E164 else None
    if match is None:
        return destination
    short = f"+{match[1] or match[2]}{match[3]}"
    # A number plan may take off more than the prefix, or nothing.
    return Destination(E164, short) if _valid(destination.value, None) == short else destination


def _valid(text: str, country: str | None) -> str | None:
    try:
        found = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    # An extension cannot be dialled with the number.
    if found.extension or not phonenumbers.is_valid_number(found):
        return None
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
