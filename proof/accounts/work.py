"""What a call is busy with besides speech: tools and transfers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import TRANSFER_WAIT_MS
from proof.accounts.replies import Replies


class Work:
    """``tools``: names of the tools that have not answered, by request, keys that are being pressed among them. ``wishes``: names of the
    transfers that the model wants, or that are under way. ``accepted_us``: when a service took a transfer on, unless the caller has
    certainly said something since; else -1. ``perhaps_heard``: whether they may have. ``requested``: the line, or a service,
    was asked for a transfer and has not told what became of it."""

    __slots__ = ("_asked", "_replies", "accepted_us", "perhaps_heard", "requested", "tools", "wishes")

    def __init__(self, replies: Replies) -> None:
        self._replies = replies
        self._asked = ""
        self.accepted_us = -1
        self.perhaps_heard = False
        self.requested = False
        self.tools: dict[int, str] = {}
        self.wishes: list[str] = []

    @property
    def transferring(self) -> bool:
        """Whether the model wants a transfer, or one is under way."""
        return bool(self.wishes)

    @property
    def rung_until_us(self) -> int:
        """Until when somebody is rung by a service that took the transfer on, as far as anybody here can tell; 0: nobody is."""
        return self.accepted_us + TRANSFER_WAIT_MS * 1000 if self.accepted_us >= 0 else 0

    @property
    def surely_rung_until_us(self) -> int:
        """The same where nothing that the caller said can have ended it."""
        return 0 if self.perhaps_heard else self.rung_until_us

    @property
    def under_way(self) -> bool:
        """Whether the agent waits for a tool or a transfer."""
        return bool(self.tools or self.wishes)

    def reads(self) -> dict[type, Callable[[Any], None]]:
        """What it follows."""
        return {
            ev.ReplyTool: self._tool,
            ev.ToolResult: self._tool_over,
            ev.ProviderFailed: self._failed,
            fx.CallTool: self._call,
            fx.SendKeys: self._call,
            fx.CancelTool: self._tool_over,
            fx.Transfer: self._transfer,
            fx.TransferSettled: self._settled,
            fx.Withdrawn: self._withdrawn,
            fx.Note: self._note,
        }

    def _tool(self, event: ev.ReplyTool) -> None:
        self._asked = event.name
        if event.name in self._replies.transfers and self._replies.get_asked(event.request).answering:
            self.wishes.append(event.name)

    def _failed(self, event: ev.ProviderFailed) -> None:
        if event.kind == "tool":
            self._tool_over(event)

    def _call(self, effect: fx.CallTool | fx.SendKeys) -> None:
        self.tools[effect.request] = effect.name
        if effect.name in self._replies.transfers:
            self.wishes = [effect.name]  # a service is asked to transfer
            self.requested = True

    def _tool_over(self, item: ev.ToolResult | ev.ProviderFailed | fx.CancelTool) -> None:
        name = self.tools.pop(item.request, "")
        if name in self._replies.transfers:
            self._forget(name)
            self.requested = False
            if isinstance(item, ev.ToolResult) and item.ok:
                self.accepted_us, self.perhaps_heard = self._replies.at_us, False

    def _transfer(self, effect: fx.Transfer) -> None:
        self.wishes = [effect.name]
        self.requested = True

    def _settled(self, _effect: fx.TransferSettled) -> None:
        self.wishes.clear()
        self.requested = False

    def _withdrawn(self, effect: fx.Withdrawn) -> None:
        if effect.reason != "unheard":  # then its tools were called
            for call in self._replies.get(effect.generation).tools:
                self._forget(call.name)

    def _note(self, effect: fx.Note) -> None:
        if effect.kind in ("transfer_dropped", "transfer_refused", "tool_refused", "tool_loops"):
            self._forget(effect.text.partition(":")[0])
        elif effect.kind == "transfer_unsettled":
            name = effect.text.partition(":")[0]
            self._forget(name)
            self.requested = False
            self.accepted_us = -1  # an answer in the same step came too late
            self.tools = {request: other for request, other in self.tools.items() if other != name}
        elif effect.kind == "tool_repeated":
            self._forget(self._asked)

    def _forget(self, name: str) -> None:
        if name in self.wishes:
            self.wishes.remove(name)
