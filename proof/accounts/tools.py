"""Tools and transfers: what the model wanted, what was called, and when."""

from __future__ import annotations

import json
import re

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import TOOL_WAIT_MS
from callwright.conversation.plan import TransferTool
from callwright.domain.errors import InvalidNumberError
from callwright.domain.limits import MAX_MODEL_TOOL_LOOPS, MAX_TRANSFERS
from callwright.domain.number import parse_destination
from callwright.domain.variables import render
from callwright.ports.model import Tool
from proof.accounts.book import LATE_US, Book, Handlers, contradict


class ToolAccount:
    """Tools that the model calls."""

    __slots__ = ("_book", "_calls", "_latest_us", "_running", "_settled", "_untold", "_wanted")

    def __init__(self, book: Book) -> None:
        self._book = book
        self._wanted: list[tuple[int, ev.ReplyTool]] = []  # generation, call; those the core has to act on
        self._settled: set[str] = set()
        self._running: dict[int, str] = {}
        self._latest_us = 0
        self._untold = False  # a tool answered and the model has not been asked since
        self._calls: dict[int, int] = {}  # turn -> calls made

    def reads(self) -> Handlers:
        """What it judges."""
        return {
            ev.ReplyTool: self._want,
            ev.ToolResult: self._answer,
            ev.ProviderFailed: self._failed,
            fx.CallTool: self._call,
            fx.SendKeys: self._call,
            fx.CancelTool: self._cancel,
            fx.Transfer: self._transfer,
            fx.AskModel: self._ask,
            fx.Speak: self._speak,
            fx.Note: self._note,
            fx.HangUp: self._hang_up,
        }

    def close(self) -> None:
        """What the model wanted was done, or refused with a note, if its reply was."""
        replies = self._book.replies
        for number, call in self._wanted:
            one = replies.get(number)
            done = call.call_id in self._settled or call.name in self._settled or not call.call_id
            if (one.acted or one.sound.released_us >= 0) and not done:
                contradict("a tool of a reply is called", f"{call.call_id} {call.name} of {number}")

    def _want(self, event: ev.ReplyTool) -> None:
        one = self._book.replies.requests.get(event.request)
        if one is None or not one.answering or not self._book.live or event.name == "end_call":
            return
        self._wanted.append((one.number, event))

    def _call(self, effect: fx.CallTool | fx.SendKeys) -> None:
        asked = [call for _, call in self._wanted if call.name == effect.name]
        if not any(call.call_id in (effect.call_id, "") for call in asked):
            contradict("only what the model wanted is called", f"{effect.call_id} {effect.name}")
        if isinstance(effect, fx.CallTool):
            self._fits(effect)
        self._settled.add(effect.call_id)
        self._running[effect.request] = effect.name
        self._latest_us = self._book.at_us
        self._calls[effect.turn] = self._calls.get(effect.turn, 0) + 1
        if self._calls[effect.turn] > MAX_MODEL_TOOL_LOOPS:
            contradict("a turn has so many tools at most", f"{self._calls[effect.turn]} in turn {effect.turn}")

    def _fits(self, effect: fx.CallTool) -> None:
        """A tool is one of the agent's, and gets what its schema says: all it needs, nothing else, and of a choice one of it."""
        tool = next((tool for tool in self._book.plan.tools if tool.name == effect.name), None)
        if tool is None or not _is_fit(tool, effect.arguments):
            contradict("a tool is called with what fits it", f"{effect.name} with {effect.arguments}")

    def _answer(self, event: ev.ToolResult) -> None:
        self._over(self._running.pop(event.request, ""), event.ok)

    def _over(self, name: str, ok: bool) -> None:
        """Keys that were pressed and a transfer that a service makes need no word of the model."""
        transfers = name in self._book.replies.transfers
        if ok and transfers:
            self._untold = False  # nothing more is said then, until the caller speaks
        silent = ok and (name in self._book.plan.key_tools or transfers)
        self._untold = self._untold or (bool(name) and not silent)

    def _failed(self, event: ev.ProviderFailed) -> None:
        if event.kind == "tool":
            self._over(self._running.pop(event.request, ""), False)

    def _cancel(self, effect: fx.CancelTool) -> None:
        if self._book.at_us + LATE_US < self._latest_us + TOOL_WAIT_MS * 1000:
            contradict("a tool has its time to answer", self._running.get(effect.request))
        self._over(self._running.pop(effect.request, ""), True)

    def _ask(self, effect: fx.AskModel) -> None:
        if self._running:
            contradict(
                "the model is asked when its tools have answered", f"{self._running} in request {effect.request}"
            )
        self._untold = False

    def _speak(self, effect: fx.Speak) -> None:
        if effect.purpose == "apology":
            self._untold = False
        elif effect.purpose == "silence" and (self._untold or self._running):
            contradict("a tool's answer is told before it is called silence", self._running)

    def _note(self, effect: fx.Note) -> None:
        if effect.kind == "tool_repeated":
            self._settled.add(effect.text)
        elif effect.kind == "tool_loops":
            self._settled.add(effect.text)  # by its name
        elif effect.kind in ("tool_refused", "transfer_refused", "transfer_dropped"):
            self._settled.add(effect.text.partition(":")[0])
        elif effect.kind == "keys_dropped":
            self._settled.update(self._book.plan.key_tools)
        elif effect.kind == "transfer_unsettled":
            name = effect.text.partition(":")[0]
            self._running = {request: other for request, other in self._running.items() if other != name}

    def _hang_up(self, effect: fx.HangUp) -> None:
        if effect.reason == "inactivity_timeout" and (self._untold or self._running):
            contradict("a tool's answer is told before it is called silence", self._running)

    def _transfer(self, effect: fx.Transfer) -> None:
        self._settled.add(effect.call_id)


def _is_fit(tool: Tool, arguments: str, whole: bool = True) -> bool:
    """Whether arguments are what the tool's schema says; not ``whole``: as far as there are any."""
    try:
        given, schema = json.loads(arguments), json.loads(tool.parameters)
    except ValueError:
        return False
    properties = schema.get("properties", {})
    needed = set(schema.get("required", ())) if whole else set()
    if not (isinstance(given, dict) and needed <= set(given) <= set(properties)):
        return False
    return all(value in properties[name].get("enum", (value,)) for name, value in given.items())


_PLACE = re.compile(r"%\((\w+)\)s")

_REFUSED_FOR_OTHERS = ("another transfer is in progress", f"{MAX_TRANSFERS} transfers were tried")
"""Why a transfer is refused that could be made."""


class TransferAccount:
    """Handing the caller over: to whom the agent lets it, announced once and to the end, never in mid-word, never to an emergency number;
    and to one whom it always transfers to whatever the model wrote."""

    __slots__ = ("_announced", "_announcing", "_asked_us", "_book", "_made", "_service", "_taken")

    def __init__(self, book: Book) -> None:
        self._book = book
        self._announced: set[str] = set()  # messages heard to their end since the last transfer
        self._announcing = False
        self._made = 0
        self._asked_us = -1
        self._service = 0  # the request with which a service was asked to transfer, while it is waited for
        self._taken = False  # and it took it on

    def reads(self) -> Handlers:
        """What it judges."""
        return {
            ev.ToolResult: self._answered,
            ev.ProviderFailed: self._failed,
            fx.Speak: self._speak,
            fx.AgentSaid: self._said,
            fx.Withdrawn: self._withdrawn,
            fx.Note: self._note,
            fx.CallTool: self._ask_service,
            fx.Transfer: self._transfer,
            fx.TransferSettled: self._settled,
            fx.HangUp: self._hang_up,
        }

    def close(self) -> None:
        """A transfer that was asked for has an outcome."""
        if self._asked_us >= 0:
            contradict("a transfer is settled", f"asked for at {self._asked_us}")

    def _speak(self, effect: fx.Speak) -> None:
        if effect.purpose == "transfer" and effect.index == 0:
            if self._announcing:
                contradict("a transfer is announced once", effect.text)
            self._announcing = True

    def _said(self, effect: fx.AgentSaid) -> None:
        if effect.purpose == "transfer":
            if effect.cut:
                self._announcing = False
            else:
                self._announced.add(effect.text)

    def _withdrawn(self, effect: fx.Withdrawn) -> None:
        if self._book.replies.get(effect.generation).purpose == "transfer":
            self._announcing = False

    def _note(self, effect: fx.Note) -> None:
        if effect.kind == "transfer_unsettled":
            self._service = 0
        if effect.kind == "transfer_refused":
            self._refused(*effect.text.split(": ", 1))
        if effect.kind in ("transfer_dropped", "voice_failed"):
            self._announcing = False
        if effect.kind == "voice_failed":
            # A voice that fails in the middle of the announcement: what was said stays said.
            self._announced.update(" ".join(self._book.rendered(tool.message)) for tool in self._book.plan.transfers)

    def _transfer(self, effect: fx.Transfer) -> None:
        book = self._book
        tool = next((tool for tool in book.plan.transfers if tool.name == effect.name), None)
        if tool is None:
            contradict("only a transfer tool transfers", effect.name)
        try:
            parse_destination(effect.target)
        except InvalidNumberError:
            contradict("nobody is transferred to what must not be called", effect.target)
        self._leads(tool, effect)
        if tool.own_message and " ".join(book.rendered(tool.message)) not in self._announced:
            contradict("a transfer is announced to the end", effect.name)
        self._made += 1
        if self._made > MAX_TRANSFERS:
            contradict("a call has so many transfers at most", self._made)
        self._announced.clear()
        self._announcing = False
        self._asked_us = book.at_us

    def _leads(self, tool: TransferTool, effect: fx.Transfer) -> None:
        """A transfer goes where the agent's template leads with the call's own variables and, for the rest, with arguments that fit."""
        schema = next((one for one in self._book.plan.tools if one.name == tool.name), None)
        if schema is None or not _is_fit(schema, effect.arguments, whole=bool(self._asked(tool))):
            contradict("a transfer is made with what fits it", f"{effect.name} with {effect.arguments}")
        if effect.target != parse_destination(self._target(tool, json.loads(effect.arguments))).value:
            contradict("a transfer goes where its agent lets it", f"{effect.target} with {effect.arguments}")

    def _asked(self, tool: TransferTool) -> list[str]:
        """What a target needs of the model."""
        return [name for name in _PLACE.findall(tool.target) if not self._book.variables.get(name)]

    def _target(self, tool: TransferTool, given: dict[str, str]) -> str:
        variables = self._book.variables
        values = {**given, **{name: value for name, value in variables.items() if value}}
        return _PLACE.sub(lambda place: values.get(place[1], ""), render(tool.target, variables))

    def _refused(self, name: str, why: str) -> None:
        tool = next(tool for tool in self._book.plan.transfers if tool.name == name)
        if tool.by_request or self._asked(tool) or why.startswith(_REFUSED_FOR_OTHERS):
            return
        try:
            parse_destination(self._target(tool, {}))
        except InvalidNumberError:
            return
        contradict("who can be transferred is", f"{name}: {why}")

    def _ask_service(self, effect: fx.CallTool) -> None:
        if effect.name in self._book.replies.transfers:
            if self._taken:
                contradict("a service that transfers is not asked again", effect.request)
            self._service = effect.request
            self._announced.clear()
            self._announcing = False

    def _failed(self, event: ev.ProviderFailed) -> None:
        if event.kind == "tool" and event.request == self._service:
            self._service = 0

    def _answered(self, event: ev.ToolResult) -> None:
        if event.request == self._service != 0:
            self._service = 0
            self._taken = self._taken or event.ok

    def _settled(self, _effect: fx.TransferSettled) -> None:
        self._asked_us = -1

    def _hang_up(self, effect: fx.HangUp) -> None:
        if effect.reason == "call_transferred" and not self._book.handed:
            contradict("who hangs up after a transfer has made one", effect.reason)
