"""A prepared reply in doubt: the caller speaks, and may say more than it answers, or only ask whether somebody is there."""

from __future__ import annotations

from callwright.conversation.board import Board
from callwright.conversation.turn import CallerTurn


def is_settled(turn: CallerTurn) -> bool:
    """Whether there is nothing to wait for any more: the agent should answer, or nobody has said anything."""
    return turn.ready or turn.state == "quiet"


def is_bounded(board: Board, turn: CallerTurn) -> bool:
    """Whether the wait for the end of the turn has an end."""
    waits = ("stale", "still") if turn.state == "talking" else ("rest", "patience", "words", "least")
    return is_settled(turn) or any(map(board.timers.armed, waits))


def only_waits(board: Board, turn: CallerTurn, asked: str, certain: bool = False) -> bool:
    """Whether the caller, behind the words that were ``asked``, has only asked whether somebody is there. Not ``certain``: the last
    words may be the beginning of that."""
    behind = turn.words.read_behind(asked)
    if behind is None or turn.patience.is_half(asked):
        return False
    return board.book.asks_for_presence([(text, more and not certain) for text, more in behind])
