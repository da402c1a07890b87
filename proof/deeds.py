"""What must hold for the deeds of a simulated call: what was done to the world was decided once, and was in the log before it was done.

The world's own account is what tools and carrier were asked, in order, with what the log held at that moment; and which providers failed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.lab.trace import Trace

TOOL, TRANSFER, HANG_UP = "CallTool", "Transfer", "HangUp"

ANSWERED, TRANSFERRED = "ReplyEnded", "TransferProgress"
"""Events that tell an outcome."""

ANSWER_US = 50_000
"""So soon a clear is answered at the latest: in the same pass of the event loop."""


@dataclass(slots=True)
class Work:
    """What the providers of a call did, by their own account. ``asked``: questions to the model, by purpose, that it answered in part or
    was reading when it was stopped; ``texts_given``: texts the voice was given, ``texts``: those of which it made some sound;
    ``given_ms``: audio the recogniser was given, ``heard_ms``: what it listened to; ``streams``: streams of recognisers that are open."""

    asked: Counter[str] = field(default_factory=Counter)
    texts_given: int = 0
    texts: int = 0
    given_ms: int = 0
    heard_ms: int = 0
    streams: int = 0


@dataclass(slots=True)
class Deeds:
    """``done``: (effect, what) as the world was asked; ``unwritten``: those the log did not hold yet; ``failures``: how often each kind of
    provider failed at its work (without a kind: where nobody need be told); ``outcomes``: how much came to its end that must be told, by
    the type of the event that tells it; ``work``: what the providers did, which somebody pays for."""

    done: list[tuple[str, str]] = field(default_factory=list)
    unwritten: list[tuple[str, str]] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    work: Work = field(default_factory=Work)

    def ask(self, effect: str, what: str, log: bytes) -> None:
        """The world is asked, and ``log`` is what would survive us now."""
        self.done.append((effect, what))
        asked = sum(kind == effect for kind, _ in self.done)
        if log.count(f'"type":"{effect}"'.encode()) < asked:
            self.unwritten.append((effect, what))


def audit_deeds(deeds: Deeds, trace: Trace) -> str:
    """The first rule the deeds break, or nothing."""
    return (
        _decided(deeds, trace)
        or _stopped(trace)
        or _clears_answered(trace)
        or _failures_told(deeds, trace)
        or _outcomes_told(deeds, trace)
        or _billed(trace)
        or _work_billed(deeds.work, trace)
    )


def _decided(deeds: Deeds, trace: Trace) -> str:
    effects = [effect for _, made in trace.steps for effect in made]
    # Who takes a call away from us, or ends it by force, does not ask the conversation.
    reasons = {effect.reason for effect in effects if isinstance(effect, fx.HangUp)}
    unwritten = [one for one in deeds.unwritten if one[0] != HANG_UP or one[1] in reasons]
    if unwritten:
        return f"what touches the world is in the log first: {' '.join(unwritten[0])} was not"
    decided = Counter(
        [(TOOL, one.name) for one in effects if isinstance(one, fx.CallTool)]
        + [(TRANSFER, one.target) for one in effects if isinstance(one, fx.Transfer)]
    )
    too_many = Counter(one for one in deeds.done if one[0] in (TOOL, TRANSFER)) - decided
    if too_many:
        return f"what is done was decided: {sorted(too_many)[0]} was done too often"
    undone = Counter(one for one in decided.elements() if one[0] == TOOL) - Counter(deeds.done)
    if undone:
        return f"what is decided is done: {sorted(undone)[0]} was not"
    answered = {event.request for event in trace.inputs() if isinstance(event, ev.ToolResult)}
    silent = [one.request for one in effects if isinstance(one, fx.CallTool) and one.request not in answered]
    return f"a tool is answered, known or not: request {silent[0]} was not" if silent else ""


def _stopped(trace: Trace) -> str:
    """A sound beside speech that is stopped ends then and there, and so does an answer that is cancelled."""
    sounding: Counter[str] = Counter()
    stopped_us: dict[str, int] = {}
    cancelled_us: dict[int, int] = {}
    for event, effects in trace.steps:
        if isinstance(event, ev.ReplyText) and event.at_us > cancelled_us.get(event.request, event.at_us):
            return f"what is cancelled is over: request {event.request} answers on"
        late = [lane for lane, at_us in stopped_us.items() if event.at_us > at_us]
        if late:
            return f"what is stopped is silent: the lane {late[0]} was stopped at {stopped_us[late[0]]}"
        if isinstance(event, ev.AssetPlayed):
            sounding[event.lane] -= 1
            stopped_us.pop(event.lane, None)
        for effect in effects:
            if isinstance(effect, fx.PlayAsset):
                sounding[effect.lane] += 1
            if isinstance(effect, fx.StopAsset) and sounding[effect.lane] > 0:
                stopped_us[effect.lane] = event.at_us
            if isinstance(effect, fx.CancelModel):
                cancelled_us.setdefault(effect.request, event.at_us)
    return ""


def _failures_told(deeds: Deeds, trace: Trace) -> str:
    """A provider that failed is an event of the call, unless it failed where nothing hung on it."""
    told = Counter(event.kind for event in trace.inputs() if isinstance(event, ev.ProviderFailed))
    untold = [kind for kind, _ in sorted(deeds.failures.items()) if kind and not told[kind]]
    return f"a failure is told: the {untold[0]} failed" if untold else ""


def _clears_answered(trace: Trace) -> str:
    """How far the agent was heard that is silenced is known at once, and not made up for when nobody says it."""
    open_us: dict[int, int] = {}
    for event, effects in trace.steps:
        if isinstance(event, ev.Cleared):
            open_us.pop(event.generation, None)
        late = [generation for generation, at_us in open_us.items() if event.at_us > at_us + ANSWER_US]
        if late:
            return f"a clear is answered at once: the one of generation {late[0]} was not"
        open_us.update({effect.generation: event.at_us for effect in effects if isinstance(effect, fx.Clear)})
    return ""


def _outcomes_told(deeds: Deeds, trace: Trace) -> str:
    """An answer that is complete and a transfer that was made or not are events of the call, and not only missed after a while."""
    told = Counter(
        type(event).__name__
        for event in trace.inputs()
        if not isinstance(event, ev.TransferProgress) or event.state in ("completed", "failed")
    )
    untold = [kind for kind, count in sorted(deeds.outcomes.items()) if told[kind] < count]
    return f"what came to its end is told: {untold[0]} was, {told[untold[0]]} times" if untold else ""


def _billed(trace: Trace) -> str:
    """What gave text or sound is billed, finished or not."""
    inputs = trace.inputs()
    used = {event.request for event in inputs if isinstance(event, ev.UsageReported) and event.kind == "model"}
    free = [event.request for event in inputs if isinstance(event, ev.ReplyText) and event.request not in used]
    if free:
        return f"what was used is billed: the answer to request {free[0]} was not"
    spoken = {event.generation for event in inputs if isinstance(event, ev.UsageReported) and event.kind == "voice"}
    unpaid = [
        event.generation for event in inputs if isinstance(event, ev.VoiceReady) and event.generation not in spoken
    ]
    return f"what was used is billed: the voice of generation {unpaid[0]} was not" if unpaid else ""


def _work_billed(work: Work, trace: Trace) -> str:
    """What a provider did is in the log, as it was told or as it is estimated: never as nothing, and never twice."""
    if work.streams:
        return f"what is opened is closed: {work.streams} streams of the recogniser were not"
    used = [event for event in trace.inputs() if isinstance(event, ev.UsageReported) and event.amount]
    answered = Counter(
        purpose for purpose, _ in {(event.purpose, event.request) for event in used if event.kind == "model"}
    )
    unpaid = sorted((work.asked - answered).elements())
    if unpaid:
        return f"what was used is billed: {len(unpaid)} questions to the model were not ({unpaid[0]})"
    texts = sum(event.kind == "voice" for event in used)
    if texts < work.texts:
        return f"what was used is billed: {work.texts - texts} texts of the voice were not"
    if texts > work.texts_given:
        return f"what is billed was used: {texts} texts of the voice of {work.texts_given}"
    billed_ms = sum(event.amount for event in used if event.kind == "transcriber")
    if billed_ms < work.heard_ms:
        return f"what was used is billed: {billed_ms} ms of {work.heard_ms} ms heard"
    if billed_ms > work.given_ms:
        return f"what is billed was used: {billed_ms} ms of the {work.given_ms} ms given to the recogniser"
    return ""
