"""The parts of a call: the welcome and the turns, each with its sounds, words, wait and the model's work for the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from callwright.insight.doctor_case import Case
from callwright.insight.interruptions import silenced
from callwright.insight.timeline import COVER_US, CallerSpeech, Span
from callwright.insight.usage import WELCOME
from callwright.insight.waterfall import TurnLatency
from callwright.insight.work import MODEL, Work

TURN = "turn"


@dataclass(frozen=True, slots=True)
class Turn:
    """The welcome (``number`` 0), or a turn of the caller with the agent's answers to it. ``span`` holds its sounds, None without any.

    ``estimated``: what was heard of the agent is by proportion. ``model``: the work for the answer that was heard first.
    """

    part: str
    number: int
    span: Span | None
    user: str
    assistant: str
    estimated: bool
    interrupted: bool
    wait: TurnLatency | None
    model: Work | None


def turns(case: Case, work: Sequence[Work]) -> list[Turn]:
    """All turns of a call in order, the welcome first."""
    view = case.view
    said: dict[int, list[str]] = {}
    heard: dict[int, list[str]] = {}
    for entry in view.of("UserSaid", "AgentSaid"):
        texts = said if entry.type == "UserSaid" else heard
        texts.setdefault(int(entry.values["turn"]), []).append(str(entry.values["text"]))
    estimated = {int(e.values["turn"]) for e in view.of("AgentSaid") if e.values.get("estimated")}
    asked = {int(e.values["turn"]) for e in view.of("AskModel", "Speak")}
    cut = {generation for generation, _ in silenced(case)}
    interrupted = {one.turn for one in case.line.agent if one.generation in cut}
    latencies = {one.turn: one for one in case.latencies}
    spans = _spans(case)
    questions: dict[int | None, list[Work]] = {}
    for one in work:
        if one.kind == MODEL and one.purpose == "reply":
            questions.setdefault(one.turn, []).append(one)
    found = []
    for number in sorted({0, *said, *heard, *asked}):
        latency = latencies.get(number)
        found.append(
            Turn(
                part=TURN if number else WELCOME,
                number=number,
                span=spans.get(number),
                user=" ".join(said.get(number, [])).strip(),
                assistant=" ".join(heard.get(number, [])).strip(),
                estimated=number in estimated,
                interrupted=number in interrupted,
                wait=latency,
                model=_model(questions.get(number, []), None if latency is None else latency.generation),
            )
        )
    return found


def caller_turns(case: Case) -> list[int | None]:
    """The turn that each sound of the caller (``case.line.caller``) became part of; None for one that became none."""
    zero_us = case.view.audio_began_us
    said = [
        (
            int(e.values["turn"]),
            Span(zero_us + int(e.values["from_ms"]) * 1000, zero_us + int(e.values["to_ms"]) * 1000),
        )
        for e in case.view.of("UserSaid")
    ]
    return [_turn_of(one, said) for one in case.line.caller]


def _turn_of(heard: CallerSpeech, said: Sequence[tuple[int, Span]]) -> int | None:
    if not heard.text:
        return None
    wide = Span(heard.span.from_us - COVER_US, heard.span.to_us + COVER_US)
    shared = {turn: wide.shared_us(span) for turn, span in said}
    best = max(shared, key=lambda turn: shared[turn], default=None)
    return best if best is not None and shared[best] else None


def _spans(case: Case) -> dict[int, Span]:
    """From the first to the last sound of each turn."""
    sounds: dict[int, list[Span]] = {}
    for turn, heard in zip(caller_turns(case), case.line.caller, strict=True):
        if turn is not None:
            sounds.setdefault(turn, []).append(heard.span)
    for speech in case.line.agent:
        sounds.setdefault(speech.turn, []).append(speech.span)
    return {
        turn: Span(min(one.from_us for one in spans), max(one.to_us for one in spans)) for turn, spans in sounds.items()
    }


def _model(asked: Sequence[Work], heard: int | None) -> Work | None:
    """The question of a turn whose answer was heard; else the last one that was not given up."""
    of_heard = [one for one in asked if one.generation == heard]
    kept = of_heard or [one for one in asked if not one.withdrawn]
    return kept[-1] if kept else None
