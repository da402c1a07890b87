"""Wishes to be called back, drawn at random with what they mean: what a simulated caller says at the end of a call, and when to dial.

What is due is reckoned here by itself: from a clock time with its half of the day and a day, or a span, and from nothing that was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from random import Random

from callwright.insight import callback

HOURS = ((0, 24), (8, 18), (9, 21))
"""When calls are made."""

_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_NAMED = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
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
            (True, (("assistant", f"Shall I call you back {words}?"), ("user", "yes please"))),
            (False, (("assistant", f"Shall I call you back {words}?"), ("user", "no thank you"))),
            (False, (("user", f"don't call me back {words}"),)),
            (False, (("user", f"I'll call you back {words}"),)),
        )
    )
    return Wish(lines, now, hours, asked, due_at if asked else None)


def misunderstood(seed: int, spoken: Sequence[tuple[str, str]]) -> str:
    """The rule that is broken by how the wish of ``seed`` at the end of ``spoken`` is understood, or nothing."""
    wish = wish_of(seed)
    if callback.callback(spoken, wish.now, wish.hours) is not None:
        return ""  # the caller has asked already; what was said at the end says more of it
    understood = callback.callback((*spoken, *wish.lines), wish.now, wish.hours)
    if (understood is not None) != wish.asked:
        return f"who asks to be called back is, and nobody else: {wish.lines}"
    due_at = understood.due_at if understood is not None else None
    if due_at != wish.due_at:
        return f"a call back comes when it was asked for: {due_at}, not {wish.due_at} for {wish.lines} at {wish.now}"
    return ""


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
