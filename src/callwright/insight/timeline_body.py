"""The timeline of a call as the API shows it: everything on one axis, in milliseconds since the attempt began."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from callwright.conversation.log import Entry
from callwright.domain.money import cents_from_nano, cents_of
from callwright.insight.cost import LEGS
from callwright.insight.doctor import examined
from callwright.insight.doctor_case import Case
from callwright.insight.doctor_rules import RULES, Advice
from callwright.insight.marks import Mark, marks
from callwright.insight.timeline import AgentSpeech, Span
from callwright.insight.turns import Turn, caller_turns, turns
from callwright.insight.usage import POST_CALL, WASTE, WELCOME
from callwright.insight.view import CallView
from callwright.insight.waterfall import TurnLatency
from callwright.insight.wire import wire_time
from callwright.insight.work import Work, work_of

_CLAUSE_ENDS = tuple(".,;:!?")
_NEAR_WORDS = 2
"""A sound that is shorter or longer than its words by fewer words is no reason to part a clause."""

Costs = Mapping[tuple[str, int | None], Mapping[str, int]]
"""Nano-cents by leg of each part of a call, by the part's name and turn."""


def costs_of(record: Mapping[str, Any]) -> Costs:
    """What a record, or the entry of an earlier attempt, says that each part cost."""
    rows = record.get("turns")
    if rows:
        return {(row["part"], row["turn"]): row["cost_nano"] for row in rows if row.get("cost_nano")}
    # An entry has no turns.
    parts = (record.get("cost_nano") or {}).get("parts") or {}
    return {_part_named(name): legs for name, legs in parts.items()}


def _part_named(name: str) -> tuple[str, int | None]:
    """The part and the turn of a name as the costs of a call have it."""
    part, _, turn = name.partition(":")
    if part == WELCOME:
        return part, 0
    return part, int(turn) if turn else None


def timeline_body(
    view: CallView, *, live: bool, costs: Costs | None = None, doctor: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The timeline. ``live``: the attempt goes on. ``doctor``: its findings where a record has them; they are looked for where not."""
    case = Case(view)
    work, heard_in = work_of(view), caller_turns(case)
    found = doctor if doctor is not None else examined(view, over=not live)
    return {
        "live": live,
        "written": bool(view.plan("written")),
        "began_at": wire_time(datetime.fromisoformat(view.header.started_at).astimezone(UTC)),
        "answered_ms": None if view.answered_us is None else in_ms(view.answered_us),
        "ended_ms": None if live else in_ms(view.ended_us),
        "until_ms": in_ms(_until_us(view)),
        "caller": _caller(case, heard_in),
        "agent": _agent(case, live=live),
        "turns": [*(_turn(one, costs or {}) for one in turns(case, work, heard_in)), *_apart(costs or {})],
        "work": [_work(one) for one in work],
        "marks": [_mark(one) for one in marks(case)],
        "findings": [_finding(one) for one in found["findings"]],
        "findings_left_out": found["left_out"],
    }


def nothing_yet() -> dict[str, Any]:
    """The timeline of a call that was not dialled yet."""
    lists: dict[str, Any] = {name: [] for name in ("caller", "agent", "turns", "work", "marks", "findings")}
    times: dict[str, Any] = dict.fromkeys(("began_at", "answered_ms", "ended_ms"))
    return {"live": False, "written": False, **times, "until_ms": 0.0, **lists, "findings_left_out": 0}


def in_ms(us: int) -> float:
    """Microseconds as milliseconds with three digits."""
    return us / 1000


def _until_us(view: CallView) -> int:
    return max((e.at_us for e in view.entries if e.section != "post"), default=0)


def _span(span: Span) -> dict[str, Any]:
    return {"from_ms": in_ms(span.from_us), "to_ms": in_ms(span.to_us)}


# -- what either side said ---------------------------------------------------------------------------------------------------------------


def _caller(case: Case, heard_in: Sequence[int | None]) -> list[dict[str, Any]]:
    found = []
    clips = zip(case.line.caller, heard_in, strict=True)
    # A recogniser may hear several sounds as one: each of them then has the words of all.
    for text, alike in groupby(clips, key=lambda clip: clip[0].text):
        sounds = list(alike)
        texts = _shared_out(text, [heard.span.lasted_us for heard, _ in sounds])
        for (heard, turn), own in zip(sounds, texts, strict=True):
            found.append({**_span(heard.span), "text": own, "turn": turn})
    return found


def _shared_out(text: str, lasted_us: Sequence[int]) -> list[str]:
    """The words of a text, shared out among sounds by how long these last. A clause that ends near is not parted: people pause after it."""
    words, whole = text.split(), sum(lasted_us) or 1
    ends = [at for at, word in enumerate(words, 1) if word.endswith(_CLAUSE_ENDS)]
    texts, at, until_us = [], 0, 0
    for one_us in lasted_us:
        until_us += one_us
        share = len(words) * until_us / whole
        near = [end for end in ends if at < end and abs(end - share) < _NEAR_WORDS]
        upto = min(near, key=lambda end: abs(end - share)) if near and until_us < whole else round(share)
        texts.append(" ".join(words[at:upto]))
        at = upto
    return texts


def _agent(case: Case, *, live: bool) -> list[dict[str, Any]]:
    said = {int(e.values["generation"]) for e in case.view.of("AgentSaid", "Withdrawn")}
    voiced = _Voiced(case.view)
    return [_clip(case, one, voiced, playing=live and one.generation not in said) for one in case.line.agent]


def _clip(case: Case, speech: AgentSpeech, voiced: _Voiced, *, playing: bool) -> dict[str, Any]:
    words, estimated = voiced.words(speech)
    return {
        **_span(speech.span),
        "sounds": [_span(one) for one in speech.sounds],
        "text": case.spoken(speech.generation) if playing else speech.text,
        "turn": speech.turn,
        "generation": speech.generation,
        "purpose": speech.purpose,
        "cut": speech.cut and not playing,
        "words": words,
        "words_estimated": estimated,
    }


class _Voiced:
    """What the voice was given and what it made, by generation and clause."""

    def __init__(self, view: CallView) -> None:
        self._made = {_clause(e): e.values for e in view.of("VoiceFinished")}
        self._texts = {_clause(e): str(e.values["text"]) for e in view.of("Speak")}

    def words(self, speech: AgentSpeech) -> tuple[list[dict[str, Any]], bool]:
        """When each word of a reply was heard, as far as it was, and whether that is by proportion."""
        found: list[dict[str, Any]] = []
        estimated = False
        for index, sound in zip(speech.clauses, speech.sounds, strict=True):
            made = self._made.get((speech.generation, index), {})
            timed = [(str(text), int(from_ms), int(to_ms)) for text, from_ms, to_ms in made.get("words") or ()]
            if not timed:
                lasts_ms = int(made.get("audio_ms") or sound.lasted_us // 1000)
                timed = list(_proportional(self._texts.get((speech.generation, index), ""), lasts_ms))
                estimated = True
            estimated = estimated or bool(made.get("estimated"))
            for text, from_ms, to_ms in timed:
                from_us, to_us = sound.from_us + from_ms * 1000, sound.from_us + to_ms * 1000
                if from_us < sound.to_us:
                    found.append({**_span(Span(from_us, min(to_us, sound.to_us))), "text": text})
        return found, estimated and bool(found)


def _clause(entry: Entry) -> tuple[int, int]:
    return int(entry.values["generation"]), int(entry.values["index"])


def _proportional(text: str, lasts_ms: int) -> Iterator[tuple[str, int, int]]:
    """Words with as much of the time as they have of the letters."""
    words = text.split()
    whole = sum(len(word) + 1 for word in words)
    letters = 0
    for word in words:
        from_ms = lasts_ms * letters // whole
        letters += len(word) + 1
        yield word, from_ms, lasts_ms * letters // whole


# -- turns ---------------------------------------------------------------------------------------------------------------------------


def _turn(turn: Turn, costs: Costs) -> dict[str, Any]:
    return {
        "part": turn.part,
        "turn": turn.number,
        "from_ms": None if turn.span is None else in_ms(turn.span.from_us),
        "to_ms": None if turn.span is None else in_ms(turn.span.to_us),
        "user": turn.user,
        "assistant": turn.assistant,
        "assistant_estimated": turn.estimated,
        "interrupted": turn.interrupted,
        "wait": None if turn.wait is None else _wait(turn.wait),
        "cost": _cost(costs.get((turn.part, turn.number))),
        "model": None if turn.model is None else _model(turn.model),
    }


def _apart(costs: Costs) -> Iterator[dict[str, Any]]:
    """What was paid for outside of the turns."""
    for part in (WASTE, POST_CALL):
        if (part, None) in costs:
            nothing = dict.fromkeys(
                ("turn", "from_ms", "to_ms", "user", "assistant", "assistant_estimated", "wait", "model")
            )
            yield {"part": part, **nothing, "interrupted": False, "cost": _cost(costs[part, None])}


def _wait(latency: TurnLatency) -> dict[str, Any]:
    return {
        "from_ms": in_ms(latency.began_us),
        "total_ms": in_ms(latency.total_us),
        "steps": [{"part": part, "ms": in_ms(us)} for part, us in latency.steps_us if us],
    }


def _cost(legs: Mapping[str, int] | None) -> dict[str, Any] | None:
    if legs is None:
        return None
    return {**cents_of(legs, LEGS), "total": cents_from_nano(sum(legs.values()))}


def _model(work: Work) -> dict[str, Any]:
    return {
        "name": work.name,
        "provider": work.provider,
        "first_ms": None if work.first_us is None else in_ms(work.first_us - work.from_us),
        "all_ms": None if work.to_us is None else in_ms(work.to_us - work.from_us),
        **_tokens(work),
    }


# -- work, marks and findings --------------------------------------------------------------------------------------------------------


def _work(work: Work) -> dict[str, Any]:
    return {
        "kind": work.kind,
        "name": work.name,
        "provider": work.provider,
        "purpose": work.purpose,
        "turn": work.turn,
        "generation": work.generation,
        "from_ms": in_ms(work.from_us),
        "first_ms": None if work.first_us is None else in_ms(work.first_us),
        "to_ms": None if work.to_us is None else in_ms(work.to_us),
        "speculative": work.speculative,
        "withdrawn": work.withdrawn,
        "status": work.status,
        "arguments": work.arguments,
        "result": work.result,
        "error": work.error,
        "http": work.http,
        **_tokens(work),
    }


def _tokens(work: Work) -> dict[str, int | None]:
    amounts: Sequence[int | None] = work.tokens or (None, None, None)
    return dict(zip(("input_tokens", "output_tokens", "cached_tokens"), amounts, strict=True))


def _mark(mark: Mark) -> dict[str, Any]:
    to_ms = None if mark.to_us is None else in_ms(mark.to_us)
    return {"kind": mark.kind, "at_ms": in_ms(mark.at_us), "to_ms": to_ms, "text": mark.text}


def _finding(found: Mapping[str, Any]) -> dict[str, Any]:
    rule = RULES.get(found["rule"])
    return {
        "rule": found["rule"],
        "title": found["rule"] if rule is None else rule.title,
        "severity": found["severity"],
        "from_ms": float(found["call_ms"]),
        "to_ms": float(found["call_ms"] + found["lasted_ms"]),
        "turn": found["turn"],
        "text": found["what"],
        "advice": [_advice(one) for one in found["change"]],
    }


def _advice(found: Mapping[str, Any]) -> dict[str, Any]:
    """An advice of a record, which may be from before a key."""
    advised = Advice(found["setting"], found["direction"], found["why"])
    return {"value": None, "path": advised.path, **found}
