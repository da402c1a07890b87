"""The call doctor on silence: dead air."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from callwright.insight.doctor_case import Case
from callwright.insight.doctor_finding import BAD, NOTE, WARNING, Finding, in_ms, quoted
from callwright.insight.doctor_rules import RULES
from callwright.insight.doctor_values import less, sooner_seconds, values
from callwright.insight.target_calls import target_calls
from callwright.insight.timeline import Span

_RULE = RULES["dead_air"]
_CALLERS_TURN = ("caller", "asked_before", "never_ends", "never_asked")
"""Causes of a silence in which the caller was to speak."""
ANSWER, AGENT, CALLER, OTHER, END = "answer", "agent", "caller", "other", "end"


@dataclass(frozen=True, slots=True)
class _Sound:
    """A stretch that is not silent, and whose it is. ``generation`` of the agent's; ``text`` of the caller's."""

    span: Span
    whose: str
    generation: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class _Silence:
    """A pause between two sounds."""

    span: Span
    before: _Sound
    after: _Sound


@dataclass(frozen=True, slots=True)
class _Transfer:
    """A transfer from its beginning to its outcome. ``answered_us``: when its target answered on a leg of ours, else the outcome.
    ``failure``: why it was not made, empty where it was or nobody knows."""

    span: Span
    answered_us: int
    failure: str

    def cause(self, silence: Span) -> str:
        """Whether the target rang for most of a silence, or had answered."""
        rang_us = silence.shared_us(Span(self.span.from_us, self.answered_us))
        if rang_us * 2 >= silence.shared_us(self.span):
            return "transfer"
        return "unaccepted" if self.failure else "briefing"


def dead_air(case: Case, explained: Sequence[Span]) -> Iterator[Finding]:
    """Silences that are too long. ``explained`` are moments another rule tells of: a silence half inside one is not told again."""
    shortest_us = min(_RULE.limit(name) for name in ("reply_ms", "within_ms", "transfer_ms", "caller_ms")) * 1000
    for silence in _silences(case):
        lasted_us = silence.span.lasted_us
        if lasted_us < shortest_us:
            continue
        cause, most_ms = _judged(case, silence)
        if lasted_us < most_ms * 1000 or any(silence.span.shared_us(one) * 2 > lasted_us for one in explained):
            continue
        severity = WARNING if lasted_us < _RULE.limit("bad_ms") * 1000 else BAD
        if cause in _CALLERS_TURN:
            severity = NOTE
        yield Finding(
            _RULE.name,
            severity,
            silence.span.from_us,
            lasted_us,
            _told(case, silence, cause),
            (cause,),
            case.turn_at(silence.span.from_us),
            _helps(case, lasted_us),
        )


def _helps(case: Case, lasted_us: int) -> dict[str, int | float]:
    """By cause, the values that would have ended a silence sooner."""
    excess_us = lasted_us - _RULE.limit("reply_ms") * 1000 + 1
    asks_ms, hangs_up_ms = int(case.plan("user_online_after_ms")), int(case.plan("hangup_after_silence_ms"))
    return values(
        greeting=less("task_config.welcome_message_delay", int(case.plan("welcome_delay_ms")), excess_us),
        caller=sooner_seconds("task_config.trigger_user_online_message_after", asks_ms, "caller_ms"),
        asked_before=sooner_seconds("task_config.hangup_after_silence", hangs_up_ms, "caller_ms"),
    )


def _silences(case: Case) -> Iterator[_Silence]:
    line = case.line
    before = _Sound(Span(line.answered_us, line.answered_us), ANSWER)
    until_us = line.answered_us
    for sound in [*_sounds(case), _Sound(Span(line.ended_us, line.ended_us), END)]:
        if sound.span.from_us > until_us:
            yield _Silence(Span(until_us, min(sound.span.from_us, line.ended_us)), before, sound)
        if sound.span.to_us >= until_us:
            until_us, before = sound.span.to_us, sound


def _sounds(case: Case) -> list[_Sound]:
    line = case.line
    sounds = [_Sound(one, AGENT, speech.generation) for speech in line.agent for one in speech.sounds]
    sounds += [_Sound(one.span, CALLER, text=one.text) for one in case.speech]
    sounds += [_Sound(one, OTHER) for one in (*line.held, *line.other)]
    sounds += [_Sound(Span(e.at_us, e.at_us), OTHER) for e in case.view.of("KeyPressed")]
    return sorted(sounds, key=lambda sound: (sound.span.from_us, sound.span.to_us))


def _judged(case: Case, silence: _Silence) -> tuple[str, int]:
    """Why it is silent (a key of the rule's advice), and how long that may be."""
    before, after, span = silence.before, silence.after, silence.span
    transfer = _transfer_in(case, span)
    if transfer is not None:
        return transfer.cause(span), _RULE.limit("transfer_ms")
    if case.tool_in(span) is not None:
        return "tool", _RULE.limit("reply_ms")
    if before.whose == AGENT and before.generation == after.generation:
        return _within(case, silence), _RULE.limit("within_ms")
    if before.whose == ANSWER and case.plan("welcome_message"):
        wanted_ms = int(case.plan("welcome_delay_ms"))
        if any(e.values["purpose"] == "welcome" for e in case.view.of("AskModel")):
            return "asked", _RULE.limit("reply_ms")
        return ("greeting" if wanted_ms * 2 > span.lasted_us // 1000 else "voice"), _RULE.limit("reply_ms")
    # A sound without words is a noise, or a drop-out of the recogniser, which has a rule of its own.
    if (before.whose == CALLER and case.wants_answer(before.text)) or _is_owed(case, (span.from_us + span.to_us) // 2):
        return "unanswered", _RULE.limit("reply_ms")
    return _unbroken(case, span.from_us), _RULE.limit("caller_ms")


def _unbroken(case: Case, at_us: int) -> str:
    """Why nobody ended a silence of the caller's that began at ``at_us``. In one turn the agent asks only once whether they are there."""
    before = [e for e in case.view.of("Speak", "UserSaid") if e.at_us <= at_us]
    asked = [e for e in before if e.values.get("purpose") == "silence"]
    taken = [e for e in before if e.type == "UserSaid"]
    if asked and (not taken or taken[-1].seq < asked[-1].seq):
        return "asked_before" if case.plan("hangup_after_silence_ms") else "never_ends"
    return "caller" if case.plan("check_if_user_online") else "never_asked"


def _is_owed(case: Case, at_us: int) -> bool:
    """Whether the agent was to speak: a question to the model is open, or its answer on the way."""
    waiting: set[int] = set()
    spoken = {e.values["generation"] for e in case.view.of("Speak")}
    for entry in case.view.of("AskModel", "ReplyEnded", "Release", "Withdrawn", "ProviderFailed"):
        if entry.at_us > at_us:
            break
        generation = int(entry.values.get("generation") or 0)
        if entry.type == "AskModel":
            waiting.add(generation)
        elif entry.type != "ReplyEnded" or generation not in spoken:
            waiting.discard(generation)
    return bool(waiting)


def _within(case: Case, silence: _Silence) -> str:
    """Whether model or voice kept the next clause of the reply waiting: when was it given to the voice?"""
    speaks = [
        e.at_us
        for e in case.view.of("Speak")
        if e.values["generation"] == silence.after.generation and e.at_us <= silence.after.span.from_us
    ]
    middle_us = (silence.span.from_us + silence.span.to_us) // 2
    return "model" if speaks and speaks[-1] > middle_us else "within"


def _transfer_in(case: Case, span: Span) -> _Transfer | None:
    """The transfer that was under way for more than half of ``span``."""
    return next((one for one in _transfers(case) if span.shared_us(one.span) * 2 > span.lasted_us), None)


def _transfers(case: Case) -> Iterator[_Transfer]:
    settled = {e.values["request"]: e for e in reversed(case.view.of("TransferSettled"))}
    targets = target_calls(case.view)
    for asked in case.view.of("Transfer"):
        request = asked.values["request"]
        end, target = settled.get(request), targets.get(request)
        span = Span(asked.at_us, case.line.ended_us if end is None else end.at_us)
        answered_us = span.to_us if target is None or target.answered_us is None else target.answered_us
        failed = end is not None and not end.values["transferred"]
        yield _Transfer(span, answered_us, str(end.values["reason"]) if end is not None and failed else "")


def _told(case: Case, silence: _Silence, cause: str) -> str:
    lasted, before, after = in_ms(silence.span.lasted_us), silence.before, silence.after
    tool = case.tool_in(silence.span) if cause == "tool" else None
    match cause:
        case "greeting" | "voice" | "asked":
            return f"Nothing was heard for {lasted} after the answer."
        case "within":
            return (
                f"The agent was silent for {lasted} in the middle of a reply: the voice was late with the next clause."
            )
        case "model":
            return (
                f"The agent was silent for {lasted} in the middle of a reply: the model was late with the next words."
            )
        case "tool":
            return f"Nobody spoke for {lasted} while the tool {tool.values['name'] if tool else ''} ran."
        case "transfer":
            return f"The caller heard nothing for {lasted} while the transfer rang."
        case "briefing":
            return f"The caller heard nothing for {lasted} while the target of the transfer was briefed."
        case "unaccepted":
            transfer = _transfer_in(case, silence.span)
            why = transfer.failure if transfer else ""
            return f"The caller heard nothing for {lasted} after the target of the transfer had answered: {why}."
    if cause in _CALLERS_TURN:
        return f"Nobody spoke for {lasted}; it was the caller's turn."
    said = f" after the caller had said {quoted(before.text)}" if before.text else ""
    ended = "; then the call was over" if after.whose == END else ""
    return f"Nobody spoke for {lasted}{said}{ended}."
