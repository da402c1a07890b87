"""Two versions of a conversation side by side, and where they first differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from textwrap import wrap

NARROWEST = 20


@dataclass(frozen=True, slots=True)
class Line:
    """What one side said as part of a turn, or what the caller heard of it.

    ``cut``: it broke off. ``wait_ms``: for how long the caller had waited for it, None where that means nothing.
    """

    who: str
    turn: int
    text: str
    cut: bool = False
    wait_ms: int | None = None

    def shown(self) -> str:
        """The line as people read it."""
        wait = "" if self.wait_ms is None else f" ({self.wait_ms:,} ms)"
        return f"{self.who}{wait}: {self.text}" + (" --" if self.cut else "")

    @property
    def words(self) -> tuple[str, int, str, bool]:
        """What counts as a difference: everything but how long it took."""
        return self.who, self.turn, self.text, self.cut


def first_difference(before: Sequence[Line], after: Sequence[Line]) -> str:
    """Where the second conversation first is another than the first, in words; empty when it never is."""
    for one, other in zip(before, after, strict=False):
        if one.words != other.words:
            turn = f"turn {other.turn}"
            if (one.who, one.turn) != (other.who, other.turn):
                return f"{turn}: the {other.who} speaks, where the {one.who} did in turn {one.turn}"
            if one.text == other.text:
                return f"{turn}: the {other.who} {'breaks off' if other.cut else 'says it to the end'}"
            return f"{turn}: the {other.who} says something else"
    if len(before) == len(after):
        return ""
    last = (before[len(after) :] or after[len(before) :])[0]
    if len(after) < len(before):
        return f"turn {last.turn}: it is over before the {last.who} says {last.text!r}"
    return f"turn {last.turn}: it goes on with the {last.who}, who says {last.text!r}"


@dataclass(frozen=True, slots=True)
class Row:
    """The same place of both conversations; None where one has nothing there."""

    turn: int
    before: Line | None
    after: Line | None

    @property
    def differs(self) -> bool:
        """Whether it is said otherwise, or by one alone."""
        return self.before is None or self.after is None or self.before.words != self.after.words


def rows(before: Sequence[Line], after: Sequence[Line]) -> list[Row]:
    """Both conversations, turn by turn."""
    found: list[Row] = []
    for turn in dict.fromkeys(line.turn for line in sorted((*before, *after), key=lambda line: line.turn)):
        left = [line for line in before if line.turn == turn]
        right = [line for line in after if line.turn == turn]
        found += [Row(turn, one, other) for one, other in zip_longest(left, right)]
    return found


def columns(before: Sequence[Line], after: Sequence[Line], width: int = 120) -> list[str]:
    """Both conversations, turn by turn, in two columns. A row that differs is marked."""
    each = max(NARROWEST, (width - 10) // 2)
    lines = [_row("turn", "as it was", "what if", each, False), _row("", "-" * each, "-" * each, each, False)]
    shown: int | None = None
    for row in rows(before, after):
        lines += _wrapped("" if row.turn == shown else str(row.turn), row, each)
        shown = row.turn
    return lines


def _wrapped(turn: str, row: Row, each: int) -> list[str]:
    left, right = (wrap(line.shown(), each) if line is not None else [] for line in (row.before, row.after))
    pairs = enumerate(zip_longest(left, right, fillvalue=""))
    return [_row("" if number else turn, *pair, each, row.differs and number == 0) for number, pair in pairs]


def _row(turn: str, one: str, other: str, each: int, marked: bool) -> str:
    return f"{turn:>4} {'*' if marked else ' '} {one:<{each}} | {other}".rstrip()
