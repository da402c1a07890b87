"""The parts of a call: the welcome and the turns, each with its sounds, words, wait and the model's work for the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from callwright.insight.doctor_case import Case
from callwright.insight.interruptions import silenced
from callwright.insight.timeline import COVER_US, Span
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


def turns(case: Case, work: Sequence[Work], heard_in: Sequence[int | None]) -> list[Turn]:
    """All turns of a call in order, the welcome first. ``heard_in``: the turns of the caller's sounds (:func:`caller_turns`)."""
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
    spans = _spans(case, heard_in)
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
    found: list[int | None] = []
    past = 0  # turns before this one ended before the sounds that are left
    for heard in case.line.caller:
        wide = Span(heard.span.from_us - COVER_US, heard.span.to_us + COVER_US)
        while past < len(said) and said[past][1].to_us < wide.from_us:
            past += 1
        shared: dict[int, int] = {}
        for turn, span in islice(said, past, None):
            if span.from_us > wide.to_us or not heard.text:
                break
            shared[turn] = wide.shared_us(span)
        best = max(shared, key=lambda turn: shared[turn], default=None)
        found.append(best if best is not None and shared[best] else None)
    return found


def _spans(case: Case, heard_in: Sequence[int | None]) -> dict[int, Span]:
    """From the first to the last sound of each turn."""
    sounds: dict[int, list[Span]] = {}
    for turn, heard in zip(heard_in, case.line.caller, strict=True):
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
