"""Tools and transfers: done as they were asked for, and their outcome is told."""

from __future__ import annotations

from collections import Counter

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.domain.limits import MAX_HISTORY_MESSAGES
from callwright.lab.trace import Trace


def judge_tools(trace: Trace) -> str:
    """A tool is called once, as the model asked; its answer reaches the model; a transfer has an outcome."""
    wanted: Counter[str] = Counter()
    called: set[int] = set()
    results: dict[int, str] = {}
    for event, effects in trace.steps:
        match event:
            case ev.ReplyTool():
                wanted[event.name] += 1
            case ev.ToolResult() if event.request in called and event.request not in results:
                results[event.request] = event.result
            case ev.ProviderFailed(kind="tool"):
                called.discard(event.request)
            case _:
                pass
        for effect in effects:
            match effect:
                case fx.CallTool():
                    if effect.request in called or effect.request in results:
                        return f"a tool is called once: request {effect.request}"
                    wanted[effect.name] -= 1
                    if wanted[effect.name] < 0:
                        return f"only what the model wanted is called: {effect.name} for {effect.call_id}"
                    called.add(effect.request)
                case fx.AskModel() if len(effect.messages) < MAX_HISTORY_MESSAGES:
                    if rule := _told(effect, results):
                        return rule
                case _:
                    pass
    return _transfers(trace) or _stopped(trace)


def _stopped(trace: Trace) -> str:
    """Nothing more is made, and paid for, of what nobody will hear: model and voice are stopped in the same step."""
    answering: dict[int, int] = {}  # generation -> its request
    voicing: dict[int, set[int]] = {}  # generation -> its clauses that the voice has not finished
    for event, effects in trace.steps:
        match event:
            case ev.ReplyEnded():
                answering = {one: request for one, request in answering.items() if request != event.request}
            case ev.ProviderFailed():
                answering = {one: request for one, request in answering.items() if request != event.request}
                voicing.pop(event.generation, None)
            case ev.VoiceFinished() if event.generation in voicing:
                voicing[event.generation].discard(event.index)
            case _:
                pass
        over: set[int] = set()
        for effect in effects:
            match effect:
                case fx.AskModel():
                    answering[effect.generation] = effect.request
                case fx.Speak():
                    voicing.setdefault(effect.generation, set()).add(effect.index)
                case fx.CancelModel():
                    answering = {one: request for one, request in answering.items() if request != effect.request}
                case fx.CancelVoice():
                    voicing.pop(effect.generation, None)
                case fx.Clear() | fx.Withdrawn():
                    over.add(effect.generation)
                case _:
                    pass
        still = sorted(one for one in over if one in answering or voicing.get(one))
        if (
            still
            and not any(isinstance(effect, fx.HangUp) for effect in effects)
            and not isinstance(event, ev.LegEnded)
        ):
            return f"what nobody will hear is not made: generation {still[0]} at {event.at_us}"
    return ""


def _told(effect: fx.AskModel, results: dict[int, str]) -> str:
    """What the model is told of its tools: each call is answered, and each answer that came is in it."""
    told = _plain("\n".join(message.content for message in effect.messages if message.role == "tool"))
    lost = [request for request, result in results.items() if _plain(result) not in told]
    if lost:
        return f"a tool's answer is told to the model: {lost} in request {effect.request}"
    open_: set[str] = set()
    for message in effect.messages:
        if message.role == "tool":
            if message.tool_call_id not in open_:
                return f"a tool's answer follows its call: {message.tool_call_id} in request {effect.request}"
            open_.discard(message.tool_call_id)
        else:
            open_ |= {call.call_id for call in message.tool_calls}
    return f"every call of a tool has its answer: {sorted(open_)} in request {effect.request}" if open_ else ""


def _plain(text: str) -> str:
    """Text as it also stands within JSON."""
    return text.replace("\\", "").replace('"', "")


def _transfers(trace: Trace) -> str:
    settled: dict[int, bool] = {}
    over: set[int] = set()
    handed_us = -1
    for event, effects in trace.steps:
        moved = event if isinstance(event, ev.TransferProgress) else None
        open_before = moved is not None and settled.get(moved.request) is False and moved.request not in over
        for effect in effects:
            if isinstance(effect, fx.Transfer):
                settled[effect.request] = False
            elif isinstance(effect, fx.TransferSettled):
                settled[effect.request] = effect.transferred
                handed_us = event.at_us if effect.transferred else handed_us
        if moved is None:
            continue
        if moved.state == "completed" and open_before and not settled[moved.request]:
            return f"a transfer's outcome is never dropped: {moved.request}"
        if moved.state in ("completed", "failed"):
            over.add(moved.request)
    if handed_us >= 0 and not trace.ended:
        return f"a caller who was handed over is let go: {handed_us}"
    return ""
