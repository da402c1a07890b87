"""How many calls that come in begin: a burst, a steady rate, room for other accounts, and few while live audio is late."""

from __future__ import annotations

from callwright.domain.limits import INBOUND_BURST_SECONDS, LATE_AUDIO_MS
from callwright.platform.pace.rules.inbound import InboundAllowance

SECOND_US = 1_000_000
RATE = 5
BURST = RATE * INBOUND_BURST_SECONDS
ON_TIME, LATE = LATE_AUDIO_MS - 1, LATE_AUDIO_MS


def begun(allowance: InboundAllowance, account: str, late_ms: int, since_s: int, seconds: int) -> int:
    """How many of 100 calls a second begin."""
    times_us = range(since_s * SECOND_US, (since_s + seconds) * SECOND_US, SECOND_US // 100)
    return sum(allowance.take(account, late_ms, at_us) for at_us in times_us)


def test_one_account_begins_half_of_a_burst_at_once_and_the_others_the_rest() -> None:
    allowance = InboundAllowance(RATE)
    assert sum(allowance.take("a", ON_TIME, SECOND_US * 100) for _ in range(BURST)) == BURST // 2
    others = [allowance.take(f"b{number}", ON_TIME, SECOND_US * 100) for number in range(BURST)]
    assert others == [True] * (BURST // 2) + [False] * (BURST // 2)


def test_after_a_burst_one_account_goes_on_at_the_full_rate() -> None:
    allowance = InboundAllowance(RATE)
    assert begun(allowance, "a", ON_TIME, 100, 1) in range(BURST // 2, BURST // 2 + RATE + 1)
    assert begun(allowance, "a", ON_TIME, 101, 10) in range(10 * RATE, 10 * (RATE + 1) + 1)


def test_an_account_that_began_none_within_a_second_finds_room_in_anothers_flood() -> None:
    allowance = InboundAllowance(RATE)
    begun(allowance, "a", ON_TIME, 100, 60)
    assert allowance.take("b", ON_TIME, 160 * SECOND_US)
    assert not allowance.take("b", ON_TIME, 160 * SECOND_US)
    begun(allowance, "a", ON_TIME, 160, 1)
    assert allowance.take("b", ON_TIME, 161 * SECOND_US)


def test_late_audio_leaves_one_a_second_once_the_burst_is_used() -> None:
    allowance = InboundAllowance(RATE)
    assert begun(allowance, "a", LATE, 100, 1) >= BURST // 2
    assert begun(allowance, "a", LATE, 101, 10) in range(10, 13)
    assert begun(allowance, "a", ON_TIME, 111, 10) >= 10 * RATE


def test_a_burst_is_there_again_after_the_rest_of_its_seconds() -> None:
    allowance = InboundAllowance(RATE)
    begun(allowance, "a", ON_TIME, 100, 60)
    later_us = (160 + INBOUND_BURST_SECONDS) * SECOND_US
    assert sum(allowance.take("a", ON_TIME, later_us) for _ in range(BURST)) == BURST // 2
