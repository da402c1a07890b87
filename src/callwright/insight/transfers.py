"""Transfers of a call: what was asked of the line and what became of it, and the contract's ``transfer_call_data`` (5.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from callwright.conversation.ending import TRANSFERRED
from callwright.conversation.log import Entry
from callwright.conversation.transfer import JOINED, NOBODY_ANSWERED
from callwright.domain.money import cents_from_nano
from callwright.insight.line import quality_of
from callwright.insight.target_calls import TARGET, TargetCall, target_calls
from callwright.insight.view import CallView
from callwright.platform.agents.rules.transfers import WARM
from callwright.platform.executions.rules.causes import CAUSES, Cause
from callwright.platform.executions.rules.execution import Execution

HANGUP = {"hangup_by": "API Request", "hangup_reason": TRANSFERRED, "hangup_code": 4000}
"""How a call ended whose caller left our leg for the target's, whoever closed it."""

_CAUSES = {"busy": "user_busy", "no-answer": "no_answer", "canceled": "originator_cancel"}
_FAILED = "failed"
_BREAKS_OFF = "the log of the call breaks off"
TRANSFER_MS = "transfer_ms"
"""Key of the record's recording: how long the file is of what was said after a warm transfer, where there is one."""


def was_transferred(view: CallView) -> bool:
    """Whether the caller was handed over to somebody else."""
    return any(entry.values["transferred"] for entry in view.of("TransferSettled"))


def joined(view: CallView) -> Entry | None:
    """The news that the caller talks with the target over our leg: the call ends as their talk does. None for another transfer."""
    news = [entry for entry in view.of("TransferProgress") if entry.values["state"] == JOINED]
    return news[0] if news and was_transferred(view) else None


def talk_ended(view: CallView, began: Entry) -> Entry | None:
    """What ended the talk that ``began`` on our side: a stop, a hang-up, or the end of the call to the target. None while nothing did."""
    return next((one for one in view.of("HangUp", "StopRequested", TARGET) if _ends(one, began)), None)


def _ends(entry: Entry, began: Entry) -> bool:
    if entry.seq < began.seq:
        return False
    of_target = entry.values.get("request") == began.values["request"] and entry.values.get("event") == "closed"
    return entry.type != TARGET or of_target


def transfers(view: CallView, costs: Mapping[int, int] | None = None) -> list[dict[str, Any]]:
    """Every transfer the model asked for, in order. ``status``: completed, busy, no-answer, failed or canceled; refused or dropped for one
    that was never asked of the line. ``at_ms`` counts from the answer, ``took_ms`` until the outcome was known. ``target``: the call to its
    target, where we make it (warm) or its carrier reports on it. It cost what ``costs`` has for its request."""
    rows = [_row(view, entry) for entry in view.of("Transfer")]
    targets = target_calls(view)
    for entry, row in zip(view.of("Transfer"), rows, strict=True):
        request = int(entry.values["request"])
        if request in targets:
            row["mode"] = WARM if targets[request].is_warm else row["mode"]
            row["provider_call_id"] = targets[request].provider_call_id or row["provider_call_id"]
            row["target"] = _target(view, targets[request], (costs or {}).get(request, 0))
    for entry in view.of("Note"):
        kind = str(entry.values["kind"])
        if kind in ("transfer_refused", "transfer_dropped"):
            name, _, reason = str(entry.values["text"]).partition(": ")
            rows.append(_entry(view, entry, name, "", kind.removeprefix("transfer_"), reason))
    return sorted(rows, key=lambda row: row["at_ms"])


def _row(view: CallView, asked: Entry) -> dict[str, Any]:
    request = asked.values["request"]
    settled = [e for e in view.of("TransferSettled") if e.values["request"] == request]
    news = [e for e in view.of("TransferProgress") if e.values["request"] == request and e.values["state"] == _FAILED]
    outcome = str(news[-1].values.get("outcome", "")) if news else ""
    reason = str(settled[-1].values["reason"]) if settled else _BREAKS_OFF
    if settled and settled[-1].values["transferred"]:
        status = "completed"
    elif news:
        status = outcome or _FAILED
    elif settled:
        # Nobody told: the wait was over, or the call was.
        status = "no-answer" if reason == NOBODY_ANSWERED else "canceled"
    else:
        status = _FAILED
    if news and reason == NOBODY_ANSWERED:
        # The line has said more, later.
        reason = str(news[-1].values["detail"]) or reason
    row = _entry(view, asked, str(asked.values["name"]), str(asked.values["target"]), status, reason)
    row["provider_call_id"] = _call_of_target(view, asked, settled)
    row["mode"] = "attended" if asked.values["attended"] else "blind"
    row["code"] = int(news[-1].values.get("code", 0)) if news and status != "completed" else 0
    row["took_ms"] = (settled[-1].at_us - asked.at_us) // 1000 if settled else None
    return row


def _call_of_target(view: CallView, asked: Entry, settled: Sequence[Entry]) -> str | None:
    """What the carrier calls the call to the target of a transfer that the leg made, where its carrier tells."""
    last = settled[-1].seq if settled else view.entries[-1].seq
    told = [e.values.get("call_id") for e in view.of("transfer") if asked.seq < e.seq <= last]
    return next((str(one) for one in reversed(told) if one), None)


def _target(view: CallView, call: TargetCall, cost_nano: int) -> dict[str, Any]:
    def at_ms(at_us: int | None) -> int | None:
        return None if at_us is None else max(0, at_us - (view.answered_us or 0)) // 1000

    return {
        "status": "completed" if call.is_over else "in-progress",
        "briefing": call.briefing,
        "answered_at_ms": at_ms(call.answered_us),
        "joined_at_ms": at_ms(call.joined_us),
        "duration_ms": call.duration_ms,
        "recording_ms": call.recording_ms,
        "unrecorded": call.unrecorded,
        "hangup_by": call.by,
        "hangup_reason": call.reason,
        "hangup_code": call.code,
        "line": quality_of(call.quality),
        "cost_nano": cost_nano,
    }


def _entry(view: CallView, entry: Entry, name: str, target: str, status: str, reason: str) -> dict[str, Any]:
    return {
        "tool": name,
        "to": target,
        "mode": None,
        "provider_call_id": None,
        "status": status,
        "reason": reason,
        "code": 0,
        "at_ms": max(0, entry.at_us - (view.answered_us or 0)) // 1000,
        "took_ms": None,
    }


def transfer_call_data(
    execution: Execution, our_number: str | None, their_number: str | None, public_url: str
) -> dict[str, Any] | None:
    """The contract's object: of the transfer that succeeded, else of the last one asked of the line; None when there was none.

    In a warm transfer we call the target, so all of that call is known. A carrier of media websockets calls it with our number too, and
    reports when the talk is over: until then the ``status`` is in-progress. In another transfer the far end calls the target, so
    ``from_number`` is its number. What nobody reports is null.
    """
    rows: list[Mapping[str, Any]] = [row for row in execution.record.get("transfers") or [] if row["to"]]
    if not rows:
        return None
    row = _completed(rows) or rows[-1]
    found = {
        "provider_call_id": row.get("provider_call_id"),
        "status": row["status"],
        "duration": None if row["status"] == "completed" else "0",
        "cost": cents_from_nano(0),
        "to_number": row["to"],
        "from_number": their_number,
        "recording_url": None,
        **_hangup(row),
    }
    target = row.get("target")
    if target is not None:
        # Of a call that goes on over our leg, or of the carrier.
        is_recorded = (execution.record.get("recording") or {}).get(TRANSFER_MS) or target.get("recording_ms")
        found |= {
            "status": target.get("status", row["status"]) if row["status"] == "completed" else row["status"],
            "duration": None if target["duration_ms"] is None else str(-(-target["duration_ms"] // 1000)),
            "cost": cents_from_nano(int(target["cost_nano"])),
            "from_number": our_number,
            "recording_url": f"{public_url}/recordings/transfer/{execution.id}" if is_recorded else None,
        }
    return found


def _completed(rows: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return next((one for one in rows if one["status"] == "completed"), None)


def completed_target(record: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The call to the target of the transfer that succeeded, as far as it is known."""
    row = _completed(record.get("transfers") or ())
    return None if row is None else row.get("target")


def talk_goes_on(record: Mapping[str, Any]) -> bool:
    """Whether the carrier is to report how the talk with the target of the transfer ended."""
    return (completed_target(record) or {}).get("status") == "in-progress"


def _hangup(row: Mapping[str, Any]) -> dict[str, Any]:
    """Who ended the call to the target and why: as its leg told where it is ours, else by the outcome."""
    target = row.get("target") or {}
    unanswered = row["status"] == "no-answer" and target.get("answered_at_ms") is None
    if row["status"] == "completed" or (target.get("hangup_by") and not unanswered):
        by, reason, code = target.get("hangup_by"), target.get("hangup_reason"), target.get("hangup_code")
    else:
        cause = _cause(row)
        by, reason, code = ("Carrier", row["reason"], None) if cause is None else (cause.by, cause.reason, cause.code)
    return {"hangup_by": by, "hangup_reason": reason, "hangup_provider_code": code or row["code"] or None}


def _cause(row: Mapping[str, Any]) -> Cause | None:
    if row["reason"] == _BREAKS_OFF:
        return CAUSES["node_lost"]
    status, code = row["status"], row["code"]
    told = (one for one in CAUSES.values() if (one.outcome, one.code) == (status, code) and status in _CAUSES)
    return next(told, CAUSES.get(_CAUSES.get(status, "")))
