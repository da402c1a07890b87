"""What an organisation and a batch may set: limits, kept places, the breaker, and the rotation of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from callwright.domain.errors import BadInputError
from callwright.domain.fields import Fields, nearest
from callwright.domain.limits import (
    MAX_BREAKER_CALLS,
    MAX_BREAKER_SECONDS,
    MAX_CALLS_PER_SECOND,
    MAX_CONCURRENCY,
    MAX_PACED_NAMES,
    MAX_REST_CALLS,
    MAX_REST_MINUTES,
    MIN_CALLS_PER_SECOND,
)
from callwright.domain.number import parse_destination

ROUND_ROBIN = "round_robin"
LEAST_RECENTLY_USED = "least_recently_used"
ANSWER_RATE = "answer_rate"
ROTATION_RULES = (ROUND_ROBIN, LEAST_RECENTLY_USED, ANSWER_RATE)


@dataclass(frozen=True, slots=True)
class Limit:
    """Most calls at once, and most calls begun in a second. None is no limit."""

    at_once: int | None = None
    per_second: float | None = None

    @classmethod
    def read(cls, given: Fields) -> Limit:
        """Reads ``max_concurrency`` and ``calls_per_second``. Raises BadInputError."""
        at_once = (
            None if given.raw("max_concurrency") is None else given.whole("max_concurrency", 0, 1, MAX_CONCURRENCY)
        )
        per_second = given.number("calls_per_second", 0, MIN_CALLS_PER_SECOND, MAX_CALLS_PER_SECOND)
        return cls(at_once, per_second or None)

    def as_wire(self) -> dict[str, Any]:
        """The two fields, null without a limit."""
        return {"max_concurrency": self.at_once, "calls_per_second": self.per_second}


NO_LIMIT = Limit()


@dataclass(frozen=True, slots=True)
class Breaker:
    """Pauses a batch when at least ``failure_share`` of the attempts that ended in the last ``window_seconds`` failed, of at least
    ``min_calls``."""

    enabled: bool = True
    failure_share: float = 0.5
    min_calls: int = 20
    window_seconds: int = 600

    @classmethod
    def read(cls, given: Fields) -> Breaker:
        """Raises BadInputError."""
        standard = cls()
        return cls(
            given.switch("enabled", standard.enabled),
            given.number("failure_share", standard.failure_share, 0.01, 1),
            given.whole("min_calls", standard.min_calls, 1, MAX_BREAKER_CALLS),
            given.whole("window_seconds", standard.window_seconds, 10, MAX_BREAKER_SECONDS),
        )

    def as_wire(self) -> dict[str, Any]:
        """Every field."""
        return {
            "enabled": self.enabled,
            "failure_share": self.failure_share,
            "min_calls": self.min_calls,
            "window_seconds": self.window_seconds,
        }


@dataclass(frozen=True, slots=True)
class Rest:
    """A number rests for ``minutes`` when less than ``answer_share`` of its attempts of the last ``window_minutes`` were answered, of at
    least ``min_calls``."""

    answer_share: float = 0.05
    min_calls: int = 50
    window_minutes: int = 60
    minutes: int = 120

    @classmethod
    def read(cls, given: Fields) -> Rest:
        """Raises BadInputError."""
        standard = cls()
        return cls(
            given.number("answer_share", standard.answer_share, 0.001, 1),
            given.whole("min_calls", standard.min_calls, 1, MAX_REST_CALLS),
            given.whole("window_minutes", standard.window_minutes, 1, MAX_REST_MINUTES),
            given.whole("minutes", standard.minutes, 1, MAX_REST_MINUTES),
        )

    def as_wire(self) -> dict[str, Any]:
        """Every field."""
        return {
            "answer_share": self.answer_share,
            "min_calls": self.min_calls,
            "window_minutes": self.window_minutes,
            "minutes": self.minutes,
        }


@dataclass(frozen=True, slots=True)
class Rotation:
    """How a batch with several numbers chooses one for a call. ``rest`` None: no number rests."""

    rule: str = ROUND_ROBIN
    prefer_local: bool = False
    rest: Rest | None = None

    @classmethod
    def read(cls, given: Fields) -> Rotation:
        """Raises BadInputError."""
        rest = given.child("rest")
        return cls(
            given.choice("rule", ROUND_ROBIN, ROTATION_RULES),
            given.switch("prefer_local", False),
            None if rest is None else Rest.read(rest),
        )

    def as_wire(self) -> dict[str, Any]:
        """Every field."""
        return {
            "rule": self.rule,
            "prefer_local": self.prefer_local,
            "rest": None if self.rest is None else self.rest.as_wire(),
        }


@dataclass(frozen=True, slots=True)
class PacePolicy:
    """The section ``pace`` of the calling policy. ``account`` bounds all calls of the organisation, ``carriers`` those of one carrier.
    ``each_number`` bounds every number that is not in ``numbers``. ``kept_for_inbound`` and ``kept_for_retries`` are places that other
    calls do not take."""

    account: Limit = NO_LIMIT
    carriers: Mapping[str, Limit] = field(default_factory=dict)
    each_number: Limit = NO_LIMIT
    numbers: Mapping[str, Limit] = field(default_factory=dict)
    kept_for_inbound: int = 0
    kept_for_retries: int = 0
    breaker: Breaker = Breaker()
    rotation: Rotation = Rotation()

    @classmethod
    def read(cls, given: Fields) -> PacePolicy:
        """Raises BadInputError, which names the field."""
        account, each = given.child("account"), given.child("each_number")
        breaker, rotation = given.child("breaker"), given.child("rotation")
        return cls(
            account=NO_LIMIT if account is None else Limit.read(account),
            carriers=_limits(given, "carriers"),
            each_number=NO_LIMIT if each is None else Limit.read(each),
            numbers=_of_numbers(given),
            kept_for_inbound=given.whole("kept_for_inbound", 0, 0, MAX_CONCURRENCY),
            kept_for_retries=given.whole("kept_for_retries", 0, 0, MAX_CONCURRENCY),
            breaker=Breaker() if breaker is None else Breaker.read(breaker),
            rotation=Rotation() if rotation is None else Rotation.read(rotation),
        )

    def as_wire(self) -> dict[str, Any]:
        """The whole section; :meth:`read` reads it back."""
        return {
            "account": self.account.as_wire(),
            "carriers": {name: limit.as_wire() for name, limit in self.carriers.items()},
            "each_number": self.each_number.as_wire(),
            "numbers": {number: limit.as_wire() for number, limit in self.numbers.items()},
            "kept_for_inbound": self.kept_for_inbound,
            "kept_for_retries": self.kept_for_retries,
            "breaker": self.breaker.as_wire(),
            "rotation": self.rotation.as_wire(),
        }

    def of_carrier(self, carrier: str) -> Limit:
        """The limit of a carrier."""
        return self.carriers.get(carrier, NO_LIMIT)

    def of_number(self, number: str) -> Limit:
        """The limit of one of our numbers."""
        return self.numbers.get(number, self.each_number)


@dataclass(frozen=True, slots=True)
class BatchPace:
    """What one batch sets. ``breaker`` None: that of the policy."""

    limit: Limit = NO_LIMIT
    breaker: Breaker | None = None

    @classmethod
    def read(cls, given: Fields) -> BatchPace:
        """Reads ``max_concurrency``, ``calls_per_second`` and ``breaker`` (an object, or its JSON text). Raises BadInputError."""
        breaker = given.child_or_text("breaker")
        return cls(Limit.read(given), None if breaker is None else Breaker.read(breaker))

    @classmethod
    def asked(cls, given: Fields) -> BatchPace:
        """Reads what a request names, and nothing else. Raises BadInputError, also for a name that is unknown."""
        found = cls.read(given)
        refuse_unknown(given, found.as_wire())
        return found

    @classmethod
    def stored(cls, value: Mapping[str, Any]) -> BatchPace:
        """Reads what :meth:`as_wire` wrote."""
        return cls.read(Fields(value, "", BadInputError))

    def as_wire(self) -> dict[str, Any]:
        """Every field; :meth:`read` reads it back."""
        return {**self.limit.as_wire(), "breaker": None if self.breaker is None else self.breaker.as_wire()}


NO_PACE = BatchPace()


def refuse_unknown(given: Fields, known: Mapping[str, Any]) -> None:
    """Raises BadInputError for a name, at any depth, that is not in ``known``, the wire form of what was read: a limit that is misspelt
    would be no limit."""
    for name in given.value:
        if name not in known:
            near = nearest(name, known)
            meant = f"did you mean {near}?" if near else f"known: {', '.join(known)}"
            raise given.failure(f"{given.at(name)} is unknown; {meant}", field=given.at(name))
        below = known[name]
        child = given.child_or_text(name) if isinstance(below, Mapping) else None
        if child is not None:
            refuse_unknown(child, below)


def _limits(given: Fields, name: str) -> dict[str, Limit]:
    found = given.child(name)
    if found is None:
        return {}
    if len(found.value) > MAX_PACED_NAMES:
        raise given.failure(f"{given.at(name)} has more than {MAX_PACED_NAMES} entries", field=given.at(name))
    limits = {key: found.child(key) for key in found.value}
    return {key: Limit() if limit is None else Limit.read(limit) for key, limit in limits.items()}


def _of_numbers(given: Fields) -> dict[str, Limit]:
    limits = _limits(given, "numbers")
    for number in limits:
        path = given.at("numbers")
        plain = parse_destination(number, what=path).value
        if plain != number:
            raise given.failure(f"{path} must name {plain} in this form", field=path)
    return limits
