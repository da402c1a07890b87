"""Tools the model called: once per call, and never forgotten, whatever became of the reply that called them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callwright.conversation.bounds import TOOL_WAIT_MS
from callwright.conversation.effects import CallTool, CancelTool, SendKeys
from callwright.conversation.history import History, system_text
from callwright.conversation.shared_state import SharedState
from callwright.conversation.transfer import Transfers
from callwright.domain.limits import MAX_MODEL_TOOL_LOOPS
from callwright.platform.agents.rules.tools import END_CALL as ENDS_CALLS
from callwright.platform.tools.rules.answer import remembered
from callwright.platform.tools.rules.arguments import UnfitArgumentsError, checked_arguments, fitting_arguments
from callwright.platform.tools.rules.keypad import keys_of
from callwright.ports.model import Tool, ToolCall

END_CALL = Tool(
    name=ENDS_CALLS,
    description="End the phone call when the conversation is over. Say goodbye in the same answer.",
    parameters=(
        '{"type":"object","properties":{"reason":{"type":"string","description":"Why the call ends"}},"required":["reason"]}'
    ),
)
"""The tool that lets the model hang up."""

NO_RESULT = '{"error": "the tool did not answer in time"}'


@dataclass(frozen=True, slots=True)
class Press:
    """Keys to be pressed when the agent has finished speaking."""

    call: ToolCall
    turn: int
    keys: str


class Toolbox:
    """Tool calls in progress. ``running`` maps request to call id; a transfer is not among them (``transfer.py``).

    ``presses`` are keys that wait for the agent's words before them; ``round`` counts how often tools began to run when none did;
    ``called`` are those of the present round: request, call, turn.
    """

    __slots__ = (
        "_history",
        "_pressing",
        "_refused",
        "_requests",
        "_shared",
        "_transfers",
        "called",
        "loops",
        "presses",
        "round",
        "running",
    )

    def __init__(self, shared: SharedState, history: History, transfers: Transfers) -> None:
        self._shared = shared
        self._history = history
        self._transfers = transfers
        self.running: dict[int, str] = {}
        self.presses: list[Press] = []
        self._pressing = 0
        self._requests: dict[int, str] = {}
        self._refused: dict[str, int] = {}
        self.called: list[tuple[int, ToolCall, int]] = []
        self.round = 0
        self.loops = 0

    def offered(self) -> tuple[Tool, ...]:
        """The tools the model may call now: none when it has called too many in this turn."""
        if self.loops >= MAX_MODEL_TOOL_LOOPS:
            return ()
        plan = self._shared.plan
        own = any(ends_call(tool.name) for tool in plan.tools)
        return (*plan.tools, END_CALL) if plan.end_call_tool and not own else plan.tools

    def knows(self, call_id: str) -> bool:
        """Whether this call was made before."""
        return (
            call_id in self._shared.watch.tools
            or call_id in self._refused
            or self._transfers.knows(call_id)
            or any(press.call.call_id == call_id for press in self.presses)
        )

    def start(self, call: ToolCall, turn: int) -> bool:
        """Call a tool; what cannot be called is answered at once. Returns whether the model has to speak again when all is answered."""
        self.loops += 1
        try:
            if self.loops > MAX_MODEL_TOOL_LOOPS:
                raise UnfitArgumentsError(f"not more than {MAX_MODEL_TOOL_LOOPS} tools are called for one turn")
            return self._start(call, turn)
        except UnfitArgumentsError as error:
            self._refused[call.call_id] = turn
            self._history.result(call.call_id, f"The tool was not called: {error}")
            self._shared.note("tool_refused", f"{call.name}: {error}")
            return True

    def _start(self, call: ToolCall, turn: int) -> bool:
        shared = self._shared
        if self._transfers.takes(call.name):
            self._transfer(call, turn)
            return True
        arguments, text = self._checked(call)
        if call.name in shared.plan.key_tools:
            keys = arguments.get("keys") or next(iter(arguments.values()), "")
            self.presses.append(Press(call, turn, keys_of(str(keys))))
            return False
        if not self.slow:
            self.round += 1
            self.called = []
        request = self._begin(call)
        self.called.append((request, call, turn))
        shared.emit(CallTool(request, turn, call.call_id, call.name, text))
        return True

    def _transfer(self, call: ToolCall, turn: int) -> None:
        """Hand the caller over. Where nothing the model writes decides to whom, no slip of it keeps the caller from that."""
        transfers = self._transfers
        try:
            arguments = self._checked(call, whole=transfers.needs_arguments(call.name))[1]
        except UnfitArgumentsError as error:
            if transfers.asks(call.name):
                raise
            transfers.refuse(call, turn, str(error))
        else:
            transfers.want(ToolCall(call.call_id, call.name, arguments), turn)

    def press(self) -> None:
        """Nothing is audible: press the keys that wait, one call after the other."""
        if self._pressing or not self.presses:
            return
        one = self.presses.pop(0)
        self._pressing = self._begin(one.call)
        self._shared.emit(SendKeys(one.keys, self._pressing, one.turn, one.call.call_id, one.call.name))

    @property
    def slow(self) -> bool:
        """Whether a tool runs whose time may have to be filled: pressing keys is heard by itself."""
        return any(request != self._pressing for request in self.running)

    @property
    def busy(self) -> bool:
        """Whether the agent takes no turn because of tools."""
        return bool(self.running or self.presses)

    def take_result(self, request: int, ok: bool, result: str) -> bool:
        """A tool answered. The result goes into the history however late it comes; a repeated one is noted.

        Returns whether the model has to speak because of it though nothing was owed: keys that could not be pressed.
        """
        call_id = self._requests.pop(request, None)
        if call_id is None:
            self._shared.note("result_unknown", result)
            return False
        keys = request == self._pressing
        self._pressing = 0 if keys else self._pressing
        self._history.result(call_id, result if ok else f"The tool failed: {result}")
        if ok and not keys:
            self._learn(result)
        if self.running.pop(request, None) is None:
            self._shared.note("result_late", call_id)
            return False
        self._rest()
        return keys and not ok

    def expire(self) -> None:
        """No tool has answered for too long: the model is told so."""
        for request, call_id in self.running.items():
            self._shared.emit(CancelTool(request))
            self._history.result(call_id, NO_RESULT)
        self.running.clear()
        self._pressing = 0
        self._rest()

    def abandon(self) -> None:
        """The call is over: keys that waited are not pressed."""
        for press in self.presses:
            self._shared.note("keys_dropped", press.keys)
        self.presses.clear()

    def _begin(self, call: ToolCall) -> int:
        request = self._shared.next_request()
        self._requests[request] = call.call_id
        self.running[request] = call.call_id
        self._shared.after_ms("tool", TOOL_WAIT_MS)
        return request

    def _rest(self) -> None:
        if not self.running:
            self._shared.timers.cancel("tool")
        if not self.slow:
            self._shared.timers.cancel("waiting")

    def _checked(self, call: ToolCall, whole: bool = True) -> tuple[Mapping[str, Any], str]:
        """The arguments by the tool's schema, and as text; not ``whole``: those of them that fit. Raises UnfitArgumentsError."""
        tools = self._shared.plan.tools
        tool = next((one for one in tools if one.name == call.name), None)
        if tool is None:
            names = ", ".join(one.name for one in tools) or "none"
            raise UnfitArgumentsError(f"there is no tool named {call.name!r}; the tools are: {names}")
        check = checked_arguments if whole else fitting_arguments
        arguments = check(json.loads(tool.parameters), call.arguments, self._shared.learned)
        return arguments, json.dumps(arguments, ensure_ascii=False, separators=(",", ":"))

    def _learn(self, result: str) -> None:
        """The values of an answer are variables of the call: of its prompt, its messages and later tools."""
        shared = self._shared
        known = remembered(shared.learned, result)
        if known != shared.learned:
            shared.learn(known)
            self._history.begin(system_text(shared.plan, shared.variables))


def ends_call(name: str) -> bool:
    """Whether the tool ``name`` hangs up."""
    return name.startswith(ENDS_CALLS)
