"""What the published number plans say of an address: its kind, its country and the time zones in which it may lie."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberType, timezone

from callwright.domain.dialled import named_number, number_in
from callwright.domain.number import E164, is_emergency, kind_of_address
from callwright.platform.dialling.rules.decision import EMERGENCY, NumberFacts
from callwright.platform.dialling.rules.policy import PREMIUM, SATELLITE, SHARED_COST, UNKNOWN
from callwright.platform.dialling.rules.time_zones import known_zone

VERSION: str = phonenumbers.__version__
"""Version of the number plans."""

USUAL = "usual"

_NO_COUNTRY, _UNKNOWN_ZONE = "001", "Etc/Unknown"
_KINDS = {
    PhoneNumberType.PREMIUM_RATE: PREMIUM,
    PhoneNumberType.SHARED_COST: SHARED_COST,
    PhoneNumberType.UNKNOWN: UNKNOWN,
}
_RANGES = {
    "premium_rate": PREMIUM,
    "shared_cost": SHARED_COST,
    **dict.fromkeys(
        ("fixed_line", "mobile", "toll_free", "personal_number", "voip", "pager", "uan", "voicemail"), USUAL
    ),
}
"""The ranges of a country's plan by their names in the library."""
_PREMIUM_CODE = 979
_SHARED_COST_CODE = 808


def number_facts(address: str) -> NumberFacts:
    """Returns what is known of an address in its normal form. A ``sip:`` address is a phone number if its user is one with + or 00, or one
    with neither that a plan lists: a national number or an extension may have as many digits."""
    is_phone = kind_of_address(address) == E164
    number = address if is_phone else named_number(address)
    if number and is_emergency(number):
        return NumberFacts(EMERGENCY, is_phone=is_phone)
    if not number.startswith("+"):
        return NumberFacts()
    kind, country, zones = _plan(number)
    is_listed = bool(country) and kind != UNKNOWN
    written = number if is_phone else number_in(address)
    # National numbers of many countries begin with 011 and have at most nine digits more: what is behind it has no kind of its own.
    abroad = written.startswith("011") and len(written) > len("011") + 9
    if is_listed or abroad or written.startswith(("+", "00")):
        return NumberFacts(kind, country, zones, is_phone=True)
    return NumberFacts() if written.startswith("011") else NumberFacts(kind)


def _kind_of_beginning(parsed: phonenumbers.PhoneNumber) -> str:
    """The kind of a number that no plan lists, by its beginning: premium or shared-cost where it would be in another length, and nothing
    else. Carriers also connect numbers of the wrong length."""
    digits = phonenumbers.national_significant_number(parsed)
    found: set[str] = set()
    for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(parsed.country_code or 0, ()):
        plan = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
        if plan is not None:
            found |= {kind for name, kind in _RANGES.items() if _begins_like(digits, getattr(plan, name))}
    return PREMIUM if found == {PREMIUM} else SHARED_COST if found == {SHARED_COST} else UNKNOWN


def _begins_like(digits: str, described: phonenumbers.PhoneNumberDesc | None) -> bool:
    """Whether a number would be in a range, had it as many digits as numbers of that range have."""
    if described is None or described.national_number_pattern is None:
        return False
    lengths = [length for length in described.possible_length if length > 0]
    return any(re.fullmatch(described.national_number_pattern, digits[:n].ljust(n, "0")) for n in lengths)


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
    elif kind == UNKNOWN:
        kind = _kind_of_beginning(parsed)
    # What the plan does not list yet lies in one of the zones of its prefix.
    names = (
        *timezone.time_zones_for_number(parsed),
        *(timezone.time_zones_for_geographical_number(parsed) if kind == UNKNOWN else ()),
    )
    zones = dict.fromkeys(known for known in map(known_zone, names) if known and known != _UNKNOWN_ZONE)
    return kind, "" if country == _NO_COUNTRY else country, tuple(zones)
