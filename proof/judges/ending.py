"""A call ends: within its maximum, without a long silence, for the reason it has, and nothing begins after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.domain.limits import MAX_CALL_SECONDS, MAX_RING_SECONDS
from callwright.lab.trace import Step, Trace
from proof.judges.reading import follow, new_words, plan_of

STALL_MS = 32_000
"""So long nothing may happen where silence has a limit: the longest an agent waits for a tool, and some."""
TRANSFER_MS = 50_000
"""So much longer where a transfer rings."""
HOLD_MS = 300_000
"""So much longer while the line is on hold."""
GRACE_MS = 35_000
"""A call may go on for so long after its maximum: to say goodbye, and to hear that the line is down."""
RING_GRACE_MS = 30_000 + GRACE_MS
SLOW_MS_PER_CHARACTER = 280
"""No voice speaks slower."""
PLAYOUT_MS = 5_000
"""How much longer than its length speech may be waited for."""
LATE_MS = 100

_FACTS = (fx.UserSaid, fx.AgentSaid, fx.Withdrawn, fx.TransferSettled, fx.OptedOut, fx.Note)


def judge_ending(trace: Trace, *, voice_tells: bool) -> str:
    """A call ends within its maximum, is never silent for long, and nothing begins after its end.

    ``voice_tells``: the voice reports each clause that it loses, as the real shell does.
    """
    return _in_time(trace) or _reasons(trace) or _stalls(trace, voice_tells=voice_tells) or _after(trace)


def _in_time(trace: Trace) -> str:
    answered_us = next((event.at_us for event, _ in trace.steps if isinstance(event, ev.Answered)), -1)
    last_us = _over_us(trace.steps)
    if not trace.ended:
        return f"a call ends: still going on at {last_us}"
    if answered_us < 0:
        limit_us = (MAX_RING_SECONDS * 1000 + RING_GRACE_MS) * 1000
    else:
        limit_us = answered_us + (_maximum_ms(trace) + GRACE_MS) * 1000
    return "" if last_us <= limit_us else f"a call ends within its maximum: {last_us} after {limit_us}"


def _maximum_ms(trace: Trace) -> int:
    return min(plan_of(trace).call_terminate_ms or MAX_CALL_SECONDS * 1000, MAX_CALL_SECONDS * 1000)


def _over_us(steps: Sequence[Step]) -> int:
    """When the call was over; news of it may still come later."""
    for event, effects in steps:
        if isinstance(event, ev.LegEnded) or fx.Note("leg_unconfirmed", "") in effects:
            return event.at_us
    return steps[-1][0].at_us


def _reasons(trace: Trace) -> str:
    """A stop hangs up at once; the maximum is the maximum; silence is hung up on after the silence that was set; nothing begins later."""
    plan, maximum_us = plan_of(trace), _maximum_ms(trace) * 1000
    quiet_us, seen = -1, set[str]()
    for event, effects, before, line in follow(trace):
        if isinstance(event, ev.StopRequested) and before.answered_us >= 0 and not before.ending:
            ends = [one for one in effects if isinstance(one, fx.HangUp)]
            if [(one.by, one.reason) for one in ends] != [(event.by, event.reason)]:
                return f"a call that is stopped is hung up at once: {event.reason}"
        for effect in effects:
            if (
                isinstance(effect, fx.AskModel | fx.CallTool)
                and 0 <= line.answered_us < event.at_us - maximum_us - LATE_MS * 1000
            ):
                return f"nothing is begun after the maximum: {type(effect).__name__} at {event.at_us}"
            if isinstance(effect, fx.AgentSaid):
                quiet_us = max(quiet_us, event.at_us if effect.purpose not in ("silence", "goodbye") else quiet_us)
            if not isinstance(effect, fx.HangUp):
                continue
            if effect.reason == "max_duration_reached" and event.at_us < line.answered_us + maximum_us - LATE_MS * 1000:
                return f"a call has its whole duration: {event.at_us} of {maximum_us}"
            least_us = (plan.hangup_after_silence_ms - LATE_MS) * 1000
            if effect.reason == "inactivity_timeout" and event.at_us - max(quiet_us, line.answered_us) < least_us:
                return f"a call is hung up after the silence that was set: {event.at_us} after {quiet_us}"
        # What a step does may be due to a moment before its event.
        new = new_words(event, seen)
        if new and not before.ending:
            quiet_us = event.at_us
    return ""


def _stalls(trace: Trace, *, voice_tells: bool) -> str:
    plan = plan_of(trace)
    if plan.hangup_after_silence_ms <= 0:
        return ""
    services = {tool.name for tool in plan.transfers}
    waits_ms: dict[str, int] = {}
    sound_ms: Counter[int] | None = None if voice_tells else Counter()
    last_us = rung_until_us = 0
    asked: set[int] = set()  # requests to a service that transfers
    answered = False
    for event, effects in trace.steps:
        allowed_us = max(STALL_MS, *waits_ms.values(), 0) * 1000
        if answered and event.at_us - max(last_us, rung_until_us) > allowed_us:
            return f"a call never stalls: nothing from {last_us} to {event.at_us}"
        answered = answered or isinstance(event, ev.Answered)
        if isinstance(event, ev.LegEnded) or fx.Note("leg_unconfirmed", "") in effects:
            return ""
        if isinstance(event, ev.ToolResult) and event.ok and event.request in asked:
            rung_until_us = event.at_us + TRANSFER_MS * 1000
        asked.update(one.request for one in effects if isinstance(one, fx.CallTool) and one.name in services)
        _account(waits_ms, sound_ms, event, effects)
        if effects or not isinstance(event, ev.DeadlineReached):
            last_us = event.at_us
    return ""


def _account(
    waits_ms: dict[str, int], sound_ms: Counter[int] | None, event: ev.Event, effects: Sequence[fx.Effect]
) -> None:
    """What the call may be silent for now, and how long. A voice that loses a clause without a word is waited for as long as all that it
    was given may last."""
    if isinstance(event, ev.LineHeld) and event.on:
        waits_ms["hold"] = HOLD_MS + STALL_MS
    elif isinstance(event, ev.LineHeld):
        waits_ms.pop("hold", None)
    elif isinstance(event, ev.VoiceFinished) and sound_ms is not None:
        sound_ms[event.generation] += event.audio_ms
        if (playout := f"playout of {event.generation}") in waits_ms:
            waits_ms[playout] += event.audio_ms
    for effect in effects:
        if isinstance(effect, fx.Transfer):
            waits_ms["transfer"] = TRANSFER_MS + STALL_MS
        elif isinstance(effect, fx.TransferSettled):
            waits_ms.pop("transfer", None)
        elif sound_ms is None:
            continue
        elif isinstance(effect, fx.Speak):
            sound_ms[effect.generation] += SLOW_MS_PER_CHARACTER * len(effect.text)
        elif isinstance(effect, fx.EndSpeech):
            waits_ms[f"playout of {effect.generation}"] = sound_ms[effect.generation] + PLAYOUT_MS
        elif isinstance(effect, fx.Clear | fx.AgentSaid | fx.Withdrawn):
            waits_ms.pop(f"playout of {effect.generation}", None)


def _after(trace: Trace) -> str:
    over = False
    for event, effects in trace.steps:
        over = over or isinstance(event, ev.LegEnded)
        begun = [type(effect).__name__ for effect in effects if not isinstance(effect, _FACTS)]
        if over and begun:
            return f"after the end nothing but facts: {begun[0]}"
    return ""
