"""Judges a prepared reply while the caller speaks: the caller may say more than it answers, or only ask for presence."""

from __future__ import annotations

from callwright.conversation.board import Board
from callwright.conversation.turn import CallerTurn


def is_settled(turn: CallerTurn) -> bool:
    """Returns whether the turn waits for nothing: the agent should answer, or nobody has said anything."""
    return turn.ready or turn.state == "quiet"


def is_bounded(board: Board, turn: CallerTurn) -> bool:
    """Returns whether a deadline ends the wait for the end of the turn."""
    waits = ("stale", "still") if turn.state == "talking" else ("rest", "patience", "words", "least")
    return is_settled(turn) or any(map(board.timers.armed, waits))


def only_waits(board: Board, turn: CallerTurn, asked: str, certain: bool = False) -> bool:
    """Returns whether the caller, after the words in ``asked``, has only asked for presence ("hello?").

    ``certain`` is false while the last words may still change: then the beginning of such a question is enough.
    """
    behind = turn.words.read_behind(asked)
    if behind is None or turn.patience.is_half(asked):
        return False
    return board.book.asks_for_presence([(text, more and not certain) for text, more in behind])
