"""The calling policy of an organisation: a document of sections, each with defaults that forbid nothing an agent does today."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from callwright.domain.errors import BadInputError
from callwright.domain.fields import Fields, named, nearest, not_among
from callwright.domain.limits import (
    MAX_ATTEMPT_PERIOD_HOURS,
    MAX_ATTEMPTS_PER_NUMBER,
    MAX_NAME_CHARACTERS,
    MAX_POLICY_COUNTRIES,
)
from callwright.domain.settings.kinds import SWITCH, child, whole
from callwright.domain.settings.setting import Kind, read_record, setting, wire_of
from callwright.platform.agents.rules.fallbacks import FallbacksPolicy
from callwright.platform.dialling.rules.time_zones import known_zone
from callwright.platform.pace.rules.policy import PacePolicy, refuse_unknown
from callwright.platform.wallet.rules import NO_CAPS, Caps

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Days of the week, in the order of ``datetime.weekday``."""

PREMIUM, SHARED_COST, SATELLITE, UNKNOWN = "premium", "shared-cost", "satellite", "unknown"
REFUSABLE_KINDS = (PREMIUM, SHARED_COST, SATELLITE, UNKNOWN)
"""Kinds of numbers that a policy may refuse. ``satellite``: every number of no country; ``unknown``: in no published range."""

_COUNTRY = re.compile("[A-Z]{2}")


def _words(allowed: tuple[str, ...]) -> Kind:
    """A list of words, each once, in the order of ``allowed``."""

    def read(given: Fields, name: str) -> tuple[str, ...]:
        listed = given.list(name) or []
        for index, one in enumerate(listed):
            if one not in allowed:
                raise not_among(f"{given.at(name)}[{index}]", allowed, one, BadInputError)
        return tuple(one for one in allowed if one in listed)

    return Kind("a list of words", {"type": "array", "items": {"type": "string", "enum": list(allowed)}}, read)


def _zone(given: Fields, name: str) -> str:
    zone = known_zone(given.text(name, longest=MAX_NAME_CHARACTERS))
    if not zone:
        raise given.wrong(name, "a time zone such as Europe/Berlin")
    return zone


def _countries(given: Fields, name: str) -> tuple[str, ...]:
    listed = given.list(name) or []
    if not 0 < len(listed) <= MAX_POLICY_COUNTRIES:
        raise given.wrong(name, f"a list of 1 to {MAX_POLICY_COUNTRIES} countries, or null for all")
    for one in listed:
        if not isinstance(one, str) or not _COUNTRY.fullmatch(one):
            raise given.wrong(name, "a list of ISO 3166 codes such as US")
    return tuple(dict.fromkeys(listed))


def _column(given: Fields, name: str) -> str:
    column = given.text(name, longest=MAX_NAME_CHARACTERS).strip()
    if not column:
        raise given.wrong(name, "the name of a column")
    return column


@dataclass(frozen=True, slots=True)
class HoursPolicy:
    """Hours of every outbound call, in the zone of whoever is called."""

    start_hour: int = setting("hours.start_hour", whole(0, 23), 0)
    end_hour: int = setting("hours.end_hour", whole(1, 24), 24, "Exclusive; more than `start_hour`.")
    days: tuple[str, ...] = setting("hours.days", _words(DAYS), list(DAYS), absent=DAYS)
    default_time_zone: str = setting(
        "hours.default_time_zone",
        Kind("a time zone", {"type": "string"}, _zone),
        "UTC",
        "Zone of addresses that have none, such as `sip:` addresses.",
    )

    @classmethod
    def read(cls, given: Fields) -> Self:
        """Reads the section. Raises BadInputError."""
        found = read_record(cls, given)
        if found.end_hour <= found.start_hour:
            raise given.wrong("end_hour", f"more than start_hour ({found.start_hour})", told=str(found.end_hour))
        return found


@dataclass(frozen=True, slots=True)
class CountryRulesPolicy:
    """Whether the rule file of the number's country is applied, and which of its parts."""

    enabled: bool = setting("country_rules.enabled", SWITCH, False)
    hours: bool = setting("country_rules.hours", SWITCH, True)
    holidays: bool = setting("country_rules.holidays", SWITCH, True)
    consent: bool = setting("country_rules.consent", SWITCH, True)


@dataclass(frozen=True, slots=True)
class NumbersPolicy:
    """Which numbers are dialled."""

    countries: tuple[str, ...] | None = setting(
        "numbers.countries",
        Kind(
            "a list of countries",
            {
                "type": "array",
                "items": {"type": "string", "pattern": f"^{_COUNTRY.pattern}$"},
                "minItems": 1,
                "maxItems": MAX_POLICY_COUNTRIES,
            },
            _countries,
        ),
        None,
        "ISO 3166 codes; null: every country.",
    )
    refused_kinds: tuple[str, ...] = setting(
        "numbers.refused_kinds",
        _words(REFUSABLE_KINDS),
        [PREMIUM, SHARED_COST, SATELLITE],
        "`satellite`: every number of no country. `unknown`: in no published range.",
        absent=(PREMIUM, SHARED_COST, SATELLITE),
    )


@dataclass(frozen=True, slots=True)
class AttemptsPolicy:
    """How often one number is dialled within a period, over all calls of the organisation."""

    per_number: int = setting("attempts.per_number", whole(0, MAX_ATTEMPTS_PER_NUMBER), 0, "0: no limit.")
    period_hours: int = setting("attempts.period_hours", whole(1, MAX_ATTEMPT_PERIOD_HOURS), 24)


@dataclass(frozen=True, slots=True)
class ConsentPolicy:
    """The column of ``user_data`` that says that a person agreed to be called."""

    required: bool = setting("consent.required", SWITCH, False, "Whether every call needs it.")
    field: str = setting(
        "consent.field", Kind("a name", {"type": "string", "maxLength": MAX_NAME_CHARACTERS}, _column), "consent"
    )


@dataclass(frozen=True, slots=True)
class CallingPolicy:
    """What an organisation wants held of its outbound calls. Each field is a section, and one that is missing has its defaults."""

    hours: HoursPolicy = setting("policy.hours", child(HoursPolicy, HoursPolicy.read), {}, absent=HoursPolicy())
    country_rules: CountryRulesPolicy = setting(
        "policy.country_rules", child(CountryRulesPolicy), {}, absent=CountryRulesPolicy()
    )
    numbers: NumbersPolicy = setting("policy.numbers", child(NumbersPolicy), {}, absent=NumbersPolicy())
    attempts: AttemptsPolicy = setting("policy.attempts", child(AttemptsPolicy), {}, absent=AttemptsPolicy())
    consent: ConsentPolicy = setting("policy.consent", child(ConsentPolicy), {}, absent=ConsentPolicy())
    caps: Caps = setting("policy.caps", child(Caps), {}, absent=NO_CAPS)
    pace: PacePolicy = setting("policy.pace", child(PacePolicy), {}, absent=PacePolicy())
    fallbacks: FallbacksPolicy = setting(
        "policy.fallbacks", child(FallbacksPolicy, FallbacksPolicy.read), {}, absent=FallbacksPolicy()
    )


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """The policy of an organisation as stored. ``version`` counts its changes from 1; 0 is the policy of one that has none."""

    tenant_id: str
    policy: CallingPolicy
    version: int
    updated_at: datetime | None


def parse_policy(body: Mapping[str, Any]) -> CallingPolicy:
    """Reads the policy of a request. Raises BadInputError, also for a name that no section has: a misspelt rule would hold nothing."""
    whole_body = Fields(body, "", BadInputError)
    known = policy_wire(CallingPolicy())
    _only(whole_body, known)
    for name, section in known.items():
        given = whole_body.child(name)
        if given is not None:
            _only(given, section)
    policy = stored_policy(body)
    refuse_unknown(whole_body, policy_wire(policy))
    return policy


def stored_policy(body: Mapping[str, Any]) -> CallingPolicy:
    """Reads a policy from the wire form that was stored. Names of later releases are ignored."""
    return read_record(CallingPolicy, Fields(body, "", BadInputError))


def policy_wire(policy: CallingPolicy) -> dict[str, Any]:
    """Returns the policy as JSON, every section with all of its fields."""
    return wire_of(policy)


def _only(given: Fields, allowed: Collection[str]) -> None:
    for name in given.value:
        if name not in allowed:
            like = nearest(name, allowed)
            hint = f"; did you mean {like}?" if like else f"; use {', '.join(allowed)}"
            raise BadInputError(f"{given.at(name)} is no part of a calling policy{hint}", field=given.at(named(name)))
