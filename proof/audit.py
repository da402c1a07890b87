"""What must hold in every simulated conversation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import (
    GRACE_MS,
    HOLD_MOST_MS,
    MS_PER_CHARACTER,
    PLAYOUT_SLACK_MS,
    RING_GRACE_MS,
    TRANSFER_WAIT_MS,
)
from callwright.conversation.invariants import FACTS
from callwright.conversation.log import canonical, values_of
from callwright.conversation.opt_out import said
from callwright.conversation.stops import normalised
from callwright.conversation.turn import KEYED_AS
from callwright.conversation.voicemail import DETECTED, FOUND, TAKEN_BACK
from callwright.domain.limits import MAX_CALL_SECONDS, MAX_HISTORY_MESSAGES, MAX_RING_SECONDS
from callwright.lab.trace import Step, Trace
from proof.accounts.presence import answers_all
from proof.accounts.reading import contradiction

KEPT_IN_NOTES = frozenset(
    {
        "back_channel",
        "echo",
        "words_revised",
        "words_unconfirmed",
        "discarded_words",
        "words_before_answer",
        "words_after_end",
        "utterance_cut",
    }
)
"""Kinds of notes that hold a caller's words no turn has."""

STALL_MS = 32_000
"""The core's longest wait is the one for a tool, TOOL_WAIT_MS; a transfer and a line on hold may last longer."""

_ENTRY = re.compile(rf"{KEYED_AS} ([0-9*#A-D]+)")


def audit(trace: Trace, *, voice_tells: bool = False) -> str:
    """The first rule the whole conversation breaks, or nothing. A rule's text has no numbers before its colon.
    ``voice_tells``: a clause that the voice loses is told, as the real shell does (`call.live.say`)."""
    if trace.broken:
        return trace.broken
    return (
        _ended_in_time(trace)
        or _words_kept(trace)
        or _words_said_once(trace)
        or _nothing_unheard(trace.heard, trace.steps)
        or _history_heard(trace)
        or _resumed_truly(trace)
        or _keys_kept(trace)
        or _transfers_settled(trace)
        or _patient_on_hold(trace)
        or _speculation_unheard(trace)
        or _tools_answered(trace)
        or _waits_filled(trace)
        or _stopped_is_stopped(trace)
        or _machines_hear_no_reply(trace)
        or _machines_are_left(trace)
        or _never_stalls(trace, voice_tells=voice_tells)
        or _quiet_after_end(trace)
        or contradiction(trace.steps, trace.heard, trace.ended)
    )


def _ended_in_time(trace: Trace) -> str:
    answered_us = plan_ms = -1
    for event, _ in trace.steps:
        if isinstance(event, ev.Started) and plan_ms < 0:
            plan_ms = event.plan.call_terminate_ms or MAX_CALL_SECONDS * 1000
        elif isinstance(event, ev.Answered) and answered_us < 0:
            answered_us = event.at_us
    last_us = _over_us(trace.steps)
    if not trace.ended:
        return f"a call ends: still going on at {last_us}"
    if answered_us < 0:
        limit_us = (MAX_RING_SECONDS * 1000 + RING_GRACE_MS + GRACE_MS) * 1000
    else:
        limit_us = answered_us + (min(plan_ms, MAX_CALL_SECONDS * 1000) + GRACE_MS) * 1000
    return "" if last_us <= limit_us else f"a call ends within its maximum: {last_us} after {limit_us}"


def _over_us(steps: Sequence[Step]) -> int:
    """When the call was over; news of it may still come later."""
    for event, effects in steps:
        if isinstance(event, ev.LegEnded) or fx.Note("leg_unconfirmed", "") in effects:
            return event.at_us
    return steps[-1][0].at_us


def _words_kept(trace: Trace) -> str:
    """Every final word is in a turn or in a note (a later final of the same segment replaces the earlier one)."""
    finals: dict[int, str] = {}
    kept: set[str] = set()
    for event, effects in trace.steps:
        if isinstance(event, ev.TranscriptFinal):
            finals[event.segment] = event.text
        for effect in effects:
            if isinstance(effect, fx.UserSaid) or (isinstance(effect, fx.Note) and effect.kind in KEPT_IN_NOTES):
                kept.update(effect.text.split())
    lost = [word for text in finals.values() for word in text.split() if word not in kept]
    if lost:
        # A partial that was taken as it stood may have other marks than its final: "mhm," and "mhm".
        spoken = {normalised(word) for word in kept}
        lost = [word for word in lost if normalised(word) not in spoken]
    return f"a caller's words are never lost: {lost[:5]}" if lost else ""


def _words_said_once(trace: Trace) -> str:
    """A numbered word of the caller (w17) is in one turn only."""
    seen: dict[str, int] = {}
    for _, effects in trace.steps:
        for effect in effects:
            if isinstance(effect, fx.UserSaid):
                for word in effect.text.split():
                    if seen.setdefault(word, effect.turn) != effect.turn and word[0] == "w" and word[1:].isdigit():
                        return f"a caller's words are in one turn: {word} again in turn {effect.turn}"
    return ""


def _nothing_unheard(heard: Mapping[int, frozenset[str]], steps: Sequence[Step]) -> str:
    """What the record says was heard did leave the loudspeaker, unless it is marked as a guess."""
    for _, effects in steps:
        for effect in effects:
            if isinstance(effect, fx.AgentSaid) and not effect.estimated and effect.generation in heard:
                unheard = [word for word in effect.text.split() if word not in heard[effect.generation]]
                if unheard:
                    return f"nobody is said to have heard what never sounded: {unheard[:5]} of {effect.generation}"
    return ""


def _history_heard(trace: Trace) -> str:
    """What the model is told it said was heard, or is being said now."""
    heard: set[str] = set()
    spoken: dict[int, list[str]] = {}
    audible = 0
    for _, effects in trace.steps:
        for effect in effects:
            if isinstance(effect, fx.Speak):
                spoken.setdefault(effect.generation, []).extend(effect.text.split())
            elif isinstance(effect, fx.Release):
                audible = effect.generation
            elif isinstance(effect, fx.AgentSaid):
                audible = 0
                heard.update(effect.text.split())
            elif isinstance(effect, fx.AskModel):
                told = [w for m in effect.messages if m.role == "assistant" for w in m.content.split()]
                unheard = [word for word in told if word not in heard and word not in spoken.get(audible, ())]
                if unheard:
                    return f"history never holds unheard words: {unheard[:5]} in request {effect.request}"
    return ""


def _resumed_truly(trace: Trace) -> str:
    """A sentence that was cut by nothing goes on with the word after the last that was heard."""
    spoken: dict[int, list[str]] = {}
    heard: dict[int, int] = {}
    clauses: Counter[int] = Counter()
    broken_off: set[int] = set()  # where the voice failed; the model may have said more than the voice was given
    for _, effects in trace.steps:
        for effect in effects:
            if isinstance(effect, fx.Speak):
                spoken.setdefault(effect.generation, []).extend(effect.text.split())
                clauses[effect.generation] += 1
            elif isinstance(effect, fx.EndSpeech) and effect.clauses < clauses[effect.generation]:
                broken_off.add(effect.generation)
            elif isinstance(effect, fx.AgentSaid):
                heard[effect.generation] = len(effect.text.split())
            elif isinstance(effect, fx.Release) and effect.resumes:
                left = spoken.get(effect.resumes, [])[heard.get(effect.resumes, 0) :]
                goes_on = spoken.get(effect.generation, [])
                if goes_on != left and not (effect.resumes in broken_off and goes_on[: len(left)] == left):
                    return f"what is resumed is what was not heard: {effect.generation} after {effect.resumes}"
    return ""


def _never_stalls(trace: Trace, *, voice_tells: bool) -> str:
    """Where silence has a limit, something happens at least every STALL_MS: the longest single wait of the core, and some."""
    last_us = 0
    waits_ms: dict[str, int] = {}
    sound_ms: Counter[int] | None = None if voice_tells else Counter()  # that the voice may make, by utterance
    limited = answered = False
    transfers: set[str] = set()
    services: set[int] = set()  # requests to a service that transfers
    rung_until_us = 0  # by one that took it on; the accounts hold that it is waited for no longer than it may
    for event, effects in trace.steps:
        if isinstance(event, ev.Started):
            limited = limited or event.plan.hangup_after_silence_ms > 0
            transfers.update(tool.name for tool in event.plan.transfers)
        if (
            answered
            and limited
            and event.at_us - max(last_us, rung_until_us) > max(STALL_MS, *waits_ms.values(), 0) * 1000
        ):
            return f"a call never stalls: nothing from {last_us} to {event.at_us}"
        answered = answered or isinstance(event, ev.Answered)
        if isinstance(event, ev.LegEnded) or fx.Note("leg_unconfirmed", "") in effects:
            return ""
        if isinstance(event, ev.ToolResult) and event.ok and event.request in services:
            rung_until_us = event.at_us + TRANSFER_WAIT_MS * 1000
        services.update(one.request for one in effects if isinstance(one, fx.CallTool) and one.name in transfers)
        _account(waits_ms, sound_ms, event, effects)
        if effects or not isinstance(event, ev.DeadlineReached):
            last_us = event.at_us
    return ""


def _account(
    waits_ms: dict[str, int], sound_ms: Counter[int] | None, event: ev.Event, effects: Sequence[fx.Effect]
) -> None:
    """What the call may be silent for now, and how long. A voice that loses a clause and does not say so is waited for as long as all it
    was given may last (the shell's tells it: `call.live.say`); the account of times holds that to the lengths that are known."""
    if isinstance(event, ev.LineHeld) and event.on:
        waits_ms["hold"] = HOLD_MOST_MS + STALL_MS
    elif isinstance(event, ev.LineHeld):
        waits_ms.pop("hold", None)
    elif isinstance(event, ev.VoiceFinished) and sound_ms is not None:
        sound_ms[event.generation] += event.audio_ms
        if (playout := f"playout of {event.generation}") in waits_ms:
            waits_ms[playout] += event.audio_ms
    for effect in effects:
        if isinstance(effect, fx.Transfer):
            waits_ms["transfer"] = TRANSFER_WAIT_MS + STALL_MS
        elif isinstance(effect, fx.TransferSettled):
            waits_ms.pop("transfer", None)
        elif sound_ms is None:
            continue
        elif isinstance(effect, fx.Speak):
            sound_ms[effect.generation] += 2 * MS_PER_CHARACTER * len(effect.text)
        elif isinstance(effect, fx.EndSpeech):
            waits_ms[f"playout of {effect.generation}"] = sound_ms[effect.generation] + PLAYOUT_SLACK_MS
        elif isinstance(effect, fx.Clear | fx.AgentSaid | fx.Withdrawn):
            waits_ms.pop(f"playout of {effect.generation}", None)


def _keys_kept(trace: Trace) -> str:
    """Every key pressed is part of an entry or in a note of its own; a finishing key may be used up."""
    pressed: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    turns: dict[int, str] = {}
    end = "#"
    for event, effects in trace.steps:
        if isinstance(event, ev.Started):
            end = event.plan.keys_end or "none"
        elif isinstance(event, ev.KeyPressed):
            pressed[event.key] += 1
        for effect in effects:
            if isinstance(effect, fx.Note) and effect.kind == "key":
                kept[effect.text] += 1
            elif isinstance(effect, fx.UserSaid):
                turns[effect.turn] = effect.text  # the last turn may be told again
            elif isinstance(effect, fx.Note) and effect.kind in KEPT_IN_NOTES:
                kept.update("".join(_ENTRY.findall(effect.text)))
    kept.update("".join(key for text in turns.values() for key in _ENTRY.findall(text)))
    lost = [key for key in pressed if key != end and pressed[key] != kept[key]]
    return f"a caller's keys are never lost: {lost}" if lost else ""


def _patient_on_hold(trace: Trace) -> str:
    """Nobody is asked whether they are there, or hung up on for silence, while the line is held."""
    held_us = -1
    answered = False
    for event, effects in trace.steps:
        answered = answered or isinstance(event, ev.Answered)
        if answered and isinstance(event, ev.LineHeld):
            held_us = (event.at_us if held_us < 0 else held_us) if event.on else -1
        if held_us < 0 or event.at_us - held_us >= HOLD_MOST_MS * 1000:
            continue
        for effect in effects:
            asks = isinstance(effect, fx.Speak) and effect.purpose == "silence"
            leaves = isinstance(effect, fx.HangUp) and effect.reason == "inactivity_timeout"
            # A goodbye that had begun before the hold is said to its end.
            if event.at_us > held_us and (asks or (leaves and not _closing_since(trace, held_us))):
                return f"a caller on hold is waited for: {effect}"
    return ""


def _closing_since(trace: Trace, held_us: int) -> bool:
    """Whether the call was saying goodbye already when the line was held, and did not take that back."""
    closing = False
    for event, effects in trace.steps:
        for effect in effects:
            if isinstance(effect, fx.Speak) and effect.purpose == "goodbye" and event.at_us <= held_us:
                closing = True
            elif isinstance(effect, fx.Note) and effect.kind == "goodbye_taken_back":
                closing = False
    return closing


def _transfers_settled(trace: Trace) -> str:
    """A transfer has an outcome, no news of its success is dropped, and the caller who was handed over is let go."""
    settled: dict[int, bool] = {}
    over: set[int] = set()
    handed_us = -1
    for event, effects in trace.steps:
        told = isinstance(event, ev.TransferProgress) and event.state == "completed"
        request = event.request if isinstance(event, ev.TransferProgress) else 0
        open_before = settled.get(request) is False and request not in over
        for effect in effects:
            if isinstance(effect, fx.Transfer):
                settled[effect.request] = False
            elif isinstance(effect, fx.TransferSettled):
                settled[effect.request] = effect.transferred
                handed_us = event.at_us if effect.transferred else handed_us
        if told and open_before and not settled[request]:
            return f"a transfer's outcome is never dropped: {request}"
        if isinstance(event, ev.TransferProgress) and event.state in ("completed", "failed"):
            over.add(request)
    if handed_us >= 0 and not trace.ended:
        return f"a caller who was handed over is let go: {handed_us}"
    return ""


def _tools_answered(trace: Trace) -> str:
    """What a tool answered is what the model is told of it, from then on."""
    called: dict[int, str] = {}
    open_: set[int] = set()
    for event, effects in trace.steps:
        if isinstance(event, ev.ToolResult) and event.request in open_:
            open_.discard(event.request)
            called[event.request] = event.result
        elif isinstance(event, ev.ProviderFailed) and event.kind == "tool":
            open_.discard(event.request)
        for effect in effects:
            if isinstance(effect, fx.CallTool):
                open_.add(effect.request)
            elif isinstance(effect, fx.AskModel) and len(effect.messages) < MAX_HISTORY_MESSAGES:
                told = "\n".join(m.content for m in effect.messages if m.role == "tool")
                lost = [request for request, result in called.items() if _plain(result) not in _plain(told)]
                if lost:
                    return f"a tool's answer is told to the model: {lost} in request {effect.request}"
    return ""


def _plain(text: str) -> str:
    """Text as it also stands within JSON."""
    return text.replace("\\", "").replace('"', "")


def _waits_filled(trace: Trace) -> str:
    """The words of tools are said while one runs, and each waiting message at most once for each tool that was called."""
    running: set[int] = set()
    called = said = most = 0
    for event, effects in trace.steps:
        if isinstance(event, ev.Started):
            most = 1 + len(event.plan.waiting_messages)
        if isinstance(event, ev.ToolResult) or (isinstance(event, ev.ProviderFailed) and event.kind == "tool"):
            running.discard(event.request)
        for effect in effects:
            match effect:
                case fx.CallTool():
                    running.add(effect.request)
                    called += 1
                case fx.CancelTool():
                    running.discard(effect.request)
                case fx.Speak() if effect.purpose == "tool" and effect.index == 0:
                    if not running:
                        return f"a tool's words are said while it runs: {effect.generation}"
                case fx.AgentSaid() if effect.purpose == "tool":
                    said += 1
    # Words that nobody heard may be said again.
    return f"waiting messages are bounded: {said} for {called} tools" if said > called * most else ""


def _speculation_unheard(trace: Trace) -> str:
    """A speculative reply is committed or withdrawn, is not heard before, and a reply answers the words the record has, but for those
    behind them that only ask whether somebody is there."""
    language = next((event.plan.language for event, _ in trace.steps if isinstance(event, ev.Started)), "en")
    open_turns: dict[int, int] = {}
    asked: dict[int, str] = {}
    taken = 0
    for _, effects in trace.steps:
        said: dict[int, str] = {}
        for effect in effects:
            match effect:
                case fx.Speculative():
                    open_turns[effect.generation] = effect.turn
                case fx.Committed() | fx.Withdrawn():
                    open_turns.pop(effect.generation, None)
                case fx.AskModel():
                    # Of the last turn, which is taken, a reply that is owed answers no words.
                    asked[effect.generation] = effect.messages[-1].content if effect.turn > taken else ""
                case fx.UserSaid():
                    said[effect.turn], taken = effect.text, effect.turn
                case fx.CallTool() | fx.Transfer() if effect.turn in open_turns.values():
                    return f"a tool waits for the caller to finish: {effect.call_id}"
                case fx.Release():
                    if effect.generation in open_turns:
                        return f"a speculative reply is not heard: {effect.generation}"
                    answered = said.get(effect.turn)
                    question = asked.get(effect.generation, answered or "")  # of what is said without a model
                    if answered is not None and not answers_all(question, answered, language):
                        return f"a reply answers what was said: {answered} in generation {effect.generation}"
    return f"a speculative reply is committed or withdrawn: {open_turns}" if open_turns and trace.ended else ""


def _stopped_is_stopped(trace: Trace) -> str:
    """A caller who asked not to be called any more is asked nothing after it, and the record has it once."""
    plan = next((event.plan for event, _ in trace.steps if isinstance(event, ev.Started)), None)
    if plan is None or not plan.opt_out:
        unasked = any(isinstance(effect, fx.OptedOut) for _, effects in trace.steps for effect in effects)
        return "an opt-out is noticed only where the agent should: it was" if unasked else ""
    noticed: fx.OptedOut | None = None
    closing = False
    for event, effects in trace.steps:
        for effect in effects:
            match effect:
                case fx.OptedOut() if noticed is not None or not said(effect.text, plan.language):
                    return f"an opt-out is noticed once: {effect.text}"
                case fx.OptedOut():
                    noticed = effect
                case fx.AskModel() | fx.CallTool() if noticed is not None:
                    return f"after an opt-out the call ends: turn {effect.turn}"
                case fx.Speak() if effect.purpose == "goodbye":
                    closing = True
                case fx.Note() if effect.kind == "goodbye_taken_back":
                    closing = False
                case fx.HangUp():
                    closing = True
                case fx.UserSaid() if noticed is None and not closing and said(effect.text, plan.language):
                    answered = any(isinstance(one, fx.OptedOut) for one in effects)
                    over = isinstance(event, ev.LegEnded) or any(isinstance(one, fx.HangUp) for one in effects)
                    # What a machine says is nobody's wish: it is left its message.
                    over = over or any(isinstance(one, fx.Speak) and one.purpose == "voicemail" for one in effects)
                    if not answered and not over and any(isinstance(one, fx.Release) for one in effects):
                        return f"an opt-out is not answered by the model: turn {effect.turn}"
    return ""


def _machines_hear_no_reply(trace: Trace) -> str:
    """Between a machine that was found and a person who says that it was none, nothing is asked and only the message is said."""
    found = False
    for _, effects in trace.steps:
        for effect in effects:
            if isinstance(effect, fx.Note) and effect.kind in (FOUND, TAKEN_BACK):
                found = effect.kind == FOUND
            asks = isinstance(effect, fx.AskModel)
            speaks = isinstance(effect, fx.Speak) and effect.purpose not in ("voicemail", "goodbye")
            if found and (asks or speaks or isinstance(effect, fx.Transfer | fx.PlayAsset)):
                return f"a machine hears no reply: {type(effect).__name__}"
    return ""


def _machines_are_left(trace: Trace) -> str:
    """A call on which a machine was found ends for that reason, unless it was none, or somebody else or a failure ended it before."""
    found = ""
    for event, effects in trace.steps:
        for effect in effects:
            if isinstance(effect, fx.Note) and effect.kind in (FOUND, TAKEN_BACK):
                found = effect.text if effect.kind == FOUND else ""
            if isinstance(effect, fx.HangUp) and found and effect.reason not in (DETECTED, "synthesizer_error"):
                stopped = isinstance(event, ev.StopRequested)
                failed = effect.by == "Error"
                if not (stopped or failed or effect.reason == "call_transferred"):
                    return f"a machine is hung up on as one: {effect.reason}"
    return ""


def _quiet_after_end(trace: Trace) -> str:
    over = False
    for event, effects in trace.steps:
        over = over or isinstance(event, ev.LegEnded)
        if over:
            for effect in effects:
                if type(effect) not in FACTS:
                    return f"after the end nothing but facts: {type(effect).__name__}"
    return ""


def same_effects(first: Trace, second: Trace) -> str:
    """The first difference of two traces' effects, as they would stand in a log, or nothing."""
    left, right = _flat(first), _flat(second)
    for position, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return f"effect {position}: {one} and {other}"
    return "" if len(left) == len(right) else f"{len(left)} effects and {len(right)}"


def _flat(trace: Trace) -> list[str]:
    return [
        f"{type(effect).__name__} {canonical(values_of(effect))}" for _, effects in trace.steps for effect in effects
    ]
