"""Logs of calls with little in them, for what-if runs to start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.log import Header, entry_line, header_line, values_of
from callwright.conversation.plan import CORE_VERSION, CallPlan
from callwright.insight.view import CallView, view_of
from callwright.ports.failures import ProviderError
from callwright.ports.model import Message, ModelDelta


def header(agent: Mapping[str, Any] | None = None) -> str:
    """The first line of a log."""
    return header_line(Header("call-1", 1, "2026-01-01T00:00:00+00:00", {"name": "Ada"}, 3, agent or {}, CORE_VERSION))


ANSWERED_MS = 1_000
Timed = tuple[int, ev.Event | fx.Effect]
"""What is in a log, and its millisecond."""


def bare(plan: CallPlan, words: Sequence[str], *more: Timed) -> CallView:
    """The answer and the caller's turns alone, said at 4 s, 10 s and so on behind the answer, and ``more``."""
    items: list[Timed] = [(0, ev.Started(0, plan, (), 3)), (500, ev.Ringing(0)), (ANSWERED_MS, ev.Answered(0))]
    for number, said in enumerate(words):
        from_ms = 4_000 + 6_000 * number
        items.append((from_ms + 3_000, fx.UserSaid(number + 1, said, from_ms, from_ms + 1_500)))
    return view_of(header() + written(sorted([*items, *more], key=lambda one: one[0])))


def written(items: Sequence[Timed], first: int = 1) -> str:
    """The lines of a log, the first of which is number ``first``."""
    return "".join(
        entry_line(
            number, at_ms * 1000, "core", "in" if hasattr(it, "at_us") else "out", type(it).__name__, values_of(it)
        )
        for number, (at_ms, it) in enumerate(items, first)
    )


class Script:
    """Answers in order, the last one again; each a text, deltas or a failure. ``asked`` are the histories.

    ``verdicts`` are given in order, then ``verdict``.
    """

    def __init__(self, *answers: object, verdict: object = False, verdicts: tuple[bool, ...] = ()) -> None:
        self.answers = list(answers)
        self.verdict = verdict
        self.verdicts = list(verdicts)
        self.asked: list[tuple[Message, ...]] = []

    def reply(self, ask: fx.AskModel) -> list[ModelDelta]:
        self.asked.append(ask.messages)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, ProviderError):
            raise answer
        return [ModelDelta(text=answer), ModelDelta(ended="stop")] if isinstance(answer, str) else list(answer)  # type: ignore[call-overload]

    def judge(self, _ask: fx.AskClassifier) -> bool:
        if isinstance(self.verdict, ProviderError):
            raise self.verdict
        return self.verdicts.pop(0) if self.verdicts else bool(self.verdict)
