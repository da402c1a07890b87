"""Transfers of a call: what was asked of the line and what became of it, and the contract's ``transfer_call_data`` (5.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callwright.conversation.ending import TRANSFERRED
from callwright.conversation.log import Entry
from callwright.conversation.transfer import NOBODY_ANSWERED
from callwright.domain.causes import CAUSES
from callwright.domain.execution import Execution
from callwright.domain.money import cents_from_nano
from callwright.insight.view import CallView

HANGUP = {"hangup_by": "API Request", "hangup_reason": TRANSFERRED, "hangup_code": 4000}
"""How a call ended whose caller was handed over, whoever closed the leg."""

_CAUSES = {"busy": "user_busy", "no-answer": "no_answer", "canceled": "originator_cancel"}
_FAILED = "failed"


def was_transferred(view: CallView) -> bool:
    """Whether the caller was handed over to somebody else."""
    return any(entry.values["transferred"] for entry in view.of("TransferSettled"))


def transfers(view: CallView) -> list[dict[str, Any]]:
    """Every transfer the model asked for, in order. ``status``: completed, busy, no-answer, failed or canceled; refused or dropped for one
    that was never asked of the line. ``at_ms`` counts from the answer, ``took_ms`` until the outcome was known."""
    rows = [_row(view, entry) for entry in view.of("Transfer")]
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
    reason = str(settled[-1].values["reason"]) if settled else "the log of the call breaks off"
    if settled and settled[-1].values["transferred"]:
        status = "completed"
    elif news:
        status = outcome or _FAILED
    elif settled:
        # Nobody told: the wait was over, or the call was.
        status = "no-answer" if reason == NOBODY_ANSWERED else "canceled"
    else:
        status = _FAILED
    row = _entry(view, asked, str(asked.values["name"]), str(asked.values["target"]), status, reason)
    row["mode"] = "attended" if asked.values["attended"] else "blind"
    row["code"] = int(news[-1].values.get("code", 0)) if news and status != "completed" else 0
    row["took_ms"] = (settled[-1].at_us - asked.at_us) // 1000 if settled else None
    return row


def _entry(view: CallView, entry: Entry, name: str, target: str, status: str, reason: str) -> dict[str, Any]:
    return {
        "tool": name,
        "to": target,
        "mode": None,
        "status": status,
        "reason": reason,
        "code": 0,
        "at_ms": max(0, entry.at_us - (view.answered_us or 0)) // 1000,
        "took_ms": None,
    }


def transfer_call_data(execution: Execution, their_number: str | None) -> dict[str, Any] | None:
    """The contract's object: of the transfer that succeeded, else of the last one asked of the line; None when there was none.

    The far end itself calls the target, so ``from_number`` is its number. How long the two talk, and what the target's carrier calls that
    call, is not ours to know: those are null.
    """
    rows: list[Mapping[str, Any]] = [row for row in execution.record.get("transfers") or [] if row["to"]]
    if not rows:
        return None
    row = next((one for one in rows if one["status"] == "completed"), rows[-1])
    made = row["status"] == "completed"
    cause = CAUSES.get(_CAUSES.get(row["status"], ""))
    return {
        "provider_call_id": None,
        "status": row["status"],
        "duration": None if made else "0",
        "cost": cents_from_nano(0),
        "to_number": row["to"],
        "from_number": their_number,
        "recording_url": None,
        "hangup_by": None if made else cause.by if cause else "Carrier",
        "hangup_reason": None if made else cause.reason if cause else row["reason"],
        "hangup_provider_code": None if made else row["code"] or (cause.code if cause else None),
    }
