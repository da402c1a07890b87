"""Bounds how long sounds without words delay the caller's turn and the reply to it.

A dog, typing or a television can sound again and again while the recogniser reports neither words nor their absence. So can a caller, if
the recogniser reads whole sentences only.
"""

from __future__ import annotations

from callwright.conversation.board import Board
from callwright.conversation.bounds import DENSE_MOST_MS, DENSE_PERCENT, DOUBT_MOST_MS, FINAL_WAIT_MS
from callwright.conversation.stillness import Stillness


class Unread:
    """Measures a run of sounds without words: its start, its end, and how much of it is sound.

    One bound covers everything that the run delays: the question to the model, its reply, and the pause before them. A dense run gets more
    time, because people pause little while they speak, unless the recogniser streams words: it would have reported some.
    """

    __slots__ = ("_board", "_ended_us", "_since_us", "_stillness", "_voiced_ms", "spent")

    def __init__(self, board: Board, stillness: Stillness) -> None:
        self._board = board
        self._stillness = stillness
        self._since_us = -1  # start of the run; -1: there is none
        self._ended_us = -1  # end of its latest sound
        self._voiced_ms = 0  # length of its sounds together
        self.spent = False  # the run has used its whole bound: the reply must not be delayed by it a second time

    def begin(self, settled: bool) -> None:
        """Handles the start of a sound.

        ``settled``: the turn waits for nothing that came before. Then the sound starts a new run, unless the present run has outlasted its
        bound and the silence since is too short for a final text to have come.
        """
        now_us = self._board.now_us
        goes_on = self.outwaited and now_us < self._ended_us + FINAL_WAIT_MS * 1000
        if self._since_us < 0 or (settled and not goes_on):
            self._since_us, self._voiced_ms, self.spent = now_us, 0, False

    def end(self, voiced_ms: int) -> None:
        """Handles the end of a sound of this length."""
        self._ended_us = self._board.now_us
        self._voiced_ms += voiced_ms

    def read(self) -> None:
        """Handles new words: the run is over."""
        self._since_us, self.spent = -1, False

    @property
    def due_us(self) -> int:
        """Returns when the run may no longer delay anything; -1: there is no run."""
        if self._since_us < 0:
            return -1
        lasted_ms = max(self._ended_us - self._since_us, 0) // 1000
        dense = not self._stillness.streams and self._voiced_ms * 100 >= lasted_ms * DENSE_PERCENT
        return self._since_us + (DENSE_MOST_MS if dense else DOUBT_MOST_MS) * 1000

    @property
    def outwaited(self) -> bool:
        """Returns whether the bound has passed. The known words then count as all words, even if the sound goes on."""
        return 0 <= self.due_us <= self._board.now_us
