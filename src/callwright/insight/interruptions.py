"""Interruptions of a call and who spoke for how long, from its log: ``latency_data.interruption_stats``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from callwright.insight.doctor_case import Case
from callwright.insight.doctor_turns import early_cut
from callwright.insight.timeline import CallerSpeech
from callwright.insight.view import CallView

BY_CALLER, BY_AGENT = "user_interrupted_agent", "agent_interrupted_user"
"""Types of events, in the words of recorded answers."""

_OF_THE_CALLER = frozenset({"TranscriptPartial", "TranscriptFinal", "KeyPressed"})
"""Events that silence the agent: words and keys of the caller."""


@dataclass(frozen=True, slots=True)
class _Interruption:
    """``at_us``: when the agent was silenced, or began to speak too early. ``caller``: the sound of the caller there, if one was heard."""

    type: str
    at_us: int
    caller: CallerSpeech | None
    recovered: bool = False

    def as_record(self, answered_us: int) -> dict[str, Any]:
        """The event as plain data, in milliseconds since the answer."""
        span = None if self.caller is None else self.caller.span
        return {
            "type": self.type,
            "recovery_completed": self.recovered,
            "user_start_ms": None if span is None else _ms(span.from_us - answered_us),
            "user_end_ms": None if span is None else _ms(span.to_us - answered_us),
            "user_duration_ms": None if span is None else _ms(span.lasted_us),
        }


def interruption_stats(view: CallView) -> dict[str, Any]:
    """Counts, events and speaking times of an answered call. Rates are percentages, null where there is nothing to divide by.

    An interruption of the agent is recovered when a later reply is heard to its end before the next interruption. The agent interrupts the
    caller where it begins in a pause after which the caller goes on (the doctor's early cut).
    """
    case = Case(view)
    found = list(_interruptions(case))
    by_caller = [one for one in found if one.type == BY_CALLER]
    recovered = sum(one.recovered for one in by_caller)
    spoken = [sum(sound.lasted_us for sound in speech.sounds) for speech in case.line.agent]
    agent_us, caller_us = sum(spoken), sum(one.span.lasted_us for one in case.speech)
    return {
        "user_interrupted_agent_count": len(by_caller),
        "agent_interrupted_user_count": len(found) - len(by_caller),
        "total_interruptions": len(found),
        "barge_in_recovery_count": recovered,
        "barge_in_recovery_rate": _percent(recovered, len(by_caller)),
        "interruption_events": [one.as_record(case.line.answered_us) for one in found],
        "agent_speaking_ms": _ms(agent_us),
        "user_speaking_ms": _ms(caller_us),
        "talk_to_listen_ratio": _percent(agent_us, agent_us + caller_us),
        "longest_agent_monologue_ms": _ms(max(spoken, default=0)),
    }


def _interruptions(case: Case) -> Iterator[_Interruption]:
    """All of them in order."""
    early = {finding.at_us for finding in early_cut(case)}
    begun = {one.generation: one.span.from_us for one in case.line.agent}
    by_caller = [(at_us, BY_CALLER) for generation, at_us in silenced(case) if begun.get(generation) not in early]
    moments = sorted([*by_caller, *((at_us, BY_AGENT) for at_us in early)])
    for index, (at_us, kind) in enumerate(moments):
        until_us = moments[index + 1][0] if index + 1 < len(moments) else case.line.ended_us
        recovered = kind == BY_CALLER and any(
            not one.cut and one.span.from_us >= at_us and one.span.to_us <= until_us for one in case.line.agent
        )
        yield _Interruption(kind, at_us, _heard_at(case.speech, at_us), recovered)


def silenced(case: Case) -> Iterator[tuple[int, int]]:
    """Generation and moment of each reply that words or keys of the caller cut."""
    begun = {one.generation for one in case.line.agent}
    newest = ""
    for entry in case.view.entries:
        if entry.direction == "in":
            newest = entry.type
        elif entry.type == "Clear" and newest in _OF_THE_CALLER and entry.at_us < case.line.ended_us:
            generation = int(entry.values["generation"])
            if generation in begun:
                yield generation, entry.at_us


def _heard_at(speech: Sequence[CallerSpeech], at_us: int) -> CallerSpeech | None:
    """The sound of the caller that had begun by a moment, or the next one: the agent may begin just before the caller goes on."""
    before = [one for one in speech if one.span.from_us <= at_us <= one.span.to_us]
    after = (one for one in speech if one.span.from_us > at_us)
    return before[-1] if before else next(after, None)


def _ms(us: int) -> int:
    return round(us / 1000)


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None
