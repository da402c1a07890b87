"""Wishes to be called back, drawn at random with what they mean, are understood as they are meant.

When the call is due is reckoned here: from a clock time with its half of the day and a day, or a span.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from random import Random

import pytest

from callwright.insight import callback

HOURS = ((0, 24), (8, 18), (9, 21))
"""When calls are made."""

_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_NAMED = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_REFUSALS = (
    "no thank you", "Yeah, no.", "Yeah no, that doesn't work for me.", "Okay, no thanks.", "Sure... no, sorry, I can't.",
    "Yes, hmm, no, please don't.", "Right, I'm busy then.", "Okay, e-mail me instead.", "Great, another call. No.",
    "Ok, I'd rather you didn't.", "Sure, if you must. No, leave it.",
)  # fmt: skip
"""A no to the call that is offered, mostly behind what may be said for a yes."""
_AGREEMENTS = (
    "yes please", "Yeah, no worries.", "No, no problem, yes.", "No, that's fine, do that.", "Okay, why not.",
    "Sure, I can't talk right now.", "Yeah no, that's fine.",
)  # fmt: skip
"""A yes, mostly with a word of refusal in it."""
_OTHERS = (
    "Our technician",
    "Your doctor",
    "My colleague Anna",
    "The driver",
    "Somebody",
    "He",
    "Someone from the office",
)
"""Who calls, and is not the agent."""
_UNKNOWN = ("on Diwali", "the day after the wedding", "the second Monday in March", "after the holidays", "on payday")
"""Days that no rule knows."""
_SPANS = (("in 20 minutes", 20), ("in half an hour", 30), ("in 2 hours", 120), ("in an hour", 60))

Lines = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """The last lines of a call that ended at ``now``. ``asked``: they ask for a call; ``due_at``: when, if it can be made."""

    lines: Lines
    now: datetime
    hours: tuple[int, int]
    asked: bool
    due_at: datetime | None


def wish_of(seed: int) -> Wish:
    """The wish of the caller of ``seed``."""
    random = Random(seed + 1_000_003)
    now = _BEGAN + timedelta(minutes=random.randrange(500_000))
    hours = random.choice(HOURS)
    words, due_at = _when(random, now, hours)
    others, _ = _when(random, now, hours)
    asked, lines = random.choice(
        (
            (True, (("user", f"can you call me back {words}"),)),
            (True, (("user", "call me back later please"), ("assistant", "What suits you?"), ("user", words))),
            (True, (("user", f"please call me back {others}"), ("assistant", "Good."), ("user", f"no {words} please"))),
            (True, (("assistant", f"Shall I call you back {words}?"), ("user", random.choice(_AGREEMENTS)))),
            (False, (("assistant", f"Shall I call you back {words}?"), ("user", random.choice(_REFUSALS)))),
            (False, (("assistant", f"{random.choice(_OTHERS)} will call you {words}."), ("user", "Okay, thanks."))),
            (True, (("user", f"can you call me back {random.choice(_UNKNOWN)} at 3 pm"),)),
            (False, (("user", f"don't call me back {words}"),)),
            (False, (("user", f"I'll call you back {words}"),)),
        )
    )
    known = asked and not any(day in text for day in _UNKNOWN for _, text in lines)
    return Wish(lines, now, hours, asked, due_at if known else None)


def _when(random: Random, now: datetime, hours: tuple[int, int]) -> tuple[str, datetime | None]:
    """A time in words, which says all of it and so replaces an earlier one, and when that is."""
    if random.random() < 0.2:
        words, minutes = random.choice(_SPANS)
        return words, _callable(now + timedelta(minutes=minutes), now, hours)
    hour, minute, half = random.randint(1, 12), random.choice((0, 15, 30)), random.choice(("am", "pm"))
    clock = time(hour % 12 + (12 if half == "pm" else 0), minute)
    spoken = {0: f"at {hour} {half}", 15: f"at {hour}:15 {half}", 30: f"at half past {hour} {half}"}[minute]
    ahead = random.randint(0, 7)
    named = {0: "today", 1: "tomorrow", 2: "the day after tomorrow"}
    day = now.date() + timedelta(days=ahead)
    name = named.get(ahead, f"on {_NAMED[day.weekday()]}")
    return f"{name} {spoken}", _callable(datetime.combine(day, clock, UTC), now, hours)


def _callable(at: datetime, now: datetime, hours: tuple[int, int]) -> datetime | None:
    at = at.replace(second=0, microsecond=0)
    return at if at > now and hours[0] <= at.hour < hours[1] else None


@pytest.mark.parametrize("first", range(0, 500, 100))
def test_a_drawn_wish_is_understood(first: int) -> None:
    for seed in range(first, first + 100):
        wish = wish_of(seed)
        understood = callback.callback(wish.lines, wish.now, wish.hours)
        assert (understood is not None) == wish.asked, wish
        assert (understood.due_at if understood is not None else None) == wish.due_at, wish


def test_some_ask_and_some_do_not_and_not_every_time_can_be_kept() -> None:
    wishes = [wish_of(seed) for seed in range(100)]
    assert {wish.asked for wish in wishes} == {True, False}
    assert {wish.due_at is None for wish in wishes if wish.asked} == {True, False}
    assert all(wish.due_at > wish.now for wish in wishes if wish.due_at is not None)
