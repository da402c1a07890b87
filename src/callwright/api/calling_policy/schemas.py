"""Shapes of the calling policy for the API description."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from callwright.api.schemas import Open, Timestamp, example
from callwright.domain.dialling.policy import CallingPolicy, policy_wire
from callwright.domain.limits import (
    MAX_ATTEMPT_PERIOD_HOURS,
    MAX_ATTEMPTS_PER_NUMBER,
    MAX_BREAKER_CALLS,
    MAX_BREAKER_SECONDS,
    MAX_CALLS_PER_SECOND,
    MAX_CAP_CENTS,
    MAX_CONCURRENCY,
    MAX_FALLBACKS,
    MAX_PACED_NAMES,
    MAX_POLICY_COUNTRIES,
    MAX_REST_CALLS,
    MAX_REST_MINUTES,
    MIN_CALLS_PER_SECOND,
)

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
NumberKind = Literal["premium", "shared-cost", "satellite", "unknown"]


class HoursSection(BaseModel):
    """Hours of every outbound call, in the zone of whoever is called."""

    start_hour: int = Field(default=0, ge=0, le=23)
    end_hour: int = Field(default=24, ge=1, le=24, description="Exclusive.")
    days: list[Day] = Field(default=["mon", "tue", "wed", "thu", "fri", "sat", "sun"])
    default_time_zone: str = Field(
        default="UTC", description="Zone of addresses that have none, such as `sip:` addresses."
    )


class CountryRulesSection(BaseModel):
    """Whether the rule file of the number's country is applied, and which of its parts."""

    enabled: bool = False
    hours: bool = True
    holidays: bool = True
    consent: bool = True


class NumbersSection(BaseModel):
    """Which numbers are dialled."""

    countries: list[str] | None = Field(
        default=None, max_length=MAX_POLICY_COUNTRIES, description="ISO 3166 codes; null: every country."
    )
    refused_kinds: list[NumberKind] = Field(
        default=["premium", "shared-cost", "satellite"],
        description="`satellite`: every number of no country. `unknown`: in no published range.",
    )


class AttemptsSection(BaseModel):
    """How often one number is dialled within a period, over all calls of the organisation."""

    per_number: int = Field(default=0, ge=0, le=MAX_ATTEMPTS_PER_NUMBER, description="0: no limit.")
    period_hours: int = Field(default=24, ge=1, le=MAX_ATTEMPT_PERIOD_HOURS)


class ConsentSection(BaseModel):
    """The column of `user_data` that says that a person agreed to be called."""

    required: bool = Field(default=False, description="Whether every call needs it.")
    field: str = "consent"


class CapsSection(BaseModel):
    """The most that calls may cost, in whole cents; null: no cap. A call that a cap does not cover ends as `balance-low`."""

    call_cents: int | None = Field(default=None, ge=0, le=MAX_CAP_CENTS, description="One call with all its attempts.")
    batch_cents: int | None = Field(default=None, ge=0, le=MAX_CAP_CENTS, description="All calls of one batch.")
    day_cents: int | None = Field(
        default=None,
        ge=0,
        le=MAX_CAP_CENTS,
        description="All calls of the organisation and its sub-accounts that begin on one UTC day.",
    )
    account_cents: int | None = Field(
        default=None,
        ge=0,
        le=MAX_CAP_CENTS,
        description="All calls ever of one account: the organisation's own, or those of one sub-account.",
    )


class PaceLimit(BaseModel):
    """Most calls at once and per second; null is no limit."""

    max_concurrency: int | None = Field(default=None, ge=1, le=MAX_CONCURRENCY)
    calls_per_second: float | None = Field(default=None, ge=MIN_CALLS_PER_SECOND, le=MAX_CALLS_PER_SECOND)


class BreakerSection(BaseModel):
    """A batch pauses when at least `failure_share` of the attempts of the last `window_seconds` failed, of at least `min_calls`."""

    enabled: bool = True
    failure_share: float = Field(default=0.5, ge=0.01, le=1)
    min_calls: int = Field(default=20, ge=1, le=MAX_BREAKER_CALLS)
    window_seconds: int = Field(default=600, ge=10, le=MAX_BREAKER_SECONDS)


class RestSection(BaseModel):
    """A number rests for `minutes` when less than `answer_share` of its attempts of the last `window_minutes` were answered, of at least
    `min_calls`."""

    answer_share: float = Field(default=0.05, ge=0.001, le=1)
    min_calls: int = Field(default=50, ge=1, le=MAX_REST_CALLS)
    window_minutes: int = Field(default=60, ge=1, le=MAX_REST_MINUTES)
    minutes: int = Field(default=120, ge=1, le=MAX_REST_MINUTES)


class RotationSection(BaseModel):
    """How a batch with several numbers chooses one for a call."""

    rule: Literal["round_robin", "least_recently_used", "answer_rate"] = "round_robin"
    prefer_local: bool = Field(
        default=False, description="Numbers that begin with the same digits as the callee's come first."
    )
    rest: RestSection | None = Field(default=None, description="null: no number rests.")


class PaceSection(BaseModel):
    """How many calls are made at once and per second, over all accounts of the organisation."""

    account: PaceLimit = Field(default=PaceLimit(), description="All calls of the organisation.")
    carriers: dict[str, PaceLimit] = Field(default={}, description="By carrier.", max_length=MAX_PACED_NAMES)
    each_number: PaceLimit = Field(default=PaceLimit(), description="Every number that is not in `numbers`.")
    numbers: dict[str, PaceLimit] = Field(default={}, description="By number.", max_length=MAX_PACED_NAMES)
    kept_for_inbound: int = Field(default=0, ge=0, le=MAX_CONCURRENCY, description="Places no outbound call takes.")
    kept_for_retries: int = Field(default=0, ge=0, le=MAX_CONCURRENCY, description="Places no first attempt takes.")
    breaker: BreakerSection = BreakerSection()
    rotation: RotationSection = RotationSection()


class FallbacksSection(BaseModel):
    """What takes over from a recogniser, a voice or a model of agents that name no `fallbacks` of that kind, in order."""

    transcriber: list[dict[str, Any]] = Field(default=[], max_length=MAX_FALLBACKS)
    voice: list[dict[str, Any]] = Field(default=[], max_length=MAX_FALLBACKS)
    model: list[dict[str, Any]] = Field(default=[], max_length=MAX_FALLBACKS)


class CallingPolicyBody(BaseModel):
    """The whole policy: a section that is missing gets its defaults."""

    hours: HoursSection = HoursSection()
    country_rules: CountryRulesSection = CountryRulesSection()
    numbers: NumbersSection = NumbersSection()
    attempts: AttemptsSection = AttemptsSection()
    consent: ConsentSection = ConsentSection()
    caps: CapsSection = CapsSection()
    pace: PaceSection = PaceSection()
    fallbacks: FallbacksSection = FallbacksSection()
    version: int | None = Field(default=None, description="That of the policy that was read; null replaces any.")


class CallingPolicyView(Open):
    """The policy of an organisation."""

    model_config = example(
        {**policy_wire(CallingPolicy()), "version": 1, "updated_at": "2026-11-29T09:12:44.120318+00:00"}
    )

    hours: HoursSection
    country_rules: CountryRulesSection
    numbers: NumbersSection
    attempts: AttemptsSection
    consent: ConsentSection
    caps: CapsSection
    pace: PaceSection
    fallbacks: FallbacksSection
    version: int = Field(description="Counts the changes; 0 is the default policy.")
    updated_at: Timestamp | None


EXAMPLE: dict[str, Any] = {
    "hours": {"start_hour": 9, "end_hour": 20, "days": ["mon", "tue", "wed", "thu", "fri"]},
    "numbers": {"countries": ["US", "GB"]},
}
