"""Sound that follows sound while nobody tells any words of it, nor that it has none: a dog, typing, a television, or a caller whom the
recogniser reads only when they have come to an end."""

from __future__ import annotations

from callwright.conversation.board import Board
from callwright.conversation.bounds import DENSE_MOST_MS, DENSE_PERCENT, DOUBT_MOST_MS, FINAL_WAIT_MS
from callwright.conversation.stillness import Stillness


class Unread:
    """How long it goes on, and how much of that time sounds: whoever speaks pauses little. A recogniser that tells words as they are spoken
    would have told some by then. It is one time for all that is held back by it: the question, its reply, and the pause before that."""

    __slots__ = ("_board", "_ended_us", "_since_us", "_stillness", "_voiced_ms", "spent")

    def __init__(self, board: Board, stillness: Stillness) -> None:
        self._board = board
        self._stillness = stillness
        self._since_us = -1
        self._ended_us = -1  # when the newest of these sounds was over
        self._voiced_ms = 0
        self.spent = False  # something was held back by it for so long: what follows from that is not, once more

    def begin(self, settled: bool) -> None:
        """A sound begins; ``settled``: nothing is waited for any more of what was before it. Where that is so because it lasted too long,
        only a silence in which its words would have come ends it."""
        now_us = self._board.now_us
        goes_on = self.outwaited and now_us < self._ended_us + FINAL_WAIT_MS * 1000
        if self._since_us < 0 or (settled and not goes_on):
            self._since_us, self._voiced_ms, self.spent = now_us, 0, False

    def end(self, voiced_ms: int) -> None:
        """A sound of this length is over."""
        self._ended_us = self._board.now_us
        self._voiced_ms += voiced_ms

    def read(self) -> None:
        """New words were told."""
        self._since_us, self.spent = -1, False

    @property
    def due_us(self) -> int:
        """Until when it may hold anything back; -1: there is none."""
        if self._since_us < 0:
            return -1
        lasted_ms = max(self._ended_us - self._since_us, 0) // 1000
        dense = not self._stillness.streams and self._voiced_ms * 100 >= lasted_ms * DENSE_PERCENT
        return self._since_us + (DENSE_MOST_MS if dense else DOUBT_MOST_MS) * 1000

    @property
    def outwaited(self) -> bool:
        """Whether it has: whatever sounds, there are no more words than those that are known."""
        return 0 <= self.due_us <= self._board.now_us
