"""Keys the caller presses: an entry of several is one thing said, as `dtmf_number: 4711` (contract 17.2)."""

from __future__ import annotations

from callwright.conversation import events as ev
from callwright.conversation.board import Board
from callwright.conversation.stage import Stage
from callwright.conversation.turn import CallerTurn
from callwright.domain.limits import MAX_KEY_DIGITS


class Keys:
    """Collects an entry until the finishing key, a count, or a pause. While ``turn.typing`` the agent does not begin to speak. A finishing
    key that is pressed out of habit behind the last digit of a count belongs to that entry."""

    __slots__ = ("_board", "_counted_us", "_stage", "_turn")

    def __init__(self, board: Board, stage: Stage, turn: CallerTurn) -> None:
        self._board = board
        self._stage = stage
        self._turn = turn
        self._counted_us = -1  # when a count completed the latest entry

    def press(self, event: ev.KeyPressed) -> None:
        """A key, during the conversation."""
        board, turn, plan = self._board, self._turn, self._board.plan
        finishes = event.key == plan.keys_end
        if not plan.keys or (self._has_just_counted() and finishes):
            board.note("key", event.key)
            return
        if not turn.typing:
            self._begin()
        # The finishing key alone is an answer, too: "press hash to go on".
        if not finishes or not turn.typing:
            turn.press(event.key)
        counted = len(turn.entry) >= (plan.keys_most or MAX_KEY_DIGITS)
        if counted and not finishes:
            self._counted_us = board.now_us
        if finishes or counted:
            turn.enter()
        else:
            board.after_ms("keys", plan.keys_pause_ms)

    def _has_just_counted(self) -> bool:
        """Whether the key before this one completed an entry by its count, and this one follows it as if it belonged to it."""
        counted_us, self._counted_us = self._counted_us, -1
        return counted_us >= 0 and self._board.now_us < counted_us + self._board.plan.keys_pause_ms * 1000

    def _begin(self) -> None:
        """The first key of an entry takes back what is prepared, and interrupts the agent where the agent's settings say so."""
        stage, audible = self._stage, self._stage.audible
        if stage.pending is not None and (stage.pending.asked or audible is None):
            stage.withdraw("caller_pressed_keys")
        if audible is None or not self._board.plan.keys_interrupt:
            return
        # A key over the announcement of a transfer is a habit of telephone menus and calls nothing off.
        if audible.state != "clearing" and audible.interruptible and audible.purpose != "transfer":
            stage.interrupt("caller_pressed_keys")
