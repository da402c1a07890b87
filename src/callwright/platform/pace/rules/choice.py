"""Which waiting calls are admitted next. Pure arithmetic over what the ledger counted, in one process at a time.

What always holds: an organisation has at most its maximum of calls, an account at most its own, and a place that an account is guaranteed
is free for it, as long as the guarantees fit into the maximum (``sub_accounts.rules`` sees to that) and were there before the calls that
are in the way. No limit of the pace policy or of a batch is exceeded. Where several organisations have agents, none takes all places of the
queue (:func:`within_share`).

The choice was one SQL statement while places were the only limits. A call at the limit of its number must not use up the turn of the next
one, and each call changes what the others may do. That is a loop: the ledger delivers a bounded number of calls, and the loop is here.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from callwright.platform.pace.rules.numbers import NumberChoice, NumberState, choose_number
from callwright.platform.pace.rules.policy import NO_LIMIT, ROUND_ROBIN, Limit, PacePolicy

SHARE = 4
AHEAD_SECONDS = 2
"""Calls admitted ahead of a limit per second: as many as begin in this time, so that their preparation does not slow the limit's pace."""

ACCOUNT, CARRIER, NUMBER, BATCH = "account", "carrier", "number", "batch"

LimitKey = tuple[str, str, str]
"""What a limit is for: the organisation, its kind, the name."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """``free``: its places that nobody is in; ``held``: those of them that sub-accounts are guaranteed; ``unclaimed``: its admitted calls
    that no process has taken yet."""

    id: str
    free: int
    held: int
    unclaimed: int
    policy: PacePolicy = field(default_factory=PacePolicy)


@dataclass(frozen=True, slots=True)
class Account:
    """An organisation's own calls (nothing guaranteed, no maximum of its own) or a sub-account. ``busy``: its calls under way."""

    id: str
    organisation_id: str
    busy: int
    least: int = 0
    most: int | None = None


@dataclass(frozen=True, slots=True)
class BusyCalls:
    """``count`` calls under way that are alike. ``starting``: admitted and not dialled yet; ``again``: retries."""

    account_id: str
    carrier: str
    number: str
    batch_id: str | None
    inbound: bool
    again: bool
    starting: bool
    count: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call that is due."""

    id: str
    account_id: str
    due_at: datetime
    carrier: str
    number: str
    to_number: str
    batch_id: str | None
    again: bool


@dataclass(frozen=True, slots=True)
class PacedBatch:
    """What a batch sets: its limit, and the numbers it calls from."""

    limit: Limit = NO_LIMIT
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Queue:
    """Everything the choice depends on. ``free``: calls that may be admitted before processes take some. ``others_wait``: whether a second
    organisation has agents. ``batch_calls``: most calls of batches, None without a bound. ``places``: those of a process."""

    now: datetime
    free: int
    others_wait: bool
    organisations: Sequence[Organisation]
    accounts: Sequence[Account]
    busy: Sequence[BusyCalls]
    waiting: Sequence[Waiting]
    batches: Mapping[str, PacedBatch] = field(default_factory=dict)
    numbers: Mapping[tuple[str, str], NumberState] = field(default_factory=dict)
    batch_calls: int | None = None
    places: float = math.inf


@dataclass(frozen=True, slots=True)
class Chosen:
    """A call that may be admitted. ``number``: chosen for a batch's call, None where the call keeps its own."""

    id: str
    organisation_id: str
    number: NumberChoice | None = None


def within_share(number: int, left: int, others_wait: bool) -> bool:
    """Whether an organisation may take its ``number``-th place, after which ``left`` places are free.

    Each may have one place, and more of them up to SHARE times as many as it leaves free. The first organisation thus leaves a fifth of
    all places to others, and the second one a fifth of these. A platform on which one organisation has agents keeps nothing free.
    """
    return number == 1 or number <= SHARE * left or not others_wait


def ahead(per_second: float) -> int:
    """How many calls under a limit per second may be admitted and not dialled yet."""
    return max(1, math.ceil(per_second * AHEAD_SECONDS))


def choose(queue: Queue) -> list[Chosen]:
    """The calls to admit, in the order in which they take the places of the queue."""
    use = _Use(queue)
    waiting: dict[str, list[Waiting]] = defaultdict(list)
    for call in queue.waiting:
        waiting[call.account_id].append(call)
    lines: dict[str, list[_Line]] = defaultdict(list)
    for account in queue.accounts:
        lines[account.organisation_id].append(_Line(account, waiting[account.id]))
    picked: list[tuple[int, _Pick]] = []
    for organisation in queue.organisations:
        own = sorted(_of_organisation(organisation, lines[organisation.id], use), key=lambda pick: pick.order)
        picked += [(organisation.unclaimed + nth, pick) for nth, pick in enumerate(own, start=1)]
    picked.sort(key=lambda one: (one[0], one[1].order))
    # A rank counts also those before it that may not be admitted: so each organisation's share is of the same queue.
    return [
        pick.chosen
        for rank, (number, pick) in enumerate(picked, start=1)
        if rank <= queue.free and within_share(number, queue.free - rank, queue.others_wait)
    ]


@dataclass(frozen=True, slots=True)
class _Pick:
    order: tuple[bool, datetime, str]
    chosen: Chosen


class _Use:
    """How much of each limit is used: by calls under way, and by those chosen."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._organisation_of = {account.id: account.organisation_id for account in queue.accounts}
        self._policies = {one.id: one.policy for one in queue.organisations}
        self._at_once: Counter[LimitKey] = Counter()
        self._starting: Counter[LimitKey] = Counter()
        self.inbound: Counter[str] = Counter()
        self.again: Counter[str] = Counter()
        self.on_carrier: Counter[tuple[str, str]] = Counter()
        self.batch_calls = queue.batch_calls
        self.places = queue.places
        self._numbers = dict(queue.numbers)
        self._taken = 0
        for group in queue.busy:
            self._count(group)

    def _count(self, group: BusyCalls) -> None:
        organisation_id = self._organisation_of.get(group.account_id)
        if organisation_id is None:
            return
        self.on_carrier[group.account_id, group.carrier] += group.count
        self.inbound[organisation_id] += group.count * group.inbound
        self.again[organisation_id] += group.count * group.again
        # A number's limit is for the calls it makes: whoever calls it is its caller's number, not ours.
        number = None if group.inbound else group.number
        for key in limit_keys(organisation_id, group.carrier, number, group.batch_id):
            self._at_once[key] += group.count
            self._starting[key] += group.count * group.starting

    def is_full(self, key: LimitKey) -> bool:
        _, _, name = key
        batch = self._queue.batches.get(name)
        limit = self._limit(key, NO_LIMIT if batch is None else batch.limit)
        if limit.at_once is not None and self._at_once[key] >= limit.at_once:
            return True
        return limit.per_second is not None and self._starting[key] >= ahead(limit.per_second)

    def left(self, organisation_id: str) -> float:
        """How many calls more the limit of the organisation allows."""
        key = (organisation_id, ACCOUNT, "")
        most = self._limit(key, NO_LIMIT).at_once
        return math.inf if most is None else most - self._at_once[key]

    def _limit(self, key: LimitKey, of_batch: Limit) -> Limit:
        return limit_of(key, self._policies[key[0]], of_batch)

    def choose(self, call: Waiting, organisation: Organisation) -> Chosen | None:
        """The call with the number it is made from, or None while a limit is reached."""
        if call.batch_id is not None and self.batch_calls == 0:
            return None
        if any(self.is_full(key) for key in limit_keys(organisation.id, call.carrier, None, call.batch_id)):
            return None
        batch = self._queue.batches.get(call.batch_id or "")
        if batch is None or len(batch.numbers) < 2:
            full = self.is_full((organisation.id, NUMBER, call.number))
            return None if full else Chosen(call.id, organisation.id)
        states = [self._numbers.get((call.account_id, number)) or NumberState(number) for number in batch.numbers]
        number = choose_number(
            organisation.policy.rotation,
            states,
            call.number,
            call.to_number,
            self._queue.now,
            is_full=lambda one: self.is_full((organisation.id, NUMBER, one)),
        )
        if number is None:
            return None
        in_turn = number.number == call.number and organisation.policy.rotation.rule == ROUND_ROBIN
        return Chosen(call.id, organisation.id, None if in_turn else number)

    def take(self, call: Waiting, chosen: Chosen) -> None:
        number = call.number if chosen.number is None else chosen.number.number
        busy = BusyCalls(call.account_id, call.carrier, number, call.batch_id, False, call.again, True, 1)
        self._count(busy)
        self._taken += 1
        state = self._numbers.get((call.account_id, number)) or NumberState(number)
        # Calls of one round have one time in the ledger; the next one of the round needs to know their order.
        used_at = self._queue.now + timedelta(microseconds=self._taken)
        self._numbers[call.account_id, number] = replace(state, used_at=used_at)
        if call.batch_id is not None and self.batch_calls is not None:
            self.batch_calls -= 1


def limit_keys(organisation_id: str, carrier: str, number: str | None, batch_id: str | None) -> Iterable[LimitKey]:
    """What bounds a call; without its number, and without a batch, those two do not."""
    yield organisation_id, ACCOUNT, ""
    yield organisation_id, CARRIER, carrier
    if number is not None:
        yield organisation_id, NUMBER, number
    if batch_id is not None:
        yield organisation_id, BATCH, batch_id


def limit_of(key: LimitKey, policy: PacePolicy, of_batch: Limit) -> Limit:
    """The limit that a policy and a batch set."""
    _, kind, name = key
    if kind == CARRIER:
        return policy.of_carrier(name)
    if kind == NUMBER:
        return policy.of_number(name)
    return policy.account if kind == ACCOUNT else of_batch


@dataclass(frozen=True, slots=True)
class Slot:
    """A limit per second as the ledger keeps it: its calls begin at least ``every`` apart."""

    key: LimitKey
    every: timedelta


def slots(keys: Iterable[LimitKey], policy: PacePolicy, of_batch: Limit) -> list[Slot]:
    """The limits per second among ``keys``, in the order in which their rows are locked."""
    found = [(key, limit_of(key, policy, of_batch).per_second) for key in keys]
    return [Slot(key, timedelta(seconds=1 / rate)) for key, rate in sorted(found) if rate is not None]


class _Line:
    """The due calls of one account: of each carrier the oldest first, of the carriers the one with the fewest calls (contract 11.4)."""

    def __init__(self, account: Account, waiting: Iterable[Waiting]) -> None:
        self.account = account
        self.taken = 0
        self._of_carrier: dict[str, list[Waiting]] = defaultdict(list)
        for call in sorted(waiting, key=lambda one: (one.due_at, one.id), reverse=True):
            self._of_carrier[call.carrier].append(call)

    def next(self, use: _Use) -> Waiting | None:
        carriers = [name for name, calls in self._of_carrier.items() if calls]
        if not carriers or (self.account.most is not None and self.account.busy + self.taken >= self.account.most):
            return None

        def turn(carrier: str) -> tuple[int, datetime, str]:
            first = self._of_carrier[carrier][-1]
            return use.on_carrier[self.account.id, carrier], first.due_at, first.id

        return self._of_carrier[min(carriers, key=turn)][-1]

    def drop(self, call: Waiting) -> None:
        self._of_carrier[call.carrier].pop()

    def rank(self, call: Waiting) -> tuple[bool, float, datetime, str]:
        """Guaranteed calls first. The others share in proportion to what their accounts are guaranteed (contract 11.4): the second value is
        how far above its guarantee the call would bring its account, by that weight."""
        place = self.account.busy + self.taken + 1
        turn = (place - self.account.least) / max(self.account.least, 1)
        return place > self.account.least, turn, call.due_at, call.id


def _of_organisation(organisation: Organisation, lines: Sequence[_Line], use: _Use) -> Iterator[_Pick]:
    heap: list[tuple[tuple[bool, float, datetime, str], int, Waiting]] = []

    def line_up(index: int) -> None:
        call = lines[index].next(use)
        if call is not None:
            heapq.heappush(heap, (lines[index].rank(call), index, call))

    for index in range(len(lines)):
        line_up(index)
    policy = organisation.policy
    # A process takes no more of them. Further ones would fill the queue, and others would wait behind them.
    most = max(use.places - policy.kept_for_inbound, 1) - organisation.unclaimed
    taken = {True: 0, False: 0}
    while heap:
        (above, _, _, _), index, call = heapq.heappop(heap)
        lines[index].drop(call)
        kept = max(policy.kept_for_inbound - use.inbound[organisation.id], 0)
        if not call.again:
            kept += max(policy.kept_for_retries - use.again[organisation.id], 0)
        room = organisation.free - kept - (organisation.held if above else 0)
        has_room = taken[above] < room and sum(taken.values()) < most and use.left(organisation.id) > kept
        chosen = use.choose(call, organisation) if has_room else None
        if chosen is not None:
            use.take(call, chosen)
            taken[above] += 1
            lines[index].taken += 1
            yield _Pick((above, call.due_at, call.id), chosen)
        line_up(index)
