"""The calling policy of an organisation: a document of sections, each with defaults that forbid nothing an agent does today."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Protocol, Self

from callwright.domain.agent.fallbacks import FallbacksPolicy
from callwright.domain.dialling.time_zones import known_zone
from callwright.domain.errors import BadInputError
from callwright.domain.fields import Fields, named, nearest, not_among
from callwright.domain.limits import (
    MAX_ATTEMPT_PERIOD_HOURS,
    MAX_ATTEMPTS_PER_NUMBER,
    MAX_NAME_CHARACTERS,
    MAX_POLICY_COUNTRIES,
)
from callwright.domain.pace.policy import PacePolicy, refuse_unknown
from callwright.domain.wallet import NO_CAPS, Caps

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Days of the week, in the order of ``datetime.weekday``."""

PREMIUM, SHARED_COST, SATELLITE, UNKNOWN = "premium", "shared-cost", "satellite", "unknown"
REFUSABLE_KINDS = (PREMIUM, SHARED_COST, SATELLITE, UNKNOWN)
"""Kinds of numbers that a policy may refuse. ``satellite``: every number of no country; ``unknown``: in no published range."""

_COUNTRY = re.compile("[A-Z]{2}")


class Section(Protocol):
    """A section of the policy: a frozen dataclass of plain values, lists as tuples."""

    @classmethod
    def read(cls, given: Fields) -> Self:
        """Reads the section. Missing fields get their defaults. Raises BadInputError."""
        ...


@dataclass(frozen=True, slots=True)
class HoursPolicy:
    """Hours of every outbound call, in the zone of whoever is called. ``end_hour`` is exclusive."""

    start_hour: int = 0
    end_hour: int = 24
    days: tuple[str, ...] = DAYS
    default_time_zone: str = "UTC"
    """Zone of addresses that have none, such as ``sip:`` addresses."""

    @classmethod
    def read(cls, given: Fields) -> Self:
        """Reads the section. Raises BadInputError."""
        start = given.whole("start_hour", 0, 0, 23)
        end = given.whole("end_hour", 24, 1, 24)
        if end <= start:
            raise given.wrong("end_hour", f"more than start_hour ({start})", told=str(end))
        days = _words(given, "days", DAYS)
        zone = given.text("default_time_zone", "UTC", longest=MAX_NAME_CHARACTERS)
        if not known_zone(zone):
            raise given.wrong("default_time_zone", "a time zone such as Europe/Berlin")
        return cls(start, end, DAYS if days is None else days, known_zone(zone))


@dataclass(frozen=True, slots=True)
class CountryRulesPolicy:
    """Whether the rule file of the country of a number is applied, and which of its parts."""

    enabled: bool = False
    hours: bool = True
    holidays: bool = True
    consent: bool = True

    @classmethod
    def read(cls, given: Fields) -> Self:
        """Reads the section. Raises BadInputError."""
        return cls(
            given.switch("enabled", False),
            given.switch("hours", True),
            given.switch("holidays", True),
            given.switch("consent", True),
        )


@dataclass(frozen=True, slots=True)
class NumbersPolicy:
    """Which numbers are dialled. ``countries`` None: those of every country."""

    countries: tuple[str, ...] | None = None
    refused_kinds: tuple[str, ...] = (PREMIUM, SHARED_COST, SATELLITE)

    @classmethod
    def read(cls, given: Fields) -> Self:
        """Reads the section. Raises BadInputError."""
        countries = given.list("countries")
        if countries is not None:
            if not 0 < len(countries) <= MAX_POLICY_COUNTRIES:
                raise given.wrong("countries", f"a list of 1 to {MAX_POLICY_COUNTRIES} countries, or null for all")
            for one in countries:
                if not isinstance(one, str) or not _COUNTRY.fullmatch(one):
                    raise given.wrong("countries", "a list of ISO 3166 codes such as US")
        kinds = _words(given, "refused_kinds", REFUSABLE_KINDS)
        return cls(
            None if countries is None else tuple(dict.fromkeys(countries)),
            cls().refused_kinds if kinds is None else kinds,
        )


@dataclass(frozen=True, slots=True)
class AttemptsPolicy:
    """How often one number is dialled within a period, over all calls of the organisation. ``per_number`` 0: no limit."""

    per_number: int = 0
    period_hours: int = 24

    @classmethod
    def read(cls, given: Fields) -> Self:
        """Reads the section. Raises BadInputError."""
        return cls(
            given.whole("per_number", 0, 0, MAX_ATTEMPTS_PER_NUMBER),
            given.whole("period_hours", 24, 1, MAX_ATTEMPT_PERIOD_HOURS),
        )


@dataclass(frozen=True, slots=True)
class ConsentPolicy:
    """The column of ``user_data`` that says that a person agreed to be called, and whether every call needs it."""

    required: bool = False
    field: str = "consent"

    @classmethod
    def read(cls, given: Fields) -> Self:
        """Reads the section. Raises BadInputError."""
        name = given.text("field", "consent", longest=MAX_NAME_CHARACTERS).strip()
        if not name:
            raise given.wrong("field", "the name of a column")
        return cls(given.switch("required", False), name)


@dataclass(frozen=True, slots=True)
class CallingPolicy:
    """What an organisation wants held of its outbound calls. Each field is a section."""

    hours: HoursPolicy = field(default_factory=HoursPolicy)
    country_rules: CountryRulesPolicy = field(default_factory=CountryRulesPolicy)
    numbers: NumbersPolicy = field(default_factory=NumbersPolicy)
    attempts: AttemptsPolicy = field(default_factory=AttemptsPolicy)
    consent: ConsentPolicy = field(default_factory=ConsentPolicy)
    caps: Caps = NO_CAPS
    pace: PacePolicy = field(default_factory=PacePolicy)
    fallbacks: FallbacksPolicy = field(default_factory=FallbacksPolicy)


SECTIONS: Mapping[str, type[Section]] = {
    "hours": HoursPolicy,
    "country_rules": CountryRulesPolicy,
    "numbers": NumbersPolicy,
    "attempts": AttemptsPolicy,
    "consent": ConsentPolicy,
    "caps": Caps,
    "pace": PacePolicy,
    "fallbacks": FallbacksPolicy,
}
"""The fields of :class:`CallingPolicy` by name. A new section is a line in both."""


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """The policy of an organisation as stored. ``version`` counts its changes from 1; 0 is the policy of one that has none."""

    tenant_id: str
    policy: CallingPolicy
    version: int
    updated_at: datetime | None


def parse_policy(body: Mapping[str, Any]) -> CallingPolicy:
    """Reads the policy of a request. Raises BadInputError, also for a name that no section has: a misspelt rule would hold nothing."""
    _only(Fields(body, "", BadInputError), SECTIONS)
    for name, section in SECTIONS.items():
        given = Fields(body, "", BadInputError).child(name)
        if given is not None:
            _only(given, [one.name for one in fields(section)])  # type: ignore[arg-type]
    policy = stored_policy(body)
    refuse_unknown(Fields(body, "", BadInputError), policy_wire(policy))
    return policy


def stored_policy(body: Mapping[str, Any]) -> CallingPolicy:
    """Reads a policy from the wire form that was stored. Names of later releases are ignored."""
    whole = Fields(body, "", BadInputError)
    found = {
        name: section.read(whole.child(name) or Fields({}, name, BadInputError)) for name, section in SECTIONS.items()
    }
    return CallingPolicy(**found)  # type: ignore[arg-type]


def policy_wire(policy: CallingPolicy) -> dict[str, Any]:
    """Returns the policy as JSON, every section with all of its fields."""
    return {name: _section_wire(getattr(policy, name)) for name in SECTIONS}


def _section_wire(section: Any) -> dict[str, Any]:
    if isinstance(section, PacePolicy):
        return section.as_wire()
    values = {one.name: getattr(section, one.name) for one in fields(section)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _only(given: Fields, allowed: Collection[str]) -> None:
    for name in given.value:
        if name not in allowed:
            like = nearest(name, allowed)
            hint = f"; did you mean {like}?" if like else f"; use {', '.join(allowed)}"
            raise BadInputError(f"{given.at(name)} is no part of a calling policy{hint}", field=given.at(named(name)))


def _words(given: Fields, name: str, allowed: Collection[str]) -> tuple[str, ...] | None:
    """A list of words, each once, in the order of ``allowed``; None where it is missing."""
    listed = given.list(name)
    if listed is None:
        return None
    for index, one in enumerate(listed):
        if one not in allowed:
            raise not_among(f"{given.at(name)}[{index}]", allowed, one, BadInputError)
    return tuple(one for one in allowed if one in listed)
