"""What an organisation and a batch may set: limits, kept places, the breaker, and the rotation of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
from callwright.domain.settings.kinds import SWITCH, child, choice, number, whole
from callwright.domain.settings.setting import Kind, part, read_record, setting, shape_of, wire_of

ROUND_ROBIN = "round_robin"
LEAST_RECENTLY_USED = "least_recently_used"
ANSWER_RATE = "answer_rate"
ROTATION_RULES = (ROUND_ROBIN, LEAST_RECENTLY_USED, ANSWER_RATE)

AT_ONCE = whole(1, MAX_CONCURRENCY)
PER_SECOND = number(MIN_CALLS_PER_SECOND, MAX_CALLS_PER_SECOND)


@dataclass(frozen=True, slots=True)
class Limit:
    """Most calls at once, and most calls begun in a second. null is no limit."""

    at_once: int | None = setting("limit.max_concurrency", AT_ONCE, None)
    per_second: float | None = setting("limit.calls_per_second", PER_SECOND, None)


NO_LIMIT = Limit()


@dataclass(frozen=True, slots=True)
class Breaker:
    """Pauses a batch when at least ``failure_share`` of the attempts that ended in the last ``window_seconds`` failed, of at least
    ``min_calls``."""

    enabled: bool = setting("breaker.enabled", SWITCH, True)
    failure_share: float = setting("breaker.failure_share", number(0.01, 1), 0.5)
    min_calls: int = setting("breaker.min_calls", whole(1, MAX_BREAKER_CALLS), 20)
    window_seconds: int = setting("breaker.window_seconds", whole(10, MAX_BREAKER_SECONDS), 600)


@dataclass(frozen=True, slots=True)
class Rest:
    """A number rests for ``minutes`` when less than ``answer_share`` of its attempts of the last ``window_minutes`` were answered, of at
    least ``min_calls``."""

    answer_share: float = setting("rest.answer_share", number(0.001, 1), 0.05)
    min_calls: int = setting("rest.min_calls", whole(1, MAX_REST_CALLS), 50)
    window_minutes: int = setting("rest.window_minutes", whole(1, MAX_REST_MINUTES), 60)
    minutes: int = setting("rest.minutes", whole(1, MAX_REST_MINUTES), 120)


@dataclass(frozen=True, slots=True)
class Rotation:
    """How a batch with several numbers chooses one for a call."""

    rule: str = setting("rotation.rule", choice(ROTATION_RULES), ROUND_ROBIN)
    prefer_local: bool = setting(
        "rotation.prefer_local", SWITCH, False, "Numbers that begin with the same digits as the callee's come first."
    )
    rest: Rest | None = setting("rotation.rest", child(Rest), None, "null: no number rests.")


def _limits(given: Fields, name: str) -> dict[str, Limit] | None:
    found = given.child(name)
    if found is None:
        return None
    if len(found.value) > MAX_PACED_NAMES:
        raise given.failure(f"{given.at(name)} has more than {MAX_PACED_NAMES} entries", field=given.at(name))
    limits = {key: found.child(key) for key in found.value}
    return {key: Limit() if limit is None else read_record(Limit, limit) for key, limit in limits.items()}


def _of_numbers(given: Fields, name: str) -> dict[str, Limit] | None:
    limits = _limits(given, name)
    path = given.at(name)
    for called in limits or ():
        plain = parse_destination(called, what=path).value
        if plain != called:
            raise given.failure(f"{path} must name {plain} in this form", field=path)
    return limits


_BY_NAME = {
    "type": "object",
    "additionalProperties": {"anyOf": [shape_of(Limit), {"type": "null"}]},
    "maxProperties": MAX_PACED_NAMES,
}


@dataclass(frozen=True, slots=True)
class PacePolicy:
    """How many calls are made at once and per second, over all accounts of the organisation."""

    account: Limit = setting("pace.account", child(Limit), {}, "All calls of the organisation.", absent=NO_LIMIT)
    carriers: Mapping[str, Limit] = setting("pace.carriers", Kind("limits", _BY_NAME, _limits), {}, "By carrier.")
    each_number: Limit = setting(
        "pace.each_number", child(Limit), {}, "Every number that is not in `numbers`.", absent=NO_LIMIT
    )
    numbers: Mapping[str, Limit] = setting("pace.numbers", Kind("limits", _BY_NAME, _of_numbers), {}, "By number.")
    kept_for_inbound: int = setting(
        "pace.kept_for_inbound",
        whole(0, MAX_CONCURRENCY),
        0,
        "Places no outbound call takes: of the organisation, and of each process.",
    )
    kept_for_retries: int = setting(
        "pace.kept_for_retries", whole(0, MAX_CONCURRENCY), 0, "Places no first attempt takes."
    )
    breaker: Breaker = setting("pace.breaker", child(Breaker), {}, absent=Breaker())
    rotation: Rotation = setting("pace.rotation", child(Rotation), {}, absent=Rotation())

    def of_carrier(self, carrier: str) -> Limit:
        """The limit of a carrier."""
        return self.carriers.get(carrier, NO_LIMIT)

    def of_number(self, number: str) -> Limit:
        """The limit of one of our numbers."""
        return self.numbers.get(number, self.each_number)


def _breaker(given: Fields, name: str) -> Breaker | None:
    found = given.child_or_text(name)
    return None if found is None else read_record(Breaker, found)


@dataclass(frozen=True, slots=True)
class BatchPace:
    """What one batch sets. A breaker that is JSON text is read too."""

    limit: Limit = part(Limit)
    breaker: Breaker | None = setting(
        "batch.breaker", Kind("an object", shape_of(Breaker), _breaker), None, "null: that of the calling policy."
    )

    @classmethod
    def asked(cls, given: Fields) -> BatchPace:
        """Reads what a request names, and nothing else. Raises BadInputError, also for a name that is unknown."""
        found = read_record(cls, given)
        refuse_unknown(given, found.as_wire())
        return found

    @classmethod
    def stored(cls, value: Mapping[str, Any]) -> BatchPace:
        """Reads what :meth:`as_wire` wrote."""
        return read_record(cls, Fields(value, "", BadInputError))

    def as_wire(self) -> dict[str, Any]:
        """Every field."""
        return wire_of(self)


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
