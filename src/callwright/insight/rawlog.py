"""The raw log of a call as the contract's log route shows it (chapter 3.3): requests and answers by component."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from callwright.conversation.log import Entry
from callwright.insight.view import CallView
from callwright.insight.wire import wire_time

_CLASSIFIERS = {"hangup": "llm_hangup", "voicemail": "llm_voicemail", "language": "llm_language_detection"}


def raw_log(view: CallView) -> list[dict[str, Any]]:
    """Entries ``{created_at, type, component, provider, data}`` in order. ``type`` is ``request``, ``response``, ``error``,
    ``warning``, or ``event`` for what came from outside."""
    began = datetime.fromisoformat(view.header.started_at).astimezone(UTC)
    replies: dict[int, list[str]] = {}
    purposes = {e.values["request"]: str(e.values["purpose"]) for e in view.of("AskClassifier")}
    unfinished = _unfinished(view)
    # A transfer may be given up with the call and be told to have succeeded all the same: the last word counts.
    settled = {e.values["request"]: e.seq for e in view.of("TransferSettled")}
    rows: list[dict[str, Any]] = []
    for entry in view.entries:
        if entry.type == "ReplyText":
            replies.setdefault(entry.values["request"], []).append(entry.values["text"])
            continue
        if entry.type == "TransferSettled" and entry.seq != settled[entry.values["request"]]:
            continue
        found = ("response", "transcriber", unfinished[entry.seq]) if entry.seq in unfinished else None
        found = found or _row(entry, replies, purposes)
        if found is None:
            continue
        kind, component, data = found
        rows.append(
            {
                "created_at": wire_time(began + timedelta(microseconds=entry.at_us)),
                "type": kind,
                "component": component,
                "provider": _provider(view, component, entry),
                "data": data,
            }
        )
    return rows


def _unfinished(view: CallView) -> dict[int, str]:
    """The last words of segments that never became final, as where the call ended in them, by the number of their entry."""
    final = {e.values["segment"] for e in view.of("TranscriptFinal")}
    last = {e.values["segment"]: e for e in view.of("TranscriptPartial")}
    return {e.seq: str(e.values["text"]) for segment, e in last.items() if segment not in final and e.values["text"]}


def _row(entry: Entry, replies: dict[int, list[str]], purposes: dict[int, str]) -> tuple[str, str, str] | None:
    v = entry.values
    match entry.type:
        case "TranscriptFinal" if v["text"]:
            return "response", "transcriber", v["text"]
        case "AskModel":
            last = v["messages"].get("last") or {}
            return "request", "llm", str(last.get("content", ""))
        case "ReplyEnded" | "CancelModel":
            # What the model had said when it was cancelled belongs to the log, too. A reply of tools alone shows as their calls.
            text = "".join(replies.pop(v["request"], []))
            return ("response", "llm", text) if text else None
        case "Speak":
            return "request", "synthesizer", v["text"]
        case "VoiceFinished":
            return "response", "synthesizer", f"{v['audio_ms']} ms of audio"
        case "AssetPlayed" if v["played_ms"]:
            return "response", "system" if v["lane"] == "ringing" else "synthesizer", f"{v['lane']}: {v['asset']}"
        case "Note" if v["kind"] in ("voicemail_found", "voicemail_taken_back"):
            return "response", "system", f"{v['kind']}: {v['text']}".rstrip(": ")
        case "CallTool":
            return "request", "function_call", f"{v['name']} {v['arguments']}"
        case "SendKeys" if v.get("name"):
            return "request", "function_call", f"{v['name']} {v['keys']}"
        case "ToolResult":
            kind = "response" if v["ok"] else "error"
            return kind, "function_call", v["result"] if v["ok"] else f"failed: {v['result']}"
        case "CancelTool":
            return "warning", "function_call", "no answer in time"
        case "Note" if v["kind"] == "tool_refused":
            return "error", "function_call", f"not called: {v['text']}"
        case "Note" if v["kind"] == "tool_repeated":
            return "error", "function_call", f"not called: the model gave it the id of an earlier call, {v['text']}"
        case "pre_call_webhook":
            told = f"webhook before {v['tool']}: "
            return (
                "response",
                "function_call",
                told + (f"sent, {v['status']}" if v["ok"] else f"not sent: {v['reason']}"),
            )
        case "Transfer":
            return "request", "function_call", f"{v['name']} {v['arguments']} -> {v['target']}"
        case "TransferSettled":
            return "response", "function_call", "transferred" if v["transferred"] else f"not transferred: {v['reason']}"
        case "Note" if v["kind"] in ("transfer_refused", "transfer_dropped"):
            return "response", "function_call", f"not transferred: {v['text']}"
        case "ExternalEvent":
            return "event", "system", f"{v['name']} {v['properties']}"
        case "AskClassifier":
            last = v["messages"].get("last") or {}
            return "request", _CLASSIFIERS.get(v["purpose"], "llm"), str(last.get("content", ""))
        case "ClassifierVerdict":
            component = _CLASSIFIERS.get(purposes.get(v["request"], v["purpose"]), "llm")
            return "response", component, "yes" if v["verdict"] else "no"
        case "ProviderFailed":
            return "error", "error", f"{v['kind']} {v['provider']}: {v['failure']}: {v['message']}"
        case "ProviderSwitched":
            return "warning", "warning", f"{v['kind']}: {v['before']} replaced by {v['after']}: {v['reason']}"
        case "post_failed":
            return "error", "error", f"{v['what']}: {v['reason']}"
        case "HangUp":
            return "response", "system", f"hang-up: {v['reason']}"
    return None


def _provider(view: CallView, component: str, entry: Entry) -> str:
    if entry.type == "ProviderFailed":
        return str(entry.values["provider"])
    kind = {"transcriber": "transcriber", "llm": "model", "synthesizer": "voice"}.get(component)
    if kind is None and component.startswith("llm_"):
        kind = "model"
    return view.provider(kind)[0] if kind else ""
