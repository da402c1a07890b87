"""How an attempt ends: the change of its row, for every way there is. No I/O here; :func:`record_of` reads a log that was read before."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from callwright.conversation.effects import HangUp
from callwright.conversation.events import LegEnded
from callwright.conversation.log import LogFormatError, entry_line, values_of
from callwright.domain.limits import MAX_LOST_CLAIMS
from callwright.insight.record import BuiltRecord, build
from callwright.insight.view import view_of
from callwright.ops.rounds import round_boundary
from callwright.platform.executions.rules.causes import CAUSES
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import CHAT, Execution, Phase
from callwright.platform.executions.rules.retry import ENDS_AS, LOST_CLAIMS, RETRY_CLASS, STOP_REQUESTED
from callwright.platform.prices.rules import Prices
from callwright.ports.leg import LegClosed

FINISH_JOB = "finish"
TALK_JOB = "transferred_talk"
"""The job that adds what a carrier reports of a call after its hand-over."""
RECORDING_JOB = "transferred_recording"
"""The job that fetches a carrier's recording of the talk after a hand-over."""
ANSWERED = "answered"
ERROR = "Error"
ERROR_CODE = 5010
INTERNAL_ERROR = "internal_error"
NODE_LOST = "node_lost"
NODE_DRAINING = "node_draining"
MAX_ERROR_CHARACTERS = 500
_PATH = re.compile(r"(?<![\w:/.])(?:/[^\s/'\"]+){2,}/?")
"""An absolute path, but not that of a URL."""
_UNANSWERED = frozenset({"busy", "no-answer", "failed", "canceled"})


def job_payload(execution_id: str, attempt: int, node: str = "") -> bytes:
    """The payload of the job that finishes an attempt. ``node``: the name of the node that has its sound, empty where that is lost or
    lies wherever the job runs."""
    return json.dumps({"execution_id": execution_id, "attempt": attempt, "node": node}).encode()


def record_of(log: bytes, prices: Prices, carrier: str) -> BuiltRecord:
    """What a log tells, as far as it can be read; nothing when it cannot: it must not keep a call from ending."""
    if not log:
        return BuiltRecord({}, {})
    with round_boundary("reading a call's log"):
        return build(log.decode(errors="replace"), prices, carrier)
    return BuiltRecord({}, {})


def last_sign_line(log: bytes, audio_ms: int, beat_at: datetime | None) -> bytes:
    """The line that carries a log which breaks off to the last sign of its call: nothing may have been worth an entry for long before the
    process died. That is the end of the sound that was kept or, of a call without sound such as a chat, the last heartbeat of the process
    (None: unknown). Empty when the log goes as far, or cannot be read."""
    try:
        view = view_of(log.decode(errors="replace"))
    except LogFormatError:
        return b""
    if view.answered_us is None or view.first("LegEnded") is not None:
        return b""
    until, name, values = view.answered_us + audio_ms * 1000, "sound_kept", {"audio_ms": audio_ms}
    if not audio_ms and beat_at is not None:
        lived = beat_at - datetime.fromisoformat(view.header.started_at)
        until, name, values = lived // timedelta(microseconds=1), "last_beat", {}
    if until <= view.ended_us:
        return b""
    return entry_line(view.entries[-1].seq + 1, until, "leg", "fact", name, values).encode()


def end_lines(log: bytes, closed: LegClosed, wanted: HangUp | None, at_us: int) -> bytes:
    """The lines that end a log whose file was cut or removed during the call: the hang-up that was wanted, and the end of the leg. Empty
    when the log has its end, or cannot be read."""
    try:
        view = view_of(log.decode(errors="replace"))
    except LogFormatError:
        return b""
    if view.first("LegEnded") is not None:
        return b""
    at_us, seq, lines = max(at_us, view.ended_us), len(view.entries), ""
    if wanted is not None and view.first("HangUp") is None:
        seq += 1
        lines += entry_line(seq, at_us, "core", "out", "HangUp", values_of(wanted))
    ended = LegEnded(at_us, closed.outcome, closed.by, closed.reason, closed.code)
    return (lines + entry_line(seq + 1, at_us, "leg", "in", "LegEnded", values_of(ended))).encode()


@dataclass(frozen=True, slots=True)
class Ending:
    """What the process knows of the end of a leg, beside the log. ``broken`` is the message of the invariant that ended the call."""

    closed: LegClosed
    wanted: HangUp | None
    broken: str
    answered: bool

    def outcome(self) -> tuple[str, str]:
        """How the attempt ended, and the error message if it has one."""
        closed, wanted = self.closed, self.wanted
        if self.broken:
            return "error", f"broken invariant: {self.broken}"
        if closed.outcome in ("error", "balance-low"):
            return closed.outcome, closed.reason
        if self.answered:
            return ANSWERED, ""
        if wanted is not None and wanted.by == ERROR:
            return "error", wanted.reason
        if wanted is not None and wanted.reason == "not_answered":
            return "no-answer", ""
        if closed.outcome in _UNANSWERED:
            return closed.outcome, closed.reason if closed.outcome == "failed" else ""
        return "error", closed.reason

    @property
    def is_completed(self) -> bool:
        """Whether the call was answered and nothing of ours failed."""
        return self.outcome()[0] == ANSWERED

    def retry_class(self, outcome: str) -> str:
        """Of the cause that gave the call this outcome; the outcome itself where something else did."""
        cause = CAUSES.get(self.closed.cause)
        return cause.retry if cause is not None and cause.outcome == outcome and not self.broken else outcome


def ended(ending: Ending, built: BuiltRecord, now: datetime) -> Change:
    """The leg ended, and the log was read. A failure of a provider is told in its own sentence; a defect of ours comes before it."""
    columns = _of_log(built, now)
    outcome, message = ending.outcome()
    if outcome == ANSWERED and built.is_unanswered:
        # Whoever took the call heard fixed sentences at most; the record has the sentence.
        outcome = "error"
    if outcome == ANSWERED:
        return Change(Phase.FINISHING, columns=columns, record=built.record)
    columns["completed_at"] = now
    if outcome != "error":
        columns.pop("error_message", None)  # the far end was not there; what else did not work had no part in it
    if outcome == "balance-low":
        # The log has the sentence; whoever counts reasons needs one word.
        columns["hangup_reason"] = CAUSES["balance_low"].reason
    if message and (ending.broken or "error_message" not in columns):
        columns["error_message"] = message[:MAX_ERROR_CHARACTERS]
    if outcome == "error":
        columns.setdefault("hangup_by", ERROR)
    return Change(
        Phase.DONE, outcome, columns=columns, record={**built.record, RETRY_CLASS: ending.retry_class(outcome)}
    )


def told(error: Exception) -> str:
    """What a tenant reads of an error that nobody foresaw: no path of the server."""
    if isinstance(error, OSError) and error.strerror:
        return f"{type(error).__name__}: {error.strerror}"
    return f"{type(error).__name__}: {_PATH.sub('(a file)', str(error))}"


def refused(message: str, now: datetime) -> Change:
    """The call could not even be tried."""
    return _error("configuration", message, {"ended_at": now}, now)


def undialled(by: str, reason: str, now: datetime, phase: Phase) -> Change:
    """Stopped before there was a conversation: before anybody was called, or while a call that came in rang (``phase``)."""
    columns: dict[str, Any] = {"hangup_by": by, "hangup_reason": reason, "ended_at": now, "completed_at": now}
    if by != ERROR:
        return Change(Phase.DONE, "stopped" if phase is Phase.CLAIMED else "canceled", columns=columns)
    return Change(Phase.DONE, "error", columns={**columns, "error_message": reason})


def given_back(row: Execution, now: datetime, *, died: bool = False) -> Change | None:
    """The change by which a call waits again that its process took and did not dial; None where the call is to end. ``died``: the process
    did. The intent is written before a carrier is asked, so that nobody is called twice."""
    lost = int(row.options.get(LOST_CLAIMS, 0)) + died
    is_placed = row.direction == "outbound" and row.carrier != CHAT
    if row.phase is not Phase.CLAIMED or not is_placed or STOP_REQUESTED in row.options or lost > MAX_LOST_CLAIMS:
        return None
    columns = {"options": {**row.options, LOST_CLAIMS: lost}} if died else {}
    return replace(waits_again(row, now), columns=columns)


def waits_again(row: Execution, now: datetime) -> Change:
    """The change by which a call that was taken waits again, to be dialled at once."""
    # Where hours were changed, it was taken before the time that it was scheduled for.
    is_early = row.scheduled_at is not None and row.scheduled_at > now
    return Change(Phase.WAITING, "queued", due_at=now if is_early else None)


def cut_off(built: BuiltRecord, reason: str, message: str, now: datetime) -> Change:
    """The process died, or a defect of ours ended the call: the record is what the log holds."""
    return _error(reason, message, _of_log(built, now), now, built.record)


def before_post_work(change: Change) -> Change:
    """``change``, which ends an answered attempt whose post-call work is still to come: until then it has no final status, so that the
    webhook of that status has the whole record."""
    if change.phase is not Phase.DONE or change.detail is None:
        return change
    columns = {name: value for name, value in change.columns.items() if name != "completed_at"}
    return Change(Phase.FINISHING, columns=columns, record={**change.record, ENDS_AS: change.detail})


def _of_log(built: BuiltRecord, now: datetime) -> dict[str, Any]:
    columns = {name: value for name, value in built.columns.items() if value is not None}
    columns.setdefault("ended_at", now)
    if "error_message" in columns:
        columns["error_message"] = columns["error_message"][:MAX_ERROR_CHARACTERS]
    return columns


def _error(
    reason: str, message: str, columns: dict[str, Any], now: datetime, record: dict[str, Any] | None = None
) -> Change:
    columns = {
        **columns,
        "hangup_by": ERROR,
        "hangup_reason": reason,
        "hangup_code": ERROR_CODE,
        "error_message": message[:MAX_ERROR_CHARACTERS],
        "completed_at": now,
    }
    return Change(Phase.DONE, "error", columns=columns, record=record or {})
