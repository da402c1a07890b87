"""A caller who put the line on hold hears nothing: the agent stops, waits without asking, and goes on afterwards."""

from __future__ import annotations

from callwright.conversation import events as ev
from callwright.conversation.board import Board
from callwright.conversation.bounds import HOLD_MOST_MS
from callwright.conversation.stage import Stage


class Hold:
    """Whether the line is on hold is ``board.held``; it counts for HOLD_MOST_MS, then the call goes on as if it were not."""

    __slots__ = ("_board", "_cut", "_stage")

    def __init__(self, board: Board, stage: Stage) -> None:
        self._board = board
        self._stage = stage
        self._cut = False

    def change(self, event: ev.LineHeld) -> None:
        """The far end holds the line, or takes it back."""
        if event.on and not self._board.held:
            self._begin()
        elif not event.on:
            self._end()

    def expire(self) -> None:
        """Nobody came back to the line."""
        self._board.note("hold_too_long")
        self._end()

    def _begin(self) -> None:
        self._board.held = True
        self._board.after_ms("hold", HOLD_MOST_MS)
        audible = self._stage.audible
        if audible is not None and audible.state != "clearing" and audible.interruptible:
            self._stage.interrupt("held")
            if audible.purpose == "transfer":
                self._stage.owed.again = audible  # announced anew to who comes back to the line
            else:
                self._cut = True

    def _end(self) -> None:
        if not self._board.held:
            return
        self._board.held = False
        self._board.timers.cancel("hold")
        if self._cut:
            # The model knows how far it was heard and goes on from there.
            self._cut = False
            self._stage.owed.reply = True
