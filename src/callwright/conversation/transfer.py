"""Handing the caller over to somebody else: one transfer at a time, from the model's wish to its outcome.

The outcome of a transfer is matched by its request and never dropped, however late it comes and whatever the call does by then.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from callwright.conversation.bounds import CALLER_FIRST_MS, TOOL_WAIT_MS, TRANSFER_WAIT_MS
from callwright.conversation.effects import CallTool, PlayAsset, StopAsset, Transfer, TransferSettled
from callwright.conversation.events import TransferProgress
from callwright.conversation.history import History
from callwright.conversation.lanes import EARLY_MEDIA, RINGING, RINGING_TONE
from callwright.conversation.plan import TransferTool
from callwright.conversation.shared_state import SharedState
from callwright.domain.errors import InvalidNumberError
from callwright.domain.limits import MAX_TRANSFERS
from callwright.domain.number import parse_destination
from callwright.platform.agents.rules.transfers import filled_target, named_arguments
from callwright.ports.model import ToolCall

MOVES: Mapping[str, Mapping[str, str]] = {
    # state -> {what happens -> next state}; docs/explanation/conversation.md shows this table.
    "idle": {"want": "wanted", "complete": "done"},
    "wanted": {"announce": "announced", "request": "requested", "drop": "idle", "complete": "done"},
    "announced": {"request": "requested", "drop": "idle", "complete": "done"},
    "requested": {"fail": "idle", "accept": "idle", "drop": "idle", "complete": "done"},
    "done": {"complete": "done"},
}
"""``announce``: the agent says that it transfers; ``drop``: it is not asked for any more; ``accept``: a service has taken the request,
and the call goes on until the line moves; ``complete``: also by a late outcome."""

JOINED = "joined"
"""The target is on the line with the caller, and their sound goes through us: the leg stays until one of them hangs up."""

_RINGS = {"ringing": RINGING_TONE, "early_media": EARLY_MEDIA}
DONE = frozenset({"completed", "bridged", JOINED})
CALLED_OFF = (
    "The caller spoke before the transfer began, so it was not made. Answer the caller; call the tool again if the"
    " caller still wants to be transferred."
)
NO_TARGET = "the tool has no phone number or address to transfer to"
ACCEPTED_BEFORE = "the transfer was requested already; the caller is being connected"
NOBODY_ANSWERED = "nobody answered in time"


@dataclass(frozen=True, slots=True)
class Wish:
    """A transfer the model asked for, with its target checked."""

    call: ToolCall
    turn: int
    tool: TransferTool
    target: str


class Transfers:
    """The transfers of one call. ``state`` is one of MOVES. ``unheard``: words of the reply that wanted it were lost. ``connecting``: a
    service has taken the transfer on, and the caller has said nothing since; that is waited for no longer than any other transfer."""

    __slots__ = (
        "_accepted",
        "_accepted_us",
        "_caller_first_us",
        "_failed",
        "_history",
        "_known",
        "_open",
        "_request",
        "_rings",
        "_shared",
        "_tries",
        "connecting",
        "state",
        "unheard",
        "wish",
    )

    def __init__(self, shared: SharedState, history: History) -> None:
        self._shared = shared
        self._history = history
        self._open: dict[int, ToolCall] = {}
        self._failed: dict[int, ToolCall] = {}
        self._known: dict[str, int] = {}
        self._request = 0
        self._rings = ""
        self._tries = 0
        self._accepted = False
        self._accepted_us = 0
        self._caller_first_us = 0
        self.connecting = False
        self.state = "idle"
        self.unheard = False
        self.wish: Wish | None = None

    @property
    def coming(self) -> bool:
        """Whether a transfer is wanted and not asked for yet."""
        return self.state in ("wanted", "announced")

    @property
    def busy(self) -> bool:
        """Whether the agent takes no turn because of a transfer."""
        return self.state != "idle"

    def takes(self, name: str) -> bool:
        """Whether the tool ``name`` transfers."""
        return any(tool.name == name for tool in self._shared.plan.transfers)

    def asks(self, name: str) -> bool:
        """Whether the tool ``name`` asks a service of the agent's to transfer."""
        return any(tool.name == name and tool.by_request for tool in self._shared.plan.transfers)

    def needs_arguments(self, name: str) -> bool:
        """Whether what the model gives the tool ``name`` decides to whom it transfers, or is for a service to read."""
        given = self._shared.given
        return any(
            tool.name == name and (tool.by_request or bool(named_arguments(tool.target, given)))
            for tool in self._shared.plan.transfers
        )

    def awaits(self, request: int) -> bool:
        """Whether ``request`` is one that a service was asked to transfer with."""
        return request in self._open and self.asks(self._open[request].name)

    def knows(self, call_id: str) -> bool:
        """Whether this call of a tool was a transfer already."""
        return call_id in self._known

    def want(self, call: ToolCall, turn: int) -> None:
        """The model called a transfer tool, with arguments that were checked. What cannot be done is answered at once."""
        tool = next(tool for tool in self._shared.plan.transfers if tool.name == call.name)
        target, why_not = self._target(tool, call)
        if why_not:
            self.refuse(call, turn, why_not)
            return
        self._known[call.call_id] = turn
        self._move("want")
        self.unheard = False
        self._caller_first_us = 0
        self.wish = Wish(call, turn, tool, target)

    def refuse(self, call: ToolCall, turn: int, why_not: str) -> None:
        """Tell the model why there is no transfer."""
        self._known[call.call_id] = turn
        self._history.result(call.call_id, _answer(False, why_not))
        self._shared.note("transfer_refused", f"{call.name}: {why_not}")

    def announcement(self) -> str:
        """What is to be said first; nothing when the reply that wanted the transfer said it in its own words."""
        assert self.wish is not None
        tool = self.wish.tool
        spoke = bool(self._history.calling(self.wish.call.call_id).content)
        return self._shared.rendered(tool.message) if tool.own_message or self.unheard or not spoke else ""

    def announced(self) -> None:
        """The announcement is on its way to the caller."""
        self._move("announce")

    def lets_caller_first(self, caller_busy: bool) -> bool:
        """Whether to wait, a bounded time, for a caller who is speaking just now: the words may call the transfer off."""
        shared = self._shared
        if not self._caller_first_us:
            self._caller_first_us = shared.now_us + CALLER_FIRST_MS * 1000
        if not caller_busy or shared.now_us >= self._caller_first_us:
            shared.timers.cancel("caller_first")
            return False
        shared.timers.arm("caller_first", self._caller_first_us)
        return True

    def ask(self) -> None:
        """Ask for the transfer that is wanted."""
        shared, wish = self._shared, self.wish
        assert wish is not None
        self._move("request")
        self._tries += 1
        self._request = shared.next_request()
        self._open[self._request] = wish.call
        call = wish.call
        if wish.tool.by_request:
            shared.emit(CallTool(self._request, wish.turn, call.call_id, call.name, call.arguments))
            shared.after_ms("transfer", TOOL_WAIT_MS)
            return
        shared.emit(
            Transfer(self._request, wish.target, wish.tool.attended, wish.turn, call.call_id, call.name, call.arguments)
        )
        shared.after_ms("transfer", TRANSFER_WAIT_MS)

    def answered(self, request: int, ok: bool, result: str) -> bool:
        """The service answered; returns True when it transfers: nothing more is said then, until the caller speaks."""
        call = self._open.pop(request)
        self._history.result(call.call_id, result if ok else _answer(False, result))
        self._accepted = self._accepted or ok
        if request != self._request or self.state != "requested":
            self._shared.note("transfer_late", "accepted" if ok else result)
            return False
        self._shared.timers.cancel("transfer")
        self._move("accept" if ok else "fail")
        if ok:
            self.connecting = True
            self._accepted_us = self._shared.now_us
            self._shared.after_ms("connecting", TRANSFER_WAIT_MS)
        return ok

    def hear(self, until_ms: int) -> None:
        """The caller has said something, up to there in their audio. A "thank you" from before the service answered ends no wait."""
        if self._shared.call_us(until_ms) > self._accepted_us:
            self.stop_connecting()

    def stop_connecting(self) -> None:
        """The caller has said something, or waited long enough: from here on silence counts as ever."""
        self.connecting = False
        self._shared.timers.cancel("connecting")

    def progress(self, event: TransferProgress) -> bool:
        """News of a transfer; returns True when the caller has been handed over."""
        shared = self._shared
        if event.state in DONE and event.request in self._failed:
            # A carrier gives up its wait, and the target takes the call all the same.
            self._open[event.request] = self._failed.pop(event.request)
        if event.request not in self._open or self.awaits(event.request):
            shared.note(
                "unused_event", "TransferProgress"
            )  # nobody's, or of a transfer that a service makes, not the line
        elif event.state in DONE:
            call = self._open.pop(event.request)
            self._history.result(call.call_id, _answer(True))
            self._silence()
            shared.emit(TransferSettled(event.request, True, event.detail))
            self._drop_wish("the caller was transferred")
            self._move("complete")
            return True
        elif event.state == "failed":
            self._fail(event.request, event.detail or "it failed")
        elif event.request == self._request and self.state == "requested":
            self._ring(_RINGS.get(event.state, ""))
        return False

    def expire(self) -> None:
        """Nobody says what became of the transfer. A late answer still counts."""
        call = self._open[self._request]
        self._silence()
        self._history.result(call.call_id, _answer(False, NOBODY_ANSWERED))
        self._settle(call, NOBODY_ANSWERED)
        self._move("fail")

    def call_off(self) -> None:
        """The caller's words interrupt: they are answered first."""
        self._drop_wish(CALLED_OFF)

    def abandon(self, reason: str) -> None:
        """The call is ending: what is wanted is not asked for, what was asked for is on its own."""
        self._drop_wish(reason)
        self.stop_connecting()
        if self.state == "requested":
            self._move("drop")
            self._shared.timers.cancel("transfer")
            self._silence()
            self._settle(self._open[self._request], reason)

    def _ring(self, asset: str) -> None:
        """The target rings so, or not any more: the caller hears it."""
        if asset == self._rings or self._shared.plan.written:
            return
        self._silence()
        if asset:
            self._rings = asset
            self._shared.emit(PlayAsset(asset, RINGING))

    def _silence(self) -> None:
        """The target does not ring any more. With the leg every sound is over anyway."""
        if self._rings and not self._shared.watch.ended:
            self._shared.emit(StopAsset(RINGING))
        self._rings = ""

    def _settle(self, call: ToolCall, reason: str) -> None:
        """A transfer that was asked for is not made, as far as known."""
        if self.asks(call.name):
            self._shared.note("transfer_unsettled", f"{call.name}: {reason}")
        else:
            self._shared.emit(TransferSettled(self._request, False, reason))

    def _target(self, tool: TransferTool, call: ToolCall) -> tuple[str, str]:
        """The checked target, or why there is no transfer."""
        if self.busy:
            return "", "another transfer is in progress"
        if self._tries >= MAX_TRANSFERS:
            return "", f"{MAX_TRANSFERS} transfers were tried in this call already; more are not"
        if self._accepted:
            return "", ACCEPTED_BEFORE
        if tool.by_request:
            return "", ""
        target = filled_target(tool.target, self._shared.variables, self._shared.given, call.arguments)
        if not target:
            return "", self._no_target(tool)
        try:
            return parse_destination(target, what="the transfer's target").value, ""
        except InvalidNumberError as error:
            return "", error.message

    def _no_target(self, tool: TransferTool) -> str:
        """Why there is no target, for the model, and for whoever reads the record."""
        lacks = [
            name for name in named_arguments(tool.target, self._shared.given) if not self._shared.variables.get(name)
        ]
        if not lacks:
            return NO_TARGET
        return f"{NO_TARGET}: nothing gives {', '.join(lacks)}, neither a declared parameter nor a variable of the call"

    def _fail(self, request: int, reason: str) -> None:
        shared = self._shared
        call = self._failed[request] = self._open.pop(request)
        self._history.result(call.call_id, _answer(False, reason))
        if request != self._request or self.state != "requested":
            shared.note("transfer_late", reason)
            return
        shared.timers.cancel("transfer")
        self._move("fail")
        self._silence()
        shared.emit(TransferSettled(request, False, reason))

    def _drop_wish(self, reason: str) -> None:
        if self.coming and self.wish is not None:
            self._move("drop")
            self._shared.timers.cancel("caller_first")
            self._history.result(self.wish.call.call_id, _answer(False, reason))
            self._shared.note("transfer_dropped", f"{self.wish.call.name}: {reason}")

    def _move(self, verb: str) -> None:
        self.state = MOVES[self.state][verb]


def _answer(transferred: bool, reason: str = "") -> str:
    """What the model is told."""
    told: dict[str, object] = {"transferred": transferred}
    if reason:
        told["reason"] = reason
    return json.dumps(told, ensure_ascii=False)
