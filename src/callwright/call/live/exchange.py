"""What is said in a chat, read from its log as it is written: what the agent delivered, and whether it has more to say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from callwright.insight.provider_failures import ProviderFailures
from callwright.ports.chat import ChatMessage, ChatTool

_OVER = frozenset({"HangUp", "LegEnded"})
_TRANSFER_ENDS = frozenset({"bridged", "joined", "failed", "completed"})


@dataclass(frozen=True, slots=True)
class Told:
    """What of a chat somebody was told: so many ``messages``, of the next one what had been delivered then, and so many ``tools``."""

    messages: int = 0
    begun: str = ""
    tools: int = 0


class Exchange:
    """One chat, seen from its log (a ``logfile.EntryListener``).

    At most one reply is prepared and one delivered at a time, as in ``AgentTurn``. ``messages`` are those that are over, in order,
    ``tools`` those that are done; ``open``: lines are taken; ``ended``: no more;
    ``refusal``: why the chat could not be opened.
    """

    def __init__(self) -> None:
        self.messages: list[ChatMessage] = []
        self.tools: list[ChatTool] = []
        self.refusal = ""
        self._failures = ProviderFailures()
        self.ended = False
        self._unanswered = False
        self._prepared = 0
        self._audible = 0
        self._working: dict[int, tuple[str, str]] = {}
        self._clauses: dict[tuple[int, int], str] = {}
        self._delivered: list[str] = []
        self.open = False
        self._waiting: set[asyncio.Future[None]] = set()
        self._looking = False
        self._takes: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
            "Answered": self._answered,
            "TranscriptFinal": self._line,
            "UserSaid": self._taken,
            "AskModel": self._asked,
            "Speak": self._clause,
            "Release": self._released,
            "MarkPlayed": self._played,
            "AgentSaid": self._said,
            "Withdrawn": self._withdrawn,
            "CallTool": self._tool,
            "Transfer": self._tool,
            "ToolResult": self._result,
            "CancelTool": self._done,
            "TransferProgress": self._transferred,
        }

    def take(self, seq: int, at_us: int, section: str, direction: str, name: str, values: Mapping[str, Any]) -> None:
        """The next entry."""
        self._failures.take(at_us, name, values)
        if name in _OVER:
            self.ended = True
        take = self._takes.get(name)
        if take is not None:
            take(values)
        if self._waiting and not self._looking:
            # What belongs to one event is logged in one go: only then can be told whether there is more to come.
            self._looking = True
            asyncio.get_running_loop().call_soon(self._look)

    def over(self) -> None:
        """Nothing follows."""
        self.ended = True
        self._look()

    @property
    def at_rest(self) -> bool:
        """Whether the agent has answered everything and waits."""
        idle = self.open and not (self._unanswered or self._prepared or self._audible or self._working)
        return self.ended or idle

    @property
    def partial(self) -> str:
        """What of the present reply was delivered."""
        return " ".join(self._delivered)

    @property
    def position(self) -> Told:
        """What there is to tell by now."""
        return Told(len(self.messages), self.partial, len(self.tools))

    @property
    def error(self) -> str:
        """Why the agent does not answer, as the record would say it now. Empty where it does."""
        return self.refusal or self._failures.error

    def since(self, told: Told) -> tuple[ChatMessage, ...]:
        """What was delivered behind ``told``, the present reply as far as it has come."""
        found = self.messages[told.messages :]
        if self.partial:
            found.append(ChatMessage(self.partial))
        if told.begun and found and found[0].text.startswith(told.begun):
            rest = found[0].text.removeprefix(told.begun).lstrip()
            found[:1] = [replace(found[0], text=rest)] if rest else []
        return tuple(found)

    async def rest(self, seconds: float) -> bool:
        """Until the agent waits, at most so long; whether it does."""
        # Not before what was just caused is in the log.
        await asyncio.sleep(0)
        if self.at_rest or seconds <= 0:
            return self.at_rest
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiting)
        try:
            await asyncio.wait_for(waiting, seconds)
        except TimeoutError:
            pass
        finally:
            self._waiting.discard(waiting)
        return self.at_rest

    def _look(self) -> None:
        self._looking = False
        if self.at_rest:
            for waiting in self._waiting:
                if not waiting.done():
                    waiting.set_result(None)

    def _answered(self, _values: Mapping[str, Any]) -> None:
        self.open = True

    def _line(self, values: Mapping[str, Any]) -> None:
        self._unanswered = self._unanswered or bool(values["text"])

    def _taken(self, _values: Mapping[str, Any]) -> None:
        self._unanswered = False

    def _asked(self, values: Mapping[str, Any]) -> None:
        self._prepared = values["generation"]

    def _clause(self, values: Mapping[str, Any]) -> None:
        self._clauses[values["generation"], values["index"]] = values["text"]

    def _released(self, values: Mapping[str, Any]) -> None:
        self._audible, self._prepared = values["generation"], 0
        self._delivered.clear()

    def _played(self, values: Mapping[str, Any]) -> None:
        text = self._clauses.pop((values["generation"], values["index"]), "")
        if text and values["generation"] == self._audible:
            self._delivered.append(text)

    def _said(self, values: Mapping[str, Any]) -> None:
        self._over(values["generation"])
        # Who writes to an agent that has no answer reads why (``error``), not its apology.
        if values["purpose"] != "apology" or not self.error:
            self.messages.append(ChatMessage(values["text"], values["cut"]))

    def _withdrawn(self, values: Mapping[str, Any]) -> None:
        self._over(values["generation"])

    def _over(self, generation: int) -> None:
        self._clauses = {key: text for key, text in self._clauses.items() if key[0] != generation}
        if generation == self._audible:
            self._audible = 0
            self._delivered.clear()
        if generation == self._prepared:
            self._prepared = 0

    def _tool(self, values: Mapping[str, Any]) -> None:
        # A reply of tools alone is performed by calling them.
        self._prepared = 0
        self._working[values["request"]] = str(values.get("name", "")), str(values.get("arguments", ""))

    def _result(self, values: Mapping[str, Any]) -> None:
        called = self._working.get(values["request"])
        if called is not None:
            self.tools.append(ChatTool(*called, bool(values.get("ok")), str(values.get("result", ""))))
        self._done(values)

    def _done(self, values: Mapping[str, Any]) -> None:
        self._working.pop(values["request"], None)

    def _transferred(self, values: Mapping[str, Any]) -> None:
        if values["state"] in _TRANSFER_ENDS:
            self._done(values)
