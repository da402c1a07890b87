"""The pace of a simulated campaign: the product chooses whom to admit, and every dial is counted against limits that are random.

The ledger is played here: who is under way, and when each limit per second last let a call begin. What the limits allow is counted from
their wire form with other code than the product's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from callwright.domain.errors import BadInputError
from callwright.domain.fields import Fields
from callwright.domain.settings.setting import read_record
from callwright.platform.pace.rules.choice import (
    Account,
    BusyCalls,
    LimitKey,
    Organisation,
    PacedBatch,
    Queue,
    Slot,
    Waiting,
    choose,
    limit_keys,
    slots,
)
from callwright.platform.pace.rules.policy import BatchPace, PacePolicy

ORGANISATION, BRANCH, BATCH = "organisation", "branch", "list"
_CARRIERS, _NUMBERS = ("east", "west"), ("+15550001", "+15550002")


@dataclass(frozen=True, slots=True)
class Route:
    """Whose call it is, over which carrier, from which number, and in which batch if any."""

    account: str
    carrier: str
    number: str
    batch: str | None


@dataclass(slots=True)
class PacedCall:
    """A call that is due or under way."""

    id: str
    route: Route
    due_at: datetime
    again: bool = False
    dialled_at: datetime | None = None


class CampaignPace:
    """The places and limits of one organisation with a sub-account and a batch."""

    def __init__(self, random: Random) -> None:
        self._places = random.randint(1, 5)
        self._wire = _policy(random, self._places)
        kept = self._wire["kept_for_inbound"] + self._wire["kept_for_retries"]
        self._guaranteed = random.choice((0, random.randint(0, self._places - 1 - kept)))
        self._most = random.choice((None, None, max(1, self._guaranteed)))
        self._batch_wire = _limit(random)
        self._policy = read_record(PacePolicy, Fields(self._wire, "", BadInputError))
        self._batch = PacedBatch(BatchPace.stored({**self._batch_wire, "breaker": None}).limit)
        self._calls: dict[str, PacedCall] = {}
        self._begun: list[tuple[datetime, Route]] = []
        self._taken_at: dict[LimitKey, datetime] = {}

    def admissible(self, now: datetime, waiting: Iterable[PacedCall]) -> list[str]:
        """The ids of due calls that the product admits now, in its order."""
        free = self._places - len(self._calls)
        queue = Queue(
            now,
            free,
            False,
            [Organisation(ORGANISATION, free, max(self._guaranteed - self._busy(BRANCH), 0), 0, self._policy)],
            [
                Account(ORGANISATION, ORGANISATION, self._busy(ORGANISATION)),
                Account(BRANCH, ORGANISATION, self._busy(BRANCH), self._guaranteed, self._most),
            ],
            [_busy_calls(call) for call in self._calls.values()],
            [_waiting(call) for call in waiting],
            {BATCH: self._batch},
        )
        return [one.id for one in choose(queue)]

    def admit(self, call: PacedCall) -> None:
        """Count a call that was admitted."""
        self._calls[call.id] = call

    def leave(self, call_id: str) -> None:
        """Count a call no longer: it has ended, or it was not dialled after all."""
        del self._calls[call_id]

    def begins_at(self, call_id: str, now: datetime) -> datetime:
        """When the limits per second let an admitted call begin."""
        return max(
            (now, *(self._taken_at[one.key] + one.every for one in self._slots(call_id) if one.key in self._taken_at))
        )

    def dial(self, call_id: str, now: datetime) -> str:
        """Count a dial. Returns what it breaks by the limits that were set; empty when it breaks nothing."""
        self._taken_at |= {one.key: now for one in self._slots(call_id)}
        call = self._calls[call_id]
        call.dialled_at = now
        self._begun.append((now, call.route))
        return next(self._broken(call, now), "")

    def _slots(self, call_id: str) -> list[Slot]:
        route = self._calls[call_id].route
        keys = limit_keys(ORGANISATION, route.carrier, route.number, route.batch)
        return slots(keys, self._policy, self._batch.limit)

    def _busy(self, account: str) -> int:
        return sum(call.route.account == account for call in self._calls.values())

    # -- the judge -------------------------------------------------------------------------------------------------------------

    def _broken(self, call: PacedCall, now: datetime) -> Iterator[str]:
        route, wire = call.route, self._wire
        under_way = [one.route for one in self._calls.values()]
        if len(under_way) > self._places:
            yield f"{len(under_way)} calls on {self._places} places"
        branch = [one for one in under_way if one.account == BRANCH]
        if self._most is not None and len(branch) > self._most:
            yield f"{len(branch)} calls of an account that may have {self._most}"
        if len(under_way) + max(self._guaranteed - len(branch), 0) > self._places:
            yield f"a place is taken that is guaranteed to an account: {len(under_way)} of {self._places}"
        most = min(self._places, wire["account"]["max_concurrency"] or self._places)
        retries = sum(one.again for one in self._calls.values())
        kept = wire["kept_for_inbound"] + (0 if call.again else max(wire["kept_for_retries"] - retries, 0))
        if len(under_way) + kept > most:
            yield f"{len(under_way)} calls of {most}, of which {kept} are kept for others"
        yield from self._over("the organisation", wire["account"], lambda _: True, now)
        yield from self._over(
            route.carrier, wire["carriers"].get(route.carrier), lambda one: one.carrier == route.carrier, now
        )
        yield from self._over(route.number, wire["each_number"], lambda one: one.number == route.number, now)
        if route.batch is not None:
            yield from self._over("the batch", self._batch_wire, lambda one: one.batch == route.batch, now)

    def _over(
        self, name: str, limit: dict[str, Any] | None, belongs: Callable[[Route], bool], now: datetime
    ) -> Iterator[str]:
        """What a limit in its wire form says of the calls under way and of those that began just now."""
        most, rate = (limit or {}).get("max_concurrency"), (limit or {}).get("calls_per_second")
        at_once = sum(belongs(call.route) for call in self._calls.values())
        if most and at_once > most:
            yield f"{at_once} calls at once of {name}, which may have {most}"
        if rate:
            window = timedelta(seconds=max(1, 1 / rate))
            begun = sum(belongs(route) and now - at < window for at, route in self._begun)
            if begun > max(1, rate):
                yield f"{begun} calls of {name} began within {window}, at {rate} a second"


def random_route(random: Random) -> Route:
    """A route of one of the organisation's calls."""
    account = random.choice((ORGANISATION, BRANCH))
    return Route(account, random.choice(_CARRIERS), random.choice(_NUMBERS), random.choice((None, BATCH)))


def _policy(random: Random, places: int) -> dict[str, Any]:
    account = _limit(random)
    # What is kept for others is never all there is.
    spare = min(places, account["max_concurrency"] or places) - 1
    inbound = random.choice((0, 0, random.randint(0, spare)))
    return {
        "account": account,
        "carriers": {name: _limit(random) for name in _CARRIERS if random.random() < 0.5},
        "each_number": _limit(random),
        "kept_for_inbound": inbound,
        "kept_for_retries": random.choice((0, 0, random.randint(0, spare - inbound))),
    }


def _limit(random: Random) -> dict[str, Any]:
    return {
        "max_concurrency": random.choice((None, None, None, 1, 2, 3)),
        "calls_per_second": random.choice((None, None, 0.01, 0.02, 0.1, 1, 2)),
    }


def _busy_calls(call: PacedCall) -> BusyCalls:
    route = call.route
    starting = call.dialled_at is None
    return BusyCalls(route.account, route.carrier, route.number, route.batch, False, call.again, starting, 1)


def _waiting(call: PacedCall) -> Waiting:
    route = call.route
    return Waiting(call.id, route.account, call.due_at, route.carrier, route.number, "", route.batch, call.again)
