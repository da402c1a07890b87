"""Tools of a call: what was called with what, what became of it and how long it took; and what the call learned from their answers."""

from __future__ import annotations

from typing import Any

from callwright.conversation.log import Entry
from callwright.domain.tool_answer import remembered
from callwright.insight.view import CallView

_SHOWN_CHARACTERS = 500
_HTTP = ("method", "host", "status", "ms")


def tools(view: CallView) -> list[dict[str, Any]]:
    """Every tool the model called, in order, without the platform's own transfers and its hanging up. ``status``: answered, failed, refused
    and repeated (nothing was called), late (after the model had been told that there is no answer) or unanswered. ``at_ms`` counts from
    the answer."""
    results = {int(e.values["request"]): e for e in reversed(view.of("ToolResult"))}
    results |= {int(e.values["request"]): e for e in view.of("ProviderFailed") if e.values["kind"] == "tool"}
    given_up = {int(e.values["request"]): e for e in view.of("CancelTool")}
    sent = {int(e.values["request"]): e.values for e in view.of("tool_request")}
    rows = [_row(view, e, results, given_up, sent) for e in view.of("CallTool", "SendKeys")]
    for note in view.of("Note"):
        if note.values["kind"] == "tool_refused":
            name, _, why = str(note.values["text"]).partition(": ")
            rows.append({**_began(view, note, name), "status": "refused", "result": why[:_SHOWN_CHARACTERS]})
    rows += _repeated(view)
    return sorted(rows, key=lambda row: row["at_ms"])


def context(view: CallView) -> dict[str, Any]:
    """What the answers of tools taught the call: its variables beside those it was given."""
    found: dict[str, Any] = {}
    web = {int(e.values["request"]) for e in view.of("CallTool")}
    for entry in view.of("ToolResult"):
        request = int(entry.values["request"])
        if request in web and entry.values["ok"]:
            found = remembered(found, str(entry.values["result"]))
        web.discard(request)
    return {name: value for name, value in found.items() if name not in view.header.variables}


def end_reason(view: CallView) -> str | None:
    """Why the model ended the call, in its own words."""
    found = [str(e.values["text"]) for e in view.of("Note") if e.values["kind"] == "end_call_reason"]
    return found[-1] if found else None


def _row(
    view: CallView,
    called: Entry,
    results: dict[int, Entry],
    given_up: dict[int, Entry],
    sent: dict[int, Any],
) -> dict[str, Any]:
    values = called.values
    request = int(values.get("request", 0))
    row = _began(view, called, str(values.get("name", "")))
    row["arguments"] = str(values.get("arguments") or values.get("keys", ""))[:_SHOWN_CHARACTERS]
    answer = results.get(request)
    if answer is not None:
        ok = answer.type == "ToolResult" and bool(answer.values["ok"])
        late = request in given_up and given_up[request].seq < answer.seq
        row["status"] = "late" if late and ok else "answered" if ok else "failed"
        row["result"] = str(answer.values.get("result", answer.values.get("message", "")))[:_SHOWN_CHARACTERS]
        row["took_ms"] = (answer.at_us - called.at_us) // 1000
    if request in sent:
        row["http"] = {name: sent[request].get(name) for name in _HTTP}
    return row


def _repeated(view: CallView) -> list[dict[str, Any]]:
    """Calls that the conversation took for an earlier one, whose id they had. The note has the id, the event before it the call."""
    transferring = {e.values["call_id"] for e in view.of("Transfer")}
    rows = []
    asked: Entry | None = None
    for entry in view.of("ReplyTool", "Note"):
        if entry.type == "ReplyTool":
            asked = entry
        elif asked is not None and entry.values["kind"] == "tool_repeated" and entry.values["text"] not in transferring:
            row = _began(view, asked, str(asked.values["name"]))
            row["arguments"] = str(asked.values["arguments"])[:_SHOWN_CHARACTERS]
            why = f"not called: the model gave it the id of an earlier call, {entry.values['text']}"
            rows.append({**row, "status": "repeated", "result": why[:_SHOWN_CHARACTERS]})
    return rows


def _began(view: CallView, entry: Entry, name: str) -> dict[str, Any]:
    return {
        "tool": name,
        "turn": entry.values.get("turn"),
        "arguments": "",
        "status": "unanswered",
        "result": "",
        "at_ms": max(0, entry.at_us - (view.answered_us or 0)) // 1000,
        "took_ms": None,
        "http": None,
    }
