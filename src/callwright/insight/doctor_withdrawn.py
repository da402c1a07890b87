"""The call doctor on replies that the caller waited for and never heard, because they went on before it came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from callwright.conversation.agent_turn import INTERRUPTIONS
from callwright.insight.doctor_case import Case
from callwright.insight.doctor_finding import BAD, WARNING, Finding, in_ms, quoted
from callwright.insight.doctor_held import held_back
from callwright.insight.doctor_rules import RULES
from callwright.insight.doctor_turns import pause_ending
from callwright.insight.doctor_values import released_in, values
from callwright.insight.timeline import AgentSpeech, Span

_RULE = RULES["withdrawn_reply"]
_NO_ANSWER = frozenset({"goodbye", "silence"})
"""Purposes of what the agent says without a word about what the caller said."""
_WAITED_FOR = {
    "patience": "until the turn was taken",
    "endpointing": "until the turn was taken",
    "turn_model": "for the turn model",
    "tool": "for a tool",
    "model": "for the model's first words",
    "first_clause": "for the model's first clause",
    "voice": "for the voice's first audio",
    "hold": "held back by incremental_delay",
    "backoff": "held back after an interruption",
    "caller": "held back for what the caller did meanwhile",
    "send": "on the way to the line",
}
_MOST_TOLD = 4
"""So many pauses are told one by one, and the words of so many sounds."""


@dataclass(frozen=True, slots=True)
class _Wait:
    """A pause in which the agent owed an answer. ``replies`` are those that were being made in it, one after the other: when the turn was
    taken for each, and its generation."""

    span: Span
    replies: tuple[tuple[int, int], ...]

    @property
    def taken_us(self) -> int:
        """When the turn was taken."""
        return self.replies[0][0]

    @property
    def newest(self) -> int:
        """The generation that the end of the pause found."""
        return self.replies[-1][1]


@dataclass(frozen=True)
class _Waiting:
    """Waits of one caller until the agent is heard, which is at ``until_us``; ``answered`` is false where that is only the end.

    ``withdrawn`` are those that the caller ended, ``last`` is the one before the answer or the end, if there is one.
    """

    withdrawn: Sequence[_Wait]
    last: _Wait | None
    until_us: int
    answered: bool

    @cached_property
    def waits(self) -> list[_Wait]:
        """All of them, in order."""
        return [*self.withdrawn, *([] if self.last is None else [self.last])]

    @cached_property
    def span(self) -> Span:
        """From the first pause on."""
        return Span(self.withdrawn[0].span.from_us, self.until_us)

    @cached_property
    def silent_us(self) -> int:
        """How long the caller waited in all; what they said meanwhile does not count."""
        return sum(wait.span.lasted_us for wait in self.waits)


def withdrawn_reply(case: Case) -> Iterator[Finding]:
    """Callers who wait, speak again, and are answered late or never: each time their words withdraw the reply that is being made.

    A pause counts where the turn was taken in it, so that the agent itself held the caller's words for something to answer. A caller who
    dictates or tells a story pauses for less, or speaks for longer than they pause.
    """
    for waiting in _waitings(case):
        long_enough = waiting.silent_us >= _RULE.limit("waited_ms") * 1000
        if not long_enough or waiting.silent_us * 100 < waiting.span.lasted_us * _RULE.limit("silent_percent"):
            continue
        parts = _parts(case, waiting.waits)
        blamed = max(parts, key=lambda cause: parts[cause])
        too_long = waiting.silent_us >= _RULE.limit("bad_ms") * 1000
        yield Finding(
            _RULE.name,
            BAD if too_long or not waiting.answered else WARNING,
            waiting.span.from_us,
            waiting.span.lasted_us,
            f"{_told(case, waiting)} {in_ms(parts[blamed])} of the waiting was {_WAITED_FOR[blamed]}.",
            (blamed,) if case.plan("fillers") else (blamed, "fillers"),
            _turn(case, waiting.withdrawn[-1].newest),
            values(**{blamed: _helps(case, blamed, waiting)}),
        )


def _helps(case: Case, cause: str, waiting: _Waiting) -> int | float | None:
    """The value of a setting that held an answer back with which the caller would have heard it before they went on."""
    found = (released_in(case, cause, wait.span, wait.newest) for wait in waiting.withdrawn)
    return next((value for value in found if value is not None), None)


def _waitings(case: Case) -> Iterator[_Waiting]:
    """The waits before each answer, where a withdrawn reply is among them."""
    waits = list(_waits(case))
    by_caller = {int(e.values["generation"]) for e in case.view.of("Withdrawn") if e.values["reason"] in INTERRUPTIONS}
    withdrawn = [wait for wait in waits if wait.newest in by_caller and _counts(wait)]
    answers = [one.span.from_us for one in case.line.agent if _answers(one)]
    from_us = case.line.answered_us
    for until_us, answered in [*((at_us, True) for at_us in answers), (_closing_us(case), False)]:
        before = [wait for wait in withdrawn if from_us < wait.span.to_us < until_us]
        if before:
            last = next((wait for wait in waits if wait.span.to_us == until_us), None)
            yield _Waiting(before, last, until_us, answered)
        from_us = until_us


def _waits(case: Case) -> Iterator[_Wait]:
    """The pauses of the caller in which a turn was taken, each to the caller's next sound, the agent's, or the end."""
    taken = _taken(case)
    for pause in _pauses(case):
        replies = tuple((at_us, number) for number, at_us in taken.items() if pause.from_us <= at_us < pause.to_us)
        if replies:
            yield _Wait(pause, replies)


def _taken(case: Case) -> dict[int, int]:
    """When a turn was taken for each reply that the model was asked for, in order. A guess that came to nothing is left out."""
    guessed = {int(e.values["generation"]) for e in case.view.of("Speculative")}
    found: dict[int, int] = {}
    for entry in case.view.of("AskModel", "Committed"):
        generation = int(entry.values["generation"])
        if entry.type == "Committed" or (generation not in guessed and entry.values["purpose"] == "reply"):
            found.setdefault(generation, entry.at_us)
    return found


def _pauses(case: Case) -> Iterator[Span]:
    """When neither side is heard, after a sound of the caller: to their next sound, to an answer, or to the end. A filler is no sound."""
    line, closing_us = case.line, _closing_us(case)
    ends = [one.span for one in case.speech] + [Span(e.at_us, e.at_us) for e in case.view.of("KeyPressed")]
    ends = sorted((one for one in ends if one.from_us < closing_us), key=lambda one: one.from_us)
    for before, after in pairwise([*ends, Span(closing_us, closing_us)]):
        # Where the agent still spoke, the caller waited from its last sound on.
        spoke = [s for one in line.agent for s in one.sounds if s.from_us <= before.to_us < s.to_us]
        from_us = max([before.to_us, *(one.to_us for one in spoke)])
        heard = [s.from_us for one in line.agent if _answers(one) for s in one.sounds if s.from_us > from_us]
        pause = Span(from_us, min([after.from_us, *heard]))
        if pause.lasted_us and not any(pause.shared_us(held) for held in line.held):
            yield pause


def _answers(speech: AgentSpeech) -> bool:
    return speech.purpose not in _NO_ANSWER


def _counts(wait: _Wait) -> bool:
    """Whether the caller waited, and did not only pause."""
    owed_us = wait.span.to_us - wait.taken_us
    return owed_us >= _RULE.limit("owed_ms") * 1000 or wait.span.lasted_us > _RULE.limit("pause_ms") * 1000


def _closing_us(case: Case) -> int:
    """When no answer can come any more: the end, or the goodbye before it."""
    line = case.line
    last = line.agent[-1] if line.agent else None
    return line.ended_us if last is None or last.purpose != "goodbye" else min(line.ended_us, last.span.from_us)


def _parts(case: Case, waits: Sequence[_Wait]) -> dict[str, int]:
    """What was waited for, and for how long in all, in microseconds."""
    parts: dict[str, int] = {}
    for wait in waits:
        at_us = wait.span.from_us
        for cause, next_us in _boundaries(case, wait):
            until_us = min(max(at_us, next_us), wait.span.to_us)
            held = (
                held_back(case, wait.span.from_us, Span(at_us, until_us))
                if cause == "ready"
                else {cause: until_us - at_us}
            )
            for name, part_us in held.items():
                parts[name] = parts.get(name, 0) + part_us
            at_us = until_us
    return parts


def _boundaries(case: Case, wait: _Wait) -> Iterator[tuple[str, int]]:
    """What a wait was for, in order, and until when: the wait's end where it never came. ``ready``: for nothing more to be made."""
    if case.tool_in(wait.span) is not None:
        yield "tool", wait.span.to_us
        return
    ending, _ = pause_ending(case, Span(wait.span.from_us, wait.taken_us))
    yield ending, wait.taken_us
    ends = [at_us for at_us, _ in wait.replies[1:]] + [wait.span.to_us]
    for (_, generation), end_us in zip(wait.replies, ends, strict=True):
        for cause, type_name in (("model", "ReplyText"), ("first_clause", "Speak"), ("voice", "VoiceReady")):
            there = (e.at_us for e in case.view.of(type_name) if e.values["generation"] == generation)
            yield cause, min(end_us, next(there, end_us))
        yield "ready", end_us


def _turn(case: Case, generation: int) -> int | None:
    asked = (int(e.values["turn"]) for e in case.view.of("AskModel") if e.values["generation"] == generation)
    return next(asked, None)


def _told(case: Case, waiting: _Waiting) -> str:
    waits, again = waiting.waits, [one for one in case.speech if waiting.span.from_us < one.span.from_us]
    again = [one for one in again if one.span.from_us < waiting.until_us and one.text]
    when = ", ".join(f"at {_clock(case, w.span.from_us)} for {in_ms(w.span.lasted_us)}" for w in waits[:_MOST_TOLD])
    more = f" and {len(waits) - _MOST_TOLD} times more" if len(waits) > _MOST_TOLD else ""
    with_words = ", ".join(quoted(one.text, 40) for one in again[:_MOST_TOLD])
    went_on = f"went on with {with_words}" if with_words else "went on"
    count = len(waiting.withdrawn)
    replies = "the reply that was being made" if count == 1 else f"{count} replies that were being made"
    replies += _by_model(case)
    since = f"{in_ms(waiting.span.lasted_us)} after the first of these moments"
    if waiting.answered:
        outcome = f"an answer was heard only {since}"
    elif case.view.first("LegEnded") is None and case.view.first("HangUp") is None:
        outcome = f"no answer had been heard {since}, where the log ends"
    else:
        outcome = f"no answer had been heard when the call ended {since}"
    return f"The caller waited for an answer {when}{more}, and {went_on}, which withdrew {replies}; {outcome}."


def _by_model(case: Case) -> str:
    """Which model made the replies, where the log tells."""
    provider, model = case.view.provider("model")
    return f" by {model or 'the model'} ({provider})" if provider else ""


def _clock(case: Case, at_us: int) -> str:
    """A moment as the recording counts it."""
    seconds, tenths = divmod(max(0, at_us - case.line.answered_us) // 100_000, 10)
    return f"{seconds // 60:02}:{seconds % 60:02}.{tenths}"
