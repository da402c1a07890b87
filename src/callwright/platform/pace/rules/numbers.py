"""Which of its numbers a batch calls from, and when a number rests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from callwright.platform.pace.rules.policy import ANSWER_RATE, LEAST_RECENTLY_USED, Rest, Rotation

_LOCAL_DIGITS = 4
"""Leading digits, country code included, that make two numbers local to each other: ``+1415``, ``+4930``."""


@dataclass(frozen=True, slots=True)
class NumberState:
    """What the ledger knows of one of our numbers. ``asked`` and ``answered`` count its attempts in the window of the policy."""

    number: str
    used_at: datetime | None = None
    asked: int = 0
    answered: int = 0
    rests_until: datetime | None = None

    def rests(self, now: datetime) -> bool:
        """Whether it makes no calls now."""
        return self.rests_until is not None and self.rests_until > now


@dataclass(frozen=True, slots=True)
class NumberChoice:
    """The chosen number, and how it came about, as an execution shows it."""

    number: str
    why: dict[str, Any]


def choose_number(
    rotation: Rotation,
    numbers: Sequence[NumberState],
    planned: str,
    to_number: str,
    now: datetime,
    *,
    is_full: Callable[[str], bool],
) -> NumberChoice | None:
    """The number to call ``to_number`` from, or None while every number rests or is at its limit. ``planned`` is the one whose turn it
    is by the order of the list."""
    usable, passed_over = [], []
    for state in numbers:
        if state.rests(now):
            passed_over.append({"number": state.number, "because": "resting"})
        elif is_full(state.number):
            passed_over.append({"number": state.number, "because": "at_its_limit"})
        else:
            usable.append(state)
    if not usable:
        return None
    local = [state for state in usable if _is_local(state.number, to_number)] if rotation.prefer_local else []
    chosen = _by_rule(rotation.rule, local or usable, [state.number for state in numbers], planned)
    why = {
        "rule": rotation.rule,
        "numbers": len(numbers),
        "local": bool(local),
        "passed_over": passed_over,
    }
    return NumberChoice(chosen.number, why)


def rest_until(rest: Rest, state: NumberState, now: datetime) -> datetime | None:
    """Until when a number rests by what became of its attempts; None when it need not."""
    if state.asked < rest.min_calls or state.answered >= rest.answer_share * state.asked:
        return None
    return now + timedelta(minutes=rest.minutes)


def _by_rule(rule: str, usable: Sequence[NumberState], order: Sequence[str], planned: str) -> NumberState:
    if rule == LEAST_RECENTLY_USED:
        return min(usable, key=lambda state: (state.used_at is not None, state.used_at, order.index(state.number)))
    if rule == ANSWER_RATE:
        # One answer of two is assumed beforehand, so a new number is tried and a single lucky call does not decide.
        return max(usable, key=lambda state: ((state.answered + 1) / (state.asked + 2), -order.index(state.number)))
    first = order.index(planned) if planned in order else 0
    return min(usable, key=lambda state: (order.index(state.number) - first) % len(order))


def _is_local(ours: str, theirs: str) -> bool:
    length = 1 + _LOCAL_DIGITS
    return theirs.startswith("+") and len(ours) > length and ours[:length] == theirs[:length]
