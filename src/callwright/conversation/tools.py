"""Tools the model called: once per call, and never forgotten, whatever became of the reply that called them."""

from __future__ import annotations

from callwright.conversation.board import Board
from callwright.conversation.bounds import TOOL_WAIT_MS
from callwright.conversation.effects import CallTool, CancelTool
from callwright.conversation.history import History
from callwright.conversation.transfer import Transfers
from callwright.domain.limits import MAX_MODEL_TOOL_LOOPS
from callwright.ports.model import Tool, ToolCall

END_CALL = Tool(
    name="end_call",
    description="End the phone call when the conversation is over. Say goodbye in the same answer.",
    parameters='{"type":"object","properties":{"reason":{"type":"string","description":"Why the call ends"}}}',
)
"""The tool that lets the model hang up."""

NO_RESULT = '{"error": "the tool did not answer in time"}'


class Toolbox:
    """Tool calls in progress. ``running`` maps request to call id; a transfer is not among them (``transfer.py``)."""

    __slots__ = ("_board", "_history", "_requests", "_transfers", "loops", "running")

    def __init__(self, board: Board, history: History, transfers: Transfers) -> None:
        self._board = board
        self._history = history
        self._transfers = transfers
        self.running: dict[int, str] = {}
        self._requests: dict[int, str] = {}
        self.loops = 0

    def offered(self) -> tuple[Tool, ...]:
        """The tools the model may call now: none when it has called too many in this turn."""
        if self.loops >= MAX_MODEL_TOOL_LOOPS:
            return ()
        plan = self._board.plan
        return (*plan.tools, END_CALL) if plan.end_call_tool else plan.tools

    def knows(self, call_id: str) -> bool:
        """Whether this call was made before."""
        return call_id in self._board.watch.tools or self._transfers.knows(call_id)

    def start(self, call: ToolCall, turn: int) -> None:
        """Call a tool."""
        board = self._board
        if self._transfers.takes(call.name):
            self.loops += 1
            self._transfers.want(call, turn)
            return
        request = board.next_request()
        self._requests[request] = call.call_id
        self.running[request] = call.call_id
        self.loops += 1
        board.emit(CallTool(request, turn, call.call_id, call.name, call.arguments))
        board.after_ms("tool", TOOL_WAIT_MS)

    def take_result(self, request: int, ok: bool, result: str) -> None:
        """A tool answered. The result goes into the history however late it comes; a repeated one is noted."""
        call_id = self._requests.pop(request, None)
        if call_id is None:
            self._board.note("result_unknown", result)
            return
        self._history.result(call_id, result if ok else f"The tool failed: {result}")
        if self.running.pop(request, None) is None:
            self._board.note("result_late", call_id)
        if not self.running:
            self._board.timers.cancel("tool")

    def expire(self) -> None:
        """No tool has answered for too long: the model is told so."""
        for request, call_id in self.running.items():
            self._board.emit(CancelTool(request))
            self._history.result(call_id, NO_RESULT)
        self.running.clear()
