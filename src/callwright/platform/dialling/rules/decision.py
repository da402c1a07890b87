"""The decision whether a number may be dialled now. Pure: everything it depends on is in the question and the rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from callwright.platform.dialling.rules.country_rules import CountryRules
from callwright.platform.dialling.rules.opening import Hours, ZonedHours, daily, first_closed, next_opening
from callwright.platform.dialling.rules.policy import DAYS, CallingPolicy
from callwright.platform.dialling.rules.time_zones import known_zone, zone

EMERGENCY = "emergency"
"""Kind of a number that may reach an emergency service."""

NOT_PERMITTED, SUPPRESSED, BALANCE_LOW = "not_permitted", "suppressed", "balance_low"
"""Causes (``platform.executions.rules.causes``) of a call that is never dialled."""

STOPPED_RULE = "stopped"
"""The rule of a call that was stopped before it was dialled, or dialled again."""

_CONSENTING = frozenset({"true", "yes", "y", "1", "on"})
_SHOWN_ZONES = 4
_WITHOUT_SUMMER_TIME = frozenset({"EST", "MST", "HST", "GMT"})
"""Abbreviations that are zones without summer time. EST5EDT, CET and others are zones with it."""


class Verdict(StrEnum):
    """What is to be done with a call."""

    DIAL = "dial"
    WAIT = "wait"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class NumberFacts:
    """What is known of an address from its form. ``kind``: ``emergency``, one of ``policy.REFUSABLE_KINDS``, ``usual``, or ``none`` for
    an address without a phone number. ``country`` is empty if it is not known. ``zones``: every zone in which the number may lie."""

    kind: str = "none"
    country: str = ""
    zones: tuple[str, ...] = ()
    is_phone: bool = False
    """Whether the address is a phone number, or a ``sip:`` address with one in international form."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about. ``attempts`` are the times of the attempts to the number in the period of the policy, oldest first."""

    now: datetime
    number: NumberFacts
    user_data: Mapping[str, Any] = field(default_factory=dict)
    agent_hours: tuple[int, int] | None = None
    """Hours of the agent, the end exclusive. None: none, or the call bypasses them."""
    suppressed: bool = False
    stopped: bool = False
    """Whether somebody stopped the call before it was dialled, or dialled again."""
    dialled_before: bool = False
    """Whether an earlier attempt of the call dialled the number."""
    attempts: tuple[datetime, ...] = ()
    cap: str = ""
    """The name of the cap that the call would exceed, or of the wallet that does not cover it; empty if it is paid for."""
    cap_reason: str = ""
    """The same in words."""
    transfer: bool = False
    """Whether an existing call is to be handed to the number. Hours, attempts, consent and caps are not asked then."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a question is decided by."""

    policy: CallingPolicy = field(default_factory=CallingPolicy)
    policy_version: int = 0
    countries: Mapping[str, CountryRules] = field(default_factory=dict)
    number_plan: str = ""
    """Version of the number plan that ``Question.number`` comes from."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer. ``rule`` is a stable name; ``reason`` a sentence. ``until`` is set for WAIT, ``cause`` for NEVER unless it is a stop."""

    verdict: Verdict
    rule: str
    reason: str
    version: str
    until: datetime | None = None
    cause: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def dials(self) -> bool:
        """Whether the number may be dialled now."""
        return self.verdict is Verdict.DIAL


@dataclass(frozen=True, slots=True)
class _Refusal:
    rule: str
    reason: str
    cause: str = NOT_PERMITTED


def decide(question: Question, rules: Rules) -> Decision:
    """Returns whether the number may be dialled now, later, or never by these rules.

    The order of the rules: stop, emergency, suppression, kind, country, consent, caps; then what passes with time: attempts and hours.
    """
    version, inputs = _version(question, rules), _inputs(question, rules)
    refusal = next(_refusals(question, rules), None)
    if refusal is not None:
        return Decision(Verdict.NEVER, refusal.rule, refusal.reason, version, cause=refusal.cause, inputs=inputs)
    if not question.transfer:
        later = _later(question, rules)
        if isinstance(later, _Refusal):
            return Decision(Verdict.NEVER, later.rule, later.reason, version, cause=later.cause, inputs=inputs)
        if later is not None:
            rule, reason, until = later
            return Decision(Verdict.WAIT, rule, reason, version, until=until, inputs=inputs)
    return Decision(Verdict.DIAL, "allowed", "no rule forbids the call", version, inputs=inputs)


def _refusals(question: Question, rules: Rules) -> Iterator[_Refusal]:
    number, policy = question.number, rules.policy
    if question.stopped:
        again = " again" if question.dialled_before else ""
        yield _Refusal(STOPPED_RULE, f"the call was stopped before it was dialled{again}", cause="")
    if number.kind == EMERGENCY:
        yield _Refusal("emergency", "emergency numbers are never dialled")
    if question.suppressed and not question.transfer:
        yield _Refusal("suppressed", "the number is on the list of numbers not to be called", SUPPRESSED)
    if number.kind in policy.numbers.refused_kinds:
        yield _Refusal("number_kind", f"the calling policy refuses {number.kind} numbers")
    allowed = policy.numbers.countries
    if allowed is not None and number.kind != "none" and number.country not in allowed:
        country = number.country or "an unknown country"
        yield _Refusal("country", f"the calling policy does not allow calls to {country}")
    if question.transfer:
        return
    country_rules = _country_rules(question, rules)
    if country_rules is None and policy.country_rules.enabled and number.is_phone:
        country = number.country or "the unknown country of this number"
        yield _Refusal("country_rules_missing", f"there is no rule file for {country}")
    by_country = country_rules is not None and country_rules.consent_required and policy.country_rules.consent
    if (policy.consent.required or by_country) and not _consents(question, policy.consent.field):
        yield _Refusal(
            "consent", f"the column {policy.consent.field!r} does not say that the person agreed to be called"
        )
    if question.cap:
        yield _Refusal(question.cap, question.cap_reason, BALANCE_LOW)


def _later(question: Question, rules: Rules) -> tuple[str, str, datetime] | _Refusal | None:
    """Why the call has to wait and until when; a refusal where no time would do."""
    attempts = _free_again(question, rules.policy)
    binding = _hours(question, rules)
    if not binding:
        return None if attempts is None else ("attempts", _too_many(rules.policy), attempts)
    if not all(zones for _, zones in binding):
        return _Refusal("no_time_zone", "the number's time zone is not known; give the contact a column timezone")
    pairs = [(hours, one) for hours, zones in binding for one in zones]
    closed = first_closed(pairs, question.now)
    if attempts is None and closed is None:
        return None
    until = next_opening(pairs, question.now if attempts is None else attempts)
    if until is None:
        many = (
            "; the number may lie in several time zones: give the contact a column timezone"
            if len(pairs) > len(binding)
            else ""
        )
        return _Refusal("no_opening", f"the hours leave no time for this call in the next 14 days{many}")
    if attempts is not None or closed is None:
        return "attempts", _too_many(rules.policy), until
    return *_closed_by(closed, question), until


def _closed_by(closed: ZonedHours, question: Question) -> tuple[str, str]:
    """The rule, and the reason."""
    hours, zone_there = closed
    today = question.now.astimezone(zone_there).date()
    if hours.holidays.on(today):
        country = question.number.country
        return f"country_holiday {country}", f"{today} is a holiday by the rules of {country}"
    words = _WORDS[hours.rule.partition(" ")[0]]
    return hours.rule, f"{words} are over or have not begun where the person is"


_WORDS = {
    "country_hours": "the hours of the country's rules",
    "policy_hours": "the hours of the calling policy",
    "agent_hours": "the calling_guardrails of the agent",
}


def _hours(question: Question, rules: Rules) -> list[tuple[Hours, list[ZoneInfo]]]:
    """The hours that bind the call, each with the zones by whose clocks."""
    policy, zones, found = rules.policy, _zones(question, rules), []
    country = _country_rules(question, rules)
    if country is not None and (policy.country_rules.hours or policy.country_rules.holidays):
        week = country.hours(week=policy.country_rules.hours, holidays=policy.country_rules.holidays)
        found.append((week, _country_zones(question)))
    hours = policy.hours
    if (hours.start_hour, hours.end_hour) != (0, 24) or len(hours.days) < len(DAYS):
        days = [DAYS.index(day) for day in hours.days]
        found.append((daily("policy_hours", hours.start_hour, hours.end_hour, days), zones))
    if question.agent_hours is not None:
        found.append((daily("agent_hours", *question.agent_hours), zones))
    return found


def _country_rules(question: Question, rules: Rules) -> CountryRules | None:
    if not rules.policy.country_rules.enabled or not question.number.is_phone:
        return None
    return rules.countries.get(question.number.country)


def _zones(question: Question, rules: Rules) -> list[ZoneInfo]:
    """The contact's own zone where it is given and known, else every zone of the number, else the policy's for an address without any.

    EST, MST, HST and GMT stand for the number's zones of that standard time, if it has any: people write EST in summer too.
    """
    own = _own_zone(question)
    if own:
        meant = _with_standard_time_of(own, question) if own in _WITHOUT_SUMMER_TIME else []
        return meant or [zone(own)]
    if question.number.is_phone:
        return [zone(name) for name in question.number.zones]
    return [zone(rules.policy.hours.default_time_zone)]


def _with_standard_time_of(abbreviation: str, question: Question) -> list[ZoneInfo]:
    winter = datetime(question.now.year, 1, 15, tzinfo=UTC)
    offset = winter.astimezone(zone(abbreviation)).utcoffset()
    zones = map(zone, question.number.zones)
    return [one for one in zones if winter.astimezone(one).utcoffset() == offset]


def _country_zones(question: Question) -> list[ZoneInfo]:
    """Every zone of the number. The contact's own zone says in which of them the person is; any other binds beside them, for a phone may be
    away from where its number lies."""
    own, zones = _own_zone(question), question.number.zones
    if own in zones:
        return [zone(own)]
    return [zone(name) for name in (*zones, *([own] if own else ()))]


def _own_zone(question: Question) -> str:
    given = question.user_data.get("timezone")
    return known_zone(given) if isinstance(given, str) else ""


def _free_again(question: Question, policy: CallingPolicy) -> datetime | None:
    """When the number may be dialled once more by the limit of attempts; None: now."""
    limit, period = policy.attempts.per_number, timedelta(hours=policy.attempts.period_hours)
    counted = [at for at in question.attempts if at > question.now - period]
    return counted[-limit] + period if limit and len(counted) >= limit else None


def _too_many(policy: CallingPolicy) -> str:
    limits = policy.attempts
    return f"the number was dialled {limits.per_number} times within {limits.period_hours} hours"


def _consents(question: Question, name: str) -> bool:
    value = question.user_data.get(name)
    return value is True or (isinstance(value, str | int) and str(value).strip().lower() in _CONSENTING)


def _version(question: Question, rules: Rules) -> str:
    parts = [f"policy {rules.policy_version}"]
    country = _country_rules(question, rules)
    if country is not None:
        parts.append(f"{country.country} {country.date}")
    if rules.number_plan:
        parts.append(f"numbers {rules.number_plan}")
    return ", ".join(parts)


def _inputs(question: Question, rules: Rules) -> dict[str, Any]:
    """What the decision was made from, as JSON: neither the number nor anything else of the person."""
    number = question.number
    found: dict[str, Any] = {"number_kind": number.kind, "country": number.country or None}
    zones = [one.key for one in _zones(question, rules)]
    found["time_zones"] = zones[:_SHOWN_ZONES]
    if len(zones) > _SHOWN_ZONES:
        found["more_time_zones"] = len(zones) - _SHOWN_ZONES
    if question.user_data.get("timezone") and not _own_zone(question):
        found["timezone_unknown"] = True
    if _country_rules(question, rules) is not None:
        by_country = [one.key for one in _country_zones(question)]
        if by_country != zones:
            found["country_time_zones"] = by_country[:_SHOWN_ZONES]
    if question.agent_hours is not None:
        found["agent_hours"] = list(question.agent_hours)
    if question.attempts:
        found["attempts"] = len(question.attempts)
    if question.transfer:
        found["transfer"] = True
    return found
