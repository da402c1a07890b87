"""Which waiting calls are admitted: places, limits, kept places, and the numbers they are made from."""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callwright.platform.pace.rules.choice import (
    ACCOUNT,
    BATCH,
    CARRIER,
    NUMBER,
    Account,
    BusyCalls,
    Organisation,
    PacedBatch,
    Queue,
    Slot,
    Waiting,
    ahead,
    choose,
    limit_keys,
    slots,
    within_share,
)
from callwright.platform.pace.rules.numbers import NumberState
from callwright.platform.pace.rules.policy import NO_LIMIT, Limit, PacePolicy, Rotation

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OURS, SECOND, THIRD = "+14155550001", "+14155550002", "+442055550003"
THEIRS = "+14155559999"


def call(name: str, *, after: float = 0, **changes: Any) -> Waiting:
    """A call of our own account that is due since a minute less ``after`` seconds."""
    row = Waiting(name, "us", NOW - timedelta(seconds=60 - after), "trunk", OURS, THEIRS, None, False)
    return replace(row, **changes)


def calls(count: int, name: str = "c", **changes: Any) -> list[Waiting]:
    return [call(f"{name}{nth:03}", after=nth / 1000, **changes) for nth in range(count)]


def busy(count: int = 1, **changes: Any) -> BusyCalls:
    row = BusyCalls("us", "trunk", OURS, None, inbound=False, again=False, starting=False, count=count)
    return replace(row, **changes)


def queue(*waiting: Waiting, policy: PacePolicy | None = None, free: int = 100, **changes: Any) -> Queue:
    """One organisation without sub-accounts."""
    whole = Queue(
        now=NOW,
        free=100,
        others_wait=False,
        organisations=[Organisation("us", free, 0, 0, policy or PacePolicy())],
        accounts=[Account("us", "us", 0)],
        busy=[],
        waiting=waiting,
    )
    return replace(whole, **changes)


def ids(asked: Queue) -> list[str]:
    return [one.id for one in choose(asked)]


def test_the_oldest_due_calls_take_the_free_places() -> None:
    assert ids(queue(call("late", after=30), call("first"), call("second", after=1), free=2)) == ["first", "second"]
    assert ids(queue(*calls(5), free=0)) == []
    assert ids(replace(queue(*calls(5)), free=3)) == ["c000", "c001", "c002"]


@pytest.mark.parametrize(
    ("policy", "limit"),
    [
        (PacePolicy(account=Limit(3)), 3),
        (PacePolicy(carriers={"trunk": Limit(4), "other": Limit(1)}), 4),
        (PacePolicy(each_number=Limit(2)), 2),
        (PacePolicy(each_number=Limit(2), numbers={OURS: Limit(5)}), 5),
        (PacePolicy(account=Limit(6), carriers={"trunk": Limit(4)}, each_number=Limit(5)), 4),
    ],
)
def test_a_limit_at_once_counts_calls_under_way_and_chosen_ones(policy: PacePolicy, limit: int) -> None:
    assert len(ids(queue(*calls(20), policy=policy))) == limit
    assert len(ids(queue(*calls(20), policy=policy, busy=[busy(limit - 1)]))) == 1
    assert ids(queue(*calls(20), policy=policy, busy=[busy(limit)])) == []


def test_a_call_at_the_limit_of_its_number_holds_up_no_other() -> None:
    policy = PacePolicy(each_number=Limit(1))
    waiting = [*calls(5), call("other", after=50, number=SECOND)]
    assert ids(queue(*waiting, policy=policy)) == ["c000", "other"]


def test_calls_that_come_in_count_for_the_account_and_the_carrier_and_not_for_a_number() -> None:
    came_in = busy(2, inbound=True, number=THEIRS)
    assert len(ids(queue(*calls(9), policy=PacePolicy(carriers={"trunk": Limit(3)}), busy=[came_in]))) == 1
    policy = PacePolicy(each_number=Limit(2))
    assert len(ids(queue(*calls(9, number=THEIRS), policy=policy, busy=[came_in]))) == 2


def test_a_batch_has_a_limit_of_its_own() -> None:
    batches = {"b": PacedBatch(Limit(2)), "other": PacedBatch(Limit(1))}
    waiting = [*calls(5, batch_id="b"), *calls(5, "d", batch_id="other"), *calls(2, "e", batch_id="deleted")]
    found = ids(queue(*waiting, batches=batches, busy=[busy(batch_id="b")]))
    assert sorted(found) == ["c000", "d000", "e000", "e001"]


@pytest.mark.parametrize(("rate", "most"), [(0.01, 1), (0.5, 1), (1, 2), (10, 20)])
def test_calls_are_admitted_only_a_little_ahead_of_a_limit_per_second(rate: float, most: int) -> None:
    assert ahead(rate) == most
    policy = PacePolicy(account=Limit(None, rate))
    assert len(ids(queue(*calls(40), policy=policy))) == most
    assert len(ids(queue(*calls(40), policy=policy, busy=[busy(most - 1, starting=True), busy(50)]))) == 1


def test_places_are_kept_for_inbound_calls() -> None:
    policy = PacePolicy(kept_for_inbound=3)
    assert len(ids(queue(*calls(20), policy=policy, free=10))) == 7
    assert len(ids(queue(*calls(20), policy=policy, free=8, busy=[busy(2, inbound=True)]))) == 7
    assert len(ids(queue(*calls(20), policy=policy, free=8, busy=[busy(5, inbound=True)]))) == 8


def test_places_are_kept_for_retries_which_may_take_any() -> None:
    policy = PacePolicy(kept_for_retries=3)
    assert len(ids(queue(*calls(20), policy=policy, free=10))) == 7
    again = calls(2, "again", again=True)
    found = ids(queue(*calls(20), *again, policy=policy, free=10))
    assert Counter(name[:5] == "again" for name in found) == {False: 7, True: 2}
    assert len(ids(queue(*calls(20, again=True), policy=policy, free=10))) == 10


def test_places_are_kept_below_the_limit_of_the_organisation_too() -> None:
    policy = PacePolicy(account=Limit(6), kept_for_inbound=1, kept_for_retries=2)
    assert len(ids(queue(*calls(20), policy=policy))) == 3
    assert len(ids(queue(*calls(20), policy=policy, busy=[busy(3)]))) == 0
    assert ids(queue(*calls(20), *calls(3, "again", again=True), policy=policy, busy=[busy(3)])) == [
        "again000",
        "again001",
    ]
    # Calls of these two kinds that are under way take the places kept for them.
    assert len(ids(queue(*calls(20), policy=policy, busy=[busy(2, again=True), busy(inbound=True)]))) == 3


def test_carriers_with_waiting_calls_share_an_account_evenly() -> None:
    waiting = [*calls(20), *calls(20, "o", carrier="other")]
    assert Counter(name[0] for name in ids(queue(*waiting, free=10))) == {"c": 5, "o": 5}
    found = ids(queue(*waiting, free=6, busy=[busy(4)]))
    assert Counter(name[0] for name in found) == {"c": 1, "o": 5}
    assert Counter(name[0] for name in ids(queue(*waiting[:22], free=10))) == {"c": 8, "o": 2}


def test_late_audio_lets_few_calls_of_batches_in_and_any_others() -> None:
    waiting = [*calls(5, batch_id="b"), *calls(5, "s")]
    assert Counter(name[0] for name in ids(queue(*waiting, batch_calls=1))) == {"c": 1, "s": 5}
    assert Counter(name[0] for name in ids(queue(*waiting, batch_calls=0))) == {"s": 5}


def test_a_guaranteed_call_takes_a_held_place() -> None:
    asked = queue(
        *calls(9),
        *calls(9, "n", account_id="north"),
        organisations=[Organisation("us", 6, 3, 0)],
        accounts=[Account("us", "us", 0), Account("north", "us", 1, least=4, most=5)],
    )
    found = Counter(name[0] for name in ids(asked))
    assert found == {"n": 4, "c": 2}


def test_organisations_share_the_queue() -> None:
    asked = queue(
        *calls(20),
        *calls(2, "t", account_id="them"),
        organisations=[Organisation("us", 50, 0, 0), Organisation("them", 50, 0, 0)],
        accounts=[Account("us", "us", 0), Account("them", "them", 0)],
        others_wait=True,
    )
    assert Counter(name[0] for name in ids(replace(asked, free=10))) == {"c": 6, "t": 2}
    assert within_share(1, 0, True)
    assert not within_share(2, 0, True)
    assert within_share(2, 0, False)


def test_calls_under_way_of_other_organisations_count_for_nothing() -> None:
    assert len(ids(queue(*calls(3), policy=PacePolicy(account=Limit(2)), busy=[busy(9, account_id="them")]))) == 2


def test_a_batch_moves_to_the_next_number_when_one_is_at_its_limit() -> None:
    batches = {"b": PacedBatch(NO_LIMIT, (OURS, SECOND, THIRD))}
    policy = PacePolicy(each_number=Limit(1))
    found = choose(queue(*calls(5, batch_id="b"), policy=policy, batches=batches))
    assert [one.number and one.number.number for one in found] == [None, SECOND, THIRD], (
        "the first is the one whose turn it is"
    )
    assert found[1].number is not None
    assert found[1].number.why["passed_over"] == [{"number": OURS, "because": "at_its_limit"}]


def test_a_batch_does_not_call_from_a_number_that_rests() -> None:
    batches = {"b": PacedBatch(NO_LIMIT, (OURS, SECOND))}
    numbers = {("us", OURS): NumberState(OURS, rests_until=NOW + timedelta(minutes=1))}
    (one,) = choose(queue(call("a", batch_id="b"), batches=batches, numbers=numbers))
    assert one.number is not None
    assert one.number.number == SECOND
    both = {**numbers, ("us", SECOND): NumberState(SECOND, rests_until=NOW + timedelta(minutes=1))}
    assert ids(queue(call("a", batch_id="b"), batches=batches, numbers=both)) == []


def test_the_calls_of_one_round_take_turns_with_the_numbers() -> None:
    batches = {"b": PacedBatch(NO_LIMIT, (OURS, SECOND, THIRD))}
    policy = PacePolicy(rotation=Rotation("least_recently_used"))
    numbers = {("us", SECOND): NumberState(SECOND, used_at=NOW - timedelta(minutes=1))}
    waiting = [call(name, batch_id="b") for name in "abcdef"]
    found = choose(queue(*waiting, policy=policy, batches=batches, numbers=numbers))
    assert [one.number.number for one in found if one.number] == [OURS, THIRD, SECOND, OURS, THIRD, SECOND]


def test_a_batch_with_one_number_and_a_single_call_keep_theirs() -> None:
    batches = {"b": PacedBatch(NO_LIMIT, (OURS,))}
    policy = PacePolicy(rotation=Rotation("least_recently_used"))
    found = choose(queue(call("a", batch_id="b"), call("c"), policy=policy, batches=batches))
    assert [one.number for one in found] == [None, None]


def test_slots_are_those_of_limits_per_second_in_one_order() -> None:
    policy = PacePolicy(account=Limit(5, 2), carriers={"trunk": Limit(None, 0.5)}, each_number=Limit(3))
    keys = list(limit_keys("us", "trunk", OURS, "b"))
    assert keys == [("us", ACCOUNT, ""), ("us", CARRIER, "trunk"), ("us", NUMBER, OURS), ("us", BATCH, "b")]
    assert slots(keys, policy, Limit(None, 10)) == [
        Slot(("us", ACCOUNT, ""), timedelta(seconds=0.5)),
        Slot(("us", BATCH, "b"), timedelta(seconds=0.1)),
        Slot(("us", CARRIER, "trunk"), timedelta(seconds=2)),
    ]


@dataclass
class Chance:
    """A queue by a seed, and what is used of each limit once calls are chosen."""

    seed: int

    def __post_init__(self) -> None:
        chance = random.Random(self.seed)
        numbers = [OURS, SECOND, THIRD]

        def limit() -> Limit:
            return Limit(chance.choice([None, 1, 3, 6]), chance.choice([None, None, 1]))

        self.policy = PacePolicy(
            account=limit(),
            carriers={"trunk": limit()},
            each_number=limit(),
            kept_for_inbound=chance.randint(0, 2),
            kept_for_retries=chance.randint(0, 2),
        )
        self.batches = {name: PacedBatch(limit(), tuple(numbers[: chance.randint(1, 3)])) for name in ("b", "d")}
        waiting = [
            call(
                f"c{nth}",
                after=chance.random() * 50,
                carrier=chance.choice(["trunk", "other"]),
                number=chance.choice(numbers),
                batch_id=chance.choice([None, "b", "d"]),
                again=chance.random() < 0.2,
            )
            for nth in range(40)
        ]
        self.asked = queue(*waiting, policy=self.policy, batches=self.batches, free=chance.randint(1, 30))
        self.found = choose(self.asked)
        self.by_id = {one.id: one for one in waiting}
        self.used: Counter[tuple[str, str, str]] = Counter()
        for one in self.found:
            row = self.by_id[one.id]
            number = one.number.number if one.number else row.number
            self.used.update(limit_keys("us", row.carrier, number, row.batch_id))

    def most(self, key: tuple[str, str, str]) -> float:
        _, kind, name = key
        of_policy = {ACCOUNT: self.policy.account, CARRIER: self.policy.of_carrier(name)}
        limit = self.batches[name].limit if kind == BATCH else of_policy.get(kind, self.policy.each_number)
        bounds = [math.inf, limit.at_once or math.inf, ahead(limit.per_second) if limit.per_second else math.inf]
        return min(bounds)

    def could_go(self, row: Waiting) -> bool:
        """Whether every limit and the places leave room for one more call."""
        batch = self.batches.get(row.batch_id or "")
        numbers = [row.number] if batch is None or len(batch.numbers) < 2 else batch.numbers
        keys = list(limit_keys("us", row.carrier, None, row.batch_id))
        again = sum(self.by_id[one.id].again for one in self.found)
        kept = self.policy.kept_for_inbound + (0 if row.again else max(0, self.policy.kept_for_retries - again))
        most = min(self.asked.organisations[0].free, self.most(("us", ACCOUNT, "")))
        return (
            len(self.found) < most - kept
            and all(self.used[key] < self.most(key) for key in keys)
            and any(self.used["us", NUMBER, number] < self.most(("us", NUMBER, number)) for number in numbers)
        )


@pytest.mark.parametrize("seed", range(300))
def test_no_queue_exceeds_a_limit_or_leaves_a_call_that_could_go(seed: int) -> None:
    chance = Chance(seed)
    chosen = {one.id for one in chance.found}
    assert (
        len(chosen) == len(chance.found) <= chance.asked.organisations[0].free - chance.policy.kept_for_inbound
        or not chosen
    )
    assert all(count <= chance.most(key) for key, count in chance.used.items())
    assert not [row.id for row in chance.asked.waiting if row.id not in chosen and chance.could_go(row)]
