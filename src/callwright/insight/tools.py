"""Tools of a call: what was called with what, what became of it and how long it took; and what the call learned from their answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from callwright.conversation.log import Entry
from callwright.insight.view import CallView
from callwright.platform.tools.rules.answer import remembered

_SHOWN_CHARACTERS = 500
_HTTP = ("method", "host", "status", "ms")


@dataclass(slots=True)
class ToolUse:
    """A tool that the model called, or would have called.

    ``status``: answered, failed, blocked (nothing was sent: the outbound policy forbids the address), refused and repeated (nothing was
    called), late (after the model had been told that there is no answer) or unanswered. ``at_us`` counts from the attempt's beginning.
    """

    name: str
    turn: int | None
    at_us: int
    arguments: str = ""
    status: str = "unanswered"
    result: str = ""
    took_us: int | None = None
    http: dict[str, Any] | None = None


def tools(view: CallView) -> list[dict[str, Any]]:
    """The uses of tools as the record has them. ``at_ms`` counts from the answer."""
    answered_us = view.answered_us or 0
    return [
        {
            "tool": use.name,
            "turn": use.turn,
            "arguments": use.arguments,
            "status": use.status,
            "result": use.result,
            "at_ms": max(0, use.at_us - answered_us) // 1000,
            "took_ms": None if use.took_us is None else use.took_us // 1000,
            "http": use.http,
        }
        for use in tool_uses(view)
    ]


def tool_uses(view: CallView) -> list[ToolUse]:
    """Every tool the model called, in order, without the platform's own transfers and its hanging up."""
    results = {int(e.values["request"]): e for e in reversed(view.of("ToolResult"))}
    results |= {int(e.values["request"]): e for e in view.of("ProviderFailed") if e.values["kind"] == "tool"}
    given_up = {int(e.values["request"]): e for e in view.of("CancelTool")}
    sent = {int(e.values["request"]): e.values for e in view.of("tool_request")}
    uses = [_use(e, results, given_up, sent) for e in view.of("CallTool", "SendKeys")]
    uses += _refused(view)
    uses += _repeated(view)
    return sorted(uses, key=lambda use: use.at_us)


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


def _use(called: Entry, results: dict[int, Entry], given_up: dict[int, Entry], sent: dict[int, Any]) -> ToolUse:
    values = called.values
    request = int(values.get("request", 0))
    use = ToolUse(str(values.get("name", "")), values.get("turn"), called.at_us)
    use.arguments = str(values.get("arguments") or values.get("keys", ""))[:_SHOWN_CHARACTERS]
    answer = results.get(request)
    if answer is not None:
        ok = answer.type == "ToolResult" and bool(answer.values["ok"])
        late = request in given_up and given_up[request].seq < answer.seq
        blocked = bool(sent.get(request, {}).get("blocked"))
        use.status = "late" if late and ok else "answered" if ok else "blocked" if blocked else "failed"
        use.result = str(answer.values.get("result", answer.values.get("message", "")))[:_SHOWN_CHARACTERS]
        use.took_us = answer.at_us - called.at_us
    if request in sent:
        use.http = {name: sent[request].get(name) for name in _HTTP}
    return use


def _refused(view: CallView) -> list[ToolUse]:
    """Calls that the conversation refused, each with what the model asked for, where the log has that."""
    given = {e.values["call_id"] for e in view.of("ReplyTool")}
    made = {e.values["call_id"] for e in view.of("CallTool", "SendKeys", "Transfer")}
    waiting: dict[str, list[Entry]] = {}
    uses = []
    for entry in view.of("ReplyTool", "CallTool", "Note"):
        if entry.type == "ReplyTool":
            ours = waiting.setdefault(str(entry.values["name"]), [])
            # What an earlier reply wanted is settled, or was withdrawn with it.
            ours[:] = [e for e in ours if e.values["generation"] == entry.values["generation"]]
            if entry.values["call_id"] not in made:
                ours.append(entry)
        elif entry.type == "CallTool":
            if entry.values["call_id"] not in given:
                _take(waiting, str(entry.values["name"]), without_id=True)
        elif entry.values["kind"] == "tool_refused":
            name, _, why = str(entry.values["text"]).partition(": ")
            uses.append(_not_called(view, entry, name, _take(waiting, name), "refused", why))
    return uses


def _take(waiting: dict[str, list[Entry]], name: str, without_id: bool = False) -> Entry | None:
    """The first call of a tool that nothing became of yet."""
    found = next((e for e in waiting.get(name, []) if not (without_id and e.values["call_id"])), None)
    if found is not None:
        waiting[name].remove(found)
    return found


def _repeated(view: CallView) -> list[ToolUse]:
    """Calls that the conversation took for an earlier one, whose id they had. The note has the id, the event before it the call."""
    transferring = {e.values["call_id"] for e in view.of("Transfer")}
    uses = []
    asked: Entry | None = None
    for entry in view.of("ReplyTool", "Note"):
        if entry.type == "ReplyTool":
            asked = entry
        elif asked is not None and entry.values["kind"] == "tool_repeated" and entry.values["text"] not in transferring:
            why = f"not called: the model gave it the id of an earlier call, {entry.values['text']}"
            uses.append(_not_called(view, entry, str(asked.values["name"]), asked, "repeated", why))
    return uses


def _not_called(view: CallView, note: Entry, name: str, asked: Entry | None, status: str, why: str) -> ToolUse:
    """A call that was not made, by the note of it and what the model asked for."""
    use = ToolUse(name, note.values.get("turn"), note.at_us, status=status, result=why[:_SHOWN_CHARACTERS])
    if asked is not None:
        use.arguments = str(asked.values["arguments"])[:_SHOWN_CHARACTERS]
        asks = (e for e in view.of("AskModel") if e.values["request"] == asked.values["request"])
        use.turn = next((e.values["turn"] for e in asks), None)
    return use
