"""What the caller hears while tools run: the tool's message, then, if it takes long, a few waiting messages.

A caller who interrupts them stops no tool.
"""

from __future__ import annotations

from callwright.conversation.board import Board
from callwright.conversation.bounds import TOOL_QUIET_MS, WAITING_GAP_MS
from callwright.conversation.plan import ToolWords
from callwright.conversation.stage import Stage
from callwright.conversation.turn import CallerTurn

PURPOSE = "tool"


class Waiting:
    """Fills the silence of running tools with at most one message of the tool and the plan's waiting messages, in order."""

    __slots__ = ("_board", "_due_us", "_round", "_said", "_stage", "_turn")

    def __init__(self, board: Board, stage: Stage, turn: CallerTurn) -> None:
        self._board = board
        self._stage = stage
        self._turn = turn
        self._round = 0
        self._said = 0  # waiting messages of this round
        self._due_us = 0

    def go_on(self) -> None:
        """A tool runs and nothing is audible: say something when it is time."""
        board, tools = self._board, self._stage.tools
        if board.held or self._turn.state == "talking" or self._turn.typing:
            # The silence is counted anew when the caller has finished.
            self._due_us = 0
            board.timers.cancel("waiting")
            return
        begins = tools.round != self._round
        if begins:
            self._round, self._said, self._due_us = tools.round, 0, 0
        words = self._words()
        if begins and words is not None and words.own_message:
            self._say(words.message)
            return
        if not self._due_us:
            wait_ms = TOOL_QUIET_MS if begins and words is not None else WAITING_GAP_MS
            self._due_us = board.now_us + wait_ms * 1000
        if board.now_us < self._due_us:
            if words is not None or self._said < len(board.plan.waiting_messages):
                board.timers.arm("waiting", self._due_us)
            return
        self._due_us = 0
        if words is not None:
            self._say(words.message)
        elif self._said < len(board.plan.waiting_messages):
            self._said += 1
            self._say(board.plan.waiting_messages[self._said - 1])

    def _words(self) -> ToolWords | None:
        """The message of the tool that began the round, unless something was said with its call."""
        assert self._stage.tools.latest is not None
        call, _ = self._stage.tools.latest
        if self._said or self._stage.history.calling(call.call_id).content:
            return None
        return next((one for one in self._board.plan.tool_words if one.name == call.name), None)

    def _say(self, text: str) -> None:
        stage = self._stage
        assert stage.tools.latest is not None
        call, turn = stage.tools.latest
        if not stage.say(PURPOSE, self._board.rendered(text), turn):
            return
        # For the model it is part of the message that called the tool: the result stays the last thing it sees.
        said = stage.history.calling(call.call_id)
        said.lead = said.content
        assert stage.audible is not None
        stage.audible.said = said
