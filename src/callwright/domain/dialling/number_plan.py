"""What the published number plans say of an address: its kind, its country and the time zones in which it may lie."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberType, timezone

from callwright.domain.dialled import named_number
from callwright.domain.dialling.decision import EMERGENCY, NumberFacts
from callwright.domain.dialling.policy import PREMIUM, SATELLITE, SHARED_COST, UNKNOWN
from callwright.domain.dialling.time_zones import known_zone
from callwright.domain.number import E164, is_emergency, kind_of_address

VERSION: str = phonenumbers.__version__
"""Version of the number plans."""

USUAL = "usual"

_NO_COUNTRY, _UNKNOWN_ZONE = "001", "Etc/Unknown"
_KINDS = {
    PhoneNumberType.PREMIUM_RATE: PREMIUM,
    PhoneNumberType.SHARED_COST: SHARED_COST,
    PhoneNumberType.UNKNOWN: UNKNOWN,
}
_PREMIUM_CODE = 979
_SHARED_COST_CODE = 808


def number_facts(address: str) -> NumberFacts:
    """Returns what is known of an address in its normal form. A ``sip:`` address that names a phone number has its kind and country, but
    no zones: its phone may be anywhere."""
    is_phone = kind_of_address(address) == E164
    number = address if is_phone else named_number(address)
    if number and is_emergency(number):
        return NumberFacts(EMERGENCY, is_phone=is_phone)
    if not number.startswith("+"):
        return NumberFacts()
    kind, country, zones = _plan(number)
    return NumberFacts(kind, country, zones if is_phone else (), is_phone)


@lru_cache(maxsize=1024)
def _plan(number: str) -> tuple[str, str, tuple[str, ...]]:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return UNKNOWN, "", ()
    country = phonenumbers.region_code_for_number(parsed) or ""
    kind = _KINDS.get(phonenumbers.number_type(parsed), USUAL)
    if parsed.country_code == _PREMIUM_CODE:
        kind = PREMIUM
    elif parsed.country_code == _SHARED_COST_CODE:
        kind = SHARED_COST
    elif country == _NO_COUNTRY:
        kind = SATELLITE
    # What the plan does not list yet lies in one of the zones of its prefix.
    names = (
        *timezone.time_zones_for_number(parsed),
        *(timezone.time_zones_for_geographical_number(parsed) if kind == UNKNOWN else ()),
    )
    zones = dict.fromkeys(known for known in map(known_zone, names) if known and known != _UNKNOWN_ZONE)
    return kind, "" if country == _NO_COUNTRY else country, tuple(zones)
