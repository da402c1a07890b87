"""The record of a call: what the log says, as columns of the ledger, and the ledger's row as the contract's Execution object.

:func:`build` reads a log and is run twice: when the leg ends, and when the post-call work is done. :func:`execution_body` is the one
mapping to the wire, used by the API and by webhooks alike, so that both always say the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from callwright.conversation.ending import TRANSFERRED
from callwright.conversation.log import Entry
from callwright.domain.money import cents_from_nano, cents_of
from callwright.insight.attempts import attempts, cost_breakdown, retry_history, usage
from callwright.insight.cost import LEGS, CallCost, cost_of
from callwright.insight.doctor import examined
from callwright.insight.interruptions import interruption_stats
from callwright.insight.line import dial_times, line_of
from callwright.insight.machine import was_found
from callwright.insight.opt_out import opt_out
from callwright.insight.post_work import post_work
from callwright.insight.provider_failures import failures_of, switch_rows
from callwright.insight.provider_figures import call_figures
from callwright.insight.provision import provision_of, shown_provision
from callwright.insight.settled import is_settled
from callwright.insight.target_calls import TARGET
from callwright.insight.tools import context, end_reason, tools
from callwright.insight.transcript import transcript
from callwright.insight.transfers import HANGUP, joined, talk_ended, transfer_call_data, transfers, was_transferred
from callwright.insight.untaken import untaken
from callwright.insight.usage import usage_breakdown
from callwright.insight.view import CallView, view_of
from callwright.insight.waterfall import NO_LOOK_UPS, latency_data, waterfall
from callwright.insight.wire import kept_time, wire_time
from callwright.platform.executions.rules.causes import CAUSES, ended_by
from callwright.platform.executions.rules.execution import CHAT, TERMINAL, Execution, Status
from callwright.platform.executions.rules.retry import RETRY_AT
from callwright.platform.prices.rules import Prices
from callwright.platform.suppressions.rules import far_number

AGENT = "Agent"
"""``by`` of a hang-up the agent itself decided; the contract has no word for it and says who carried it out: the API."""

NOT_ANSWERED = "not_answered"
"""Reason of the core's hang-up when the time to ring is over; told in the words of an unanswered call, as a carrier would."""

_API_CODE = 4000
_US = "API Request"
_FAR_END = frozenset({"Callee", "Caller"})
_OURS = frozenset(CAUSES[key].reason for key in ("gateway_lost", "node_lost", "trunk_unusable"))
"""Reasons of legs that no carrier ended, although its adapter reports them."""
_MILLI = Decimal("1e-3")
_ERROR_CODE = 5010

_ERROR_REASONS = frozenset(
    {
        "transcriber_error",
        "transcriber_connection_error",
        "synthesizer_error",
        "llm_error",
        "s2s_error",
        "broken_invariant",
        "node_lost",
        "node_draining",
    }
)


@dataclass(frozen=True, slots=True)
class BuiltRecord:
    """What the log gives the ledger: plain columns, and the JSON record (money in it as integer nano-cents)."""

    columns: dict[str, Any]
    record: dict[str, Any]
    is_unanswered: bool = False
    """Whether a person took the call, and the agent's model never answered (``provider_failures.ProviderFailures.is_model_mute``)."""


def build(log_text: str, prices: Prices, carrier: str) -> BuiltRecord:
    """The record of an attempt from its log, as far as the log goes. Raises LogFormatError for a log without a header."""
    view = view_of(log_text)
    cost = cost_of(view, prices, carrier)
    columns: dict[str, Any] = {"total_cost_nano": cost.total, **_hangup(view)}
    failures = failures_of(view)
    if failures.error:
        columns["error_message"] = failures.error
    answered = view.answered_us
    began = datetime.fromisoformat(view.header.started_at)
    if answered is not None:
        columns["answered_at"] = began + timedelta(microseconds=answered)
        columns["ended_at"] = began + timedelta(microseconds=view.ended_us)
    machine = was_found(view)
    record: dict[str, Any] = {
        "conversation_ms": view.conversation_ms,
        "transcript": transcript(view) if answered is not None else None,
        "usage_breakdown": usage_breakdown(view),
        "cost_nano": {
            "legs": cost.legs,
            "parts": cost.parts,
            "categories": cost.categories,
            "transfer": sum(cost.targets.values()),
        },
        "usage_lines": [asdict(line) for line in cost.lines],
        "latency_data": _latency_data(view),
        "turns": _turns(view, cost),
        "ended_by": _ended_by(view),
        "answered_by_voice_mail": machine,
        "opt_out": opt_out(view) if answered is not None else None,
        "sounds": _sounds(view),
        "switches": switch_rows(view),
        "transfers": transfers(view, cost.targets),
        "tools": tools(view),
        "context": context(view),
        "end_reason": end_reason(view),
        **provision_of(view),
        "line": None if carrier == CHAT else line_of(view),
        "dial_ms": asdict(dial_times(view)),
        "provider_figures": call_figures(view),
        "doctor": examined(view, cost, over=True),
        **post_work(view),
    }
    return BuiltRecord(columns, storable(record), answered is not None and not machine and failures.is_model_mute)


def _latency_data(view: CallView) -> dict[str, Any] | None:
    measured = latency_data(view)
    return None if measured is None else {**measured, "interruption_stats": interruption_stats(view)}


def storable(value: Any) -> Any:
    """``value`` with what PostgreSQL's JSON cannot hold taken out of its texts: NUL and halves of surrogate pairs."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    # Before the test for a Mapping, which is slow.
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value


def _wanted(view: CallView) -> Entry | None:
    """What ended the call on our side, where that came before the end of the leg."""
    talk = joined(view)
    wanted = view.last("HangUp") if talk is None else talk_ended(view, talk)
    ended = view.first("LegEnded")
    return wanted if wanted is not None and (ended is None or wanted.seq < ended.seq) else None


def _hangup(view: CallView) -> dict[str, Any]:
    talk, wanted, ended = joined(view), _wanted(view), view.first("LegEnded")
    if was_transferred(view) and (talk is None or (wanted is not None and wanted.type == TARGET)):
        return dict(HANGUP)
    if wanted is not None:
        reason = str(wanted.values["reason"])
        by = str(wanted.values["by"])
        if reason == NOT_ANSWERED:
            cause = CAUSES["no_answer"]
            return {"hangup_by": cause.by, "hangup_reason": cause.reason, "hangup_code": cause.code}
        if reason in _ERROR_REASONS:
            return {"hangup_by": "Error", "hangup_reason": reason, "hangup_code": _ERROR_CODE}
        shown = _US if by == AGENT else by
        return {"hangup_by": shown, "hangup_reason": reason, "hangup_code": _API_CODE}
    if ended is not None:
        v = ended.values
        # A talk that the caller ended was a transfer to its end.
        reason = TRANSFERRED if talk is not None and v["by"] in _FAR_END else v["reason"]
        return {"hangup_by": v["by"], "hangup_reason": reason, "hangup_code": v["code"]}
    return {}


def _ended_by(view: CallView) -> str | None:
    if was_transferred(view) and joined(view) is None:
        return "agent"
    wanted, ended = _wanted(view), view.first("LegEnded")
    if wanted is not None:
        return "agent" if wanted.values["by"] == AGENT else "platform"
    if ended is None:
        return None
    if ended.values["by"] == _US or ended.values["reason"] in _OURS:
        return "platform"
    return "far_end" if ended.values["by"] in _FAR_END else "carrier"


def _sounds(view: CallView) -> list[dict[str, Any]]:
    """Fillers, listener's sounds and ringing tones that were heard, wholly or in part: no part of the transcript."""
    began = view.answered_us or 0
    return [
        {
            "lane": str(e.values["lane"]),
            "text": str(e.values["asset"]),
            "at_ms": max(0, e.at_us - began) // 1000 - int(e.values["played_ms"]),
            "played_ms": int(e.values["played_ms"]),
        }
        for e in view.of("AssetPlayed")
        if int(e.values["played_ms"]) > 0
    ]


def _turns(view: CallView, cost: CallCost) -> list[dict[str, Any]]:
    latencies = {one.turn: one for one in waterfall(view)}
    said: dict[int, dict[str, list[str]]] = {}
    estimated = {int(entry.values["turn"]) for entry in view.of("AgentSaid") if entry.values.get("estimated")}
    for entry in view.of("UserSaid", "AgentSaid"):
        side = "user" if entry.type == "UserSaid" else "assistant"
        said.setdefault(int(entry.values["turn"]), {"user": [], "assistant": []})[side].append(
            str(entry.values["text"])
        )
    rows: list[dict[str, Any]] = []
    for part, legs in cost.parts.items():
        row: dict[str, Any] = {"part": part.partition(":")[0], "turn": None, "cost_nano": legs, "latency_us": None}
        if part.startswith("turn:") or part == "welcome":
            turn = int(part.partition(":")[2] or 0)
            row["turn"] = turn
            row.update({side: " ".join(texts).strip() for side, texts in said.get(turn, {}).items()})
            row["assistant_estimated"] = turn in estimated
            if turn in latencies:
                row["latency_us"] = {"total": latencies[turn].total_us, **latencies[turn].parts_us}
        rows.append(row)
    pending = untaken(view)
    if pending:
        # The last line of the transcript. Its turn may not have begun: then the one before has its cost.
        turns = [row for row in rows if row["turn"] is not None]
        last = turns[-1]
        if not last["turn"] or "user" in last:
            last = {"part": "turn", "turn": last["turn"] + 1, "cost_nano": dict.fromkeys(LEGS, 0), "latency_us": None}
            rows.insert(len(turns), last)
        last.update(user=pending, assistant="", assistant_estimated=False)
    return rows


#: Live answers of the hosted service have them; what they hold is not published, and nothing here corresponds to them (contract chapter 5).
_OPAQUE = (
    "lid_data",
    "processing_status",
    "post_processing_phases",
    "agent_context_details",
    "workflow_retries",
    "campaign_id",
    "arq_job_id",
)


#: Keys that records from before them lack.
_NOT_MEASURED: dict[str, Any] = {**NO_LOOK_UPS, "interruption_stats": None}


def execution_body(execution: Execution, *, public_url: str) -> dict[str, Any]:
    """The Execution object of contract chapter 5: every documented and every live key, null when empty, our own under ``callwright``."""
    record = execution.record
    latency = record.get("latency_data")
    conversation_ms = int(record.get("conversation_ms") or 0)
    seconds = round(conversation_ms / 1000, 1)
    outbound = execution.direction == "outbound"
    our_number, their_number = (
        (execution.from_number, execution.to_number) if outbound else (execution.to_number, execution.from_number)
    )
    return {
        "id": execution.id,
        "execution_id": execution.id,
        "agent_id": execution.agent_id,
        "batch_id": execution.batch_id,
        "status": str(execution.status),
        "error_message": execution.error_message,
        "conversation_duration": seconds,
        "conversation_time": seconds,
        "total_cost": cents_from_nano(execution.total_cost_nano),
        "price_breakdown": {"total": cents_from_nano(execution.total_cost_nano)},
        "billing_settled": is_settled(execution),
        "answered_by_voice_mail": record.get("answered_by_voice_mail"),
        "transcript": _with_final_newline(record.get("transcript")),
        "summary": record.get("summary"),
        "created_at": wire_time(execution.created_at),
        "updated_at": wire_time(execution.updated_at),
        "scheduled_at": wire_time(execution.scheduled_at),
        "initiated_at": wire_time(execution.initiated_at),
        "rescheduled_at": wire_time(execution.rescheduled_at),
        "user_number": their_number or None,
        "agent_number": our_number or None,
        "provider": execution.carrier,
        "cost_breakdown": cost_breakdown(record),
        "usage_breakdown": usage(record),
        "telephony_data": _telephony_data(execution, public_url, conversation_ms),
        "transfer_call_data": transfer_call_data(execution, our_number, their_number, public_url),
        "batch_run_details": _batch_run_details(execution),
        "extracted_data": record.get("extracted_data"),
        "custom_extractions": None,
        "agent_extraction": None,
        "extraction_webhook_status": False,
        "context_details": {
            # What tools answered stands beside what the call was given, never in its place.
            **(record.get("context") or {}),
            "recipient_data": execution.user_data,
            "recipient_phone_number": their_number or None,
        },
        "latency_data": None if latency is None else {**_NOT_MEASURED, **latency},
        "retry_count": execution.retry_count,
        "retry_config": execution.options.get("retry_config"),
        "retry_history": retry_history(record),
        # What it says beside the status is not published; the status itself is true.
        "smart_status": str(execution.status),
        **dict.fromkeys(_OPAQUE),
        "callwright": _own(execution, public_url),
    }


def _with_final_newline(text: str | None) -> str | None:
    """A transcript as live answers of the hosted service have it: every line ends."""
    return f"{text}\n" if text else text


def _batch_run_details(execution: Execution) -> dict[str, Any] | None:
    """Of a call that comes from a batch (contract chapter 5)."""
    if execution.batch_id is None:
        return None
    return {
        "status": str(execution.status),
        "created_at": wire_time(execution.created_at),
        "updated_at": wire_time(execution.updated_at),
        "retried": execution.retry_count,
    }


def _telephony_data(execution: Execution, public_url: str, conversation_ms: int) -> dict[str, Any]:
    recording = execution.record.get("recording")
    final = execution.status in TERMINAL or execution.status is Status.CALL_DISCONNECTED
    return {
        "duration": str(-(-conversation_ms // 1000)) if final else None,
        "to_number": execution.to_number or None,
        "from_number": execution.from_number or None,
        "recording_url": f"{public_url}/recordings/call/{execution.id}" if recording else None,
        "hosted_telephony": False,
        "provider_call_id": execution.provider_call_id,
        "call_type": execution.direction,
        "provider": execution.carrier,
        "hangup_by": execution.hangup_by,
        "hangup_reason": execution.hangup_reason,
        "hangup_provider_code": execution.hangup_code,
        **_dial_seconds(execution),
        # The network a number belongs to: nobody we talk to tells it.
        "to_number_carrier": None,
    }


def _dial_seconds(execution: Execution) -> dict[str, int | None]:
    """From the log once the call is over; until then from what the ledger's row has. A call that comes in was dialled by somebody else."""
    if execution.carrier == CHAT:
        return {"ring_duration": None, "post_dial_delay": None}
    measured = execution.record.get("dial_ms")
    if measured is not None:
        delay, ring = (
            None if ms is None else round(ms / 1000) for ms in (measured["post_dial_delay"], measured["ring"])
        )
    else:
        delay = _seconds(execution.initiated_at, execution.ringing_at)
        ring = _seconds(execution.ringing_at, execution.answered_at or execution.ended_at)
    return {"ring_duration": ring, "post_dial_delay": delay if execution.direction == "outbound" else None}


def _opt_out(execution: Execution) -> dict[str, Any] | None:
    """What was said, and the number that is not called any more; null where there is none to know."""
    asked = execution.record.get("opt_out")
    return None if not asked else {**asked, "number": far_number(execution) or None}


def _run(told: Mapping[str, Any]) -> dict[str, Any]:
    """One run of the questions about the call; what the first one cost is part of the call's own cost."""
    cost = told.get("cost_nano")
    shown = {name: value for name, value in told.items() if name != "cost_nano"}
    return {**shown, "cost": None if cost is None else cents_from_nano(int(cost))}


def _seconds(began: datetime | None, ended: datetime | None) -> int | None:
    if began is None or ended is None:
        return None
    return max(0, round((ended - began).total_seconds()))


def _events(execution: Execution) -> list[dict[str, Any]]:
    """What was sent into the call from outside, in order; the log says when the call took it."""
    return [
        {
            "event": event["name"],
            "properties": json.loads(event["properties"]),
            "at": wire_time(datetime.fromisoformat(event["at"])),
        }
        for event in execution.options.get("events") or ()
    ]


def _own(execution: Execution, public_url: str) -> dict[str, Any]:
    """Our own keys: cost and latency of every part of the newest attempt, which sum to its legs and its whole."""
    record = execution.record
    parts = []
    for row in record.get("turns") or []:
        legs = row.get("cost_nano") or {}
        latency = row.get("latency_us")
        cost = cents_of(legs, LEGS)
        cost["total"] = cents_from_nano(sum(legs.values()))
        parts.append(
            {
                "part": row["part"],
                "turn": row["turn"],
                "user": row.get("user"),
                "assistant": row.get("assistant"),
                "assistant_estimated": row.get("assistant_estimated"),
                "cost": cost,
                "latency_ms": None if latency is None else {name: us * _MILLI for name, us in latency.items()},
            }
        )
    return {
        "channel": CHAT if execution.carrier == CHAT else "voice",
        **shown_provision(record),
        "attempt": execution.attempt,
        "attempts": attempts(execution, public_url),
        "retry_at": kept_time(record.get(RETRY_AT)),
        "answered_at": wire_time(execution.answered_at),
        "ended_at": wire_time(execution.ended_at),
        "completed_at": wire_time(execution.completed_at),
        "ended_by": record.get("ended_by") or ended_by(execution.hangup_by),
        "turns": parts,
        "sounds": record.get("sounds") or [],
        "switches": record.get("switches") or [],
        "transfers": record.get("transfers") or [],
        "opt_out": _opt_out(execution),
        "callback": record.get("callback"),
        "decision": record.get("decision"),
        "caller_lookup": record.get("caller_lookup"),
        "batch_line": execution.options.get("batch_line"),
        "number_choice": execution.options.get("number_choice"),
        "rescheduled_from": execution.options.get("rescheduled_from"),
        "tools": record.get("tools") or [],
        "events": _events(execution),
        "end_reason": record.get("end_reason"),
        "extraction_rejected": record.get("extraction_rejected") or [],
        "post_failures": record.get("post_failures") or [],
        "extraction": {
            "state": record.get("extraction_state"),
            "runs": [_run(one) for one in record.get("extraction_runs") or []],
        },
        "line": record.get("line"),
        "doctor": record.get("doctor"),
    }
