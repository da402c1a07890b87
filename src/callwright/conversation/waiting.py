"""What the caller hears while tools run: the tool's message, then, if it takes long, a few waiting messages.

A caller who interrupts them stops no tool.
"""

from __future__ import annotations

from callwright.conversation.board import Board
from callwright.conversation.bounds import TOOL_QUIET_MS, WAITING_GAP_MS
from callwright.conversation.clauses import clauses_of
from callwright.conversation.plan import ToolWords
from callwright.conversation.stage import Stage
from callwright.conversation.turn import CallerTurn

PURPOSE = "tool"


class Waiting:
    """Fills the silence of running tools with at most one message of the tool and the plan's waiting messages, in order."""

    __slots__ = ("_board", "_first", "_own_round", "_round", "_said", "_since_us", "_stage", "_turn")

    def __init__(self, board: Board, stage: Stage, turn: CallerTurn) -> None:
        self._board = board
        self._stage = stage
        self._turn = turn
        self._round = 0
        self._own_round = 0  # in which a tool's own message was said last
        self._said = 0  # waiting messages of this round
        self._since_us = -1  # since when it is silent
        self._first = True  # nothing was said in this round, and nobody spoke

    def go_on(self) -> None:
        """A tool runs and nothing is audible: say something when it is time."""
        board, tools = self._board, self._stage.tools
        if board.held or self._turn.state == "talking" or self._turn.typing:
            if self._turn.state != "talking":
                self._since_us = -1  # the silence is counted anew
            self._first = False
            board.timers.cancel("waiting")
            return
        if tools.round != self._round:
            self._round, self._said, self._since_us, self._first = tools.round, 0, -1, True
        words = self._words()
        if self._since_us < 0:
            self._since_us = board.now_us
        at_once = words is not None and words.own_message and self._own_round != self._round
        wait_ms = 0 if at_once else TOOL_QUIET_MS if self._first and words is not None else WAITING_GAP_MS
        left = board.plan.waiting_messages[self._said :]
        due_us = max(self._since_us + wait_ms * 1000, self._stage.backs_off_until_us)
        if not (at_once or self._first):
            # Whoever spoke meanwhile may go on as long as they would be waited for.
            pause_ms = max(self._turn.patience.most_ms, TOOL_QUIET_MS)
            due_us = max(due_us, board.call_us(self._turn.voiced_end_ms) + pause_ms * 1000)
        if board.now_us < due_us:
            if words is not None or left:
                board.timers.arm("waiting", due_us)
            return
        self._since_us, self._first = -1, False
        if at_once:
            self._own_round = self._round
        if words is not None:
            self._say(words.message)
            return
        for message in left:
            self._said += 1
            if self._has_words(message):
                self._say(message)
                return

    def _words(self) -> ToolWords | None:
        """What is said once in a round: the first message that a tool of it has of its own, else the default one of the first, of those
        that still run. Nothing when something was said with the call of any."""
        tools, history = self._stage.tools, self._stage.history
        if self._said or any(history.calling(call.call_id).content for _, call, _ in tools.called):
            return None
        running = {call.name for request, call, _ in tools.called if request in tools.running}
        known = [one for one in self._board.plan.tool_words if one.name in running and self._has_words(one.message)]
        order = [call.name for _, call, _ in tools.called]
        return min(known, key=lambda one: (not one.own_message, order.index(one.name)), default=None)

    def _has_words(self, message: str) -> bool:
        return bool(clauses_of(self._board.rendered(message)))

    def _say(self, text: str) -> None:
        stage = self._stage
        _, call, turn = stage.tools.called[0]
        if not stage.say(PURPOSE, self._board.rendered(text), turn):
            return
        # For the model it is part of the message that called the tool: the result stays the last thing it sees.
        said = stage.history.calling(call.call_id)
        said.lead = said.content
        assert stage.audible is not None
        stage.audible.said = said
