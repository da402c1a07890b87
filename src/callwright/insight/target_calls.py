"""Calls to the targets of transfers, from the facts ``target`` of a call's log: when each was answered, joined and over, and why.

Of another than a warm transfer there is one where the carrier reports on it after the hand-over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from callwright.insight.view import CallView
from callwright.platform.executions.rules.causes import CAUSES

TARGET = "target"


@dataclass(slots=True)
class TargetCall:
    """One call to a target. Times are the log's, None where it did not come so far; an ``ended_us`` that nobody told is the end of the
    call. ``by``, ``reason`` and ``code``: how it was hung up, in the contract's words."""

    to: str = ""
    provider_call_id: str | None = None
    briefing: str = ""
    answered_us: int | None = None
    joined_us: int | None = None
    ended_us: int = 0
    by: str | None = None
    reason: str | None = None
    code: int | None = None
    quality: Mapping[str, Any] = field(default_factory=dict)
    """The counters of its line, as they were told last."""
    handover: int = 0
    """The number of the handover after which its carrier reports on it; 0: it is a call of our own."""
    is_over: bool = True
    """Whether the carrier has reported, or will report no more."""
    talk_ms: int | None = None
    """How long the talk was, as the carrier reported."""
    is_warm: bool = False
    """Whether we made the call, also where we handed it over later."""
    recording_ms: int | None = None
    """How long the carrier's recording of it is, once we have the file."""
    unrecorded: str = ""
    """Why there is no such file."""

    @property
    def duration_ms(self) -> int | None:
        """From the answer to the end; None where the carrier has not reported it."""
        if self.handover:
            return self.talk_ms
        return 0 if self.answered_us is None else max(0, self.ended_us - self.answered_us) // 1000


def target_calls(view: CallView) -> dict[int, TargetCall]:
    """The calls by the request of their transfer, in order."""
    found: dict[int, TargetCall] = {}
    for entry in view.of("handover"):
        asked = [one for one in view.of("Transfer") if one.seq < entry.seq]
        for last in asked[-1:]:
            # Late: the answer was not reported, only what came of it.
            answered_us = None if entry.values.get("late") else entry.at_us
            call = TargetCall(str(last.values["target"]), answered_us=answered_us, is_over=False)
            call.handover = int(entry.values["number"])
            found[int(last.values["request"])] = call
    for entry in view.of(TARGET):
        values = entry.values
        call = found.setdefault(int(values["request"]), TargetCall(ended_us=view.ended_us, is_warm=True))
        match values["event"]:
            case "dialled":
                call.is_warm = True
                call.to, call.provider_call_id = str(values["to"]), _text(values, "provider_call_id")
            case "answered":
                call.answered_us = entry.at_us
            case "briefing":
                call.briefing = str(values["text"])
            case "joined" | "bridged":
                call.joined_us = entry.at_us
            case "line" if values["what"] == "quality":
                call.quality = dict(values["values"])
            case "closed":
                call.ended_us = entry.at_us
                call.by, call.reason, call.code = _text(values, "by"), _text(values, "reason"), int(values["code"])
            case "reported":
                _report(call, values)
            case "recorded":
                call.recording_ms, call.unrecorded = int(values["recording_ms"]), ""
            case "unrecorded":
                call.unrecorded = str(values["reason"])
    return found


def _report(call: TargetCall, values: Mapping[str, Any]) -> None:
    """Carriers report in several pieces, each again, in any order: what is known stands."""
    call.is_over = True
    call.provider_call_id = call.provider_call_id or _text(values, "provider_call_id")
    if call.talk_ms is None:
        call.talk_ms = values["talk_ms"]
    cause = CAUSES.get(str(values["cause"]))
    if call.by is None and cause is not None:
        call.by, call.reason, call.code = cause.by, cause.reason, cause.code


def _text(values: Any, name: str) -> str | None:
    return str(values[name]) or None
