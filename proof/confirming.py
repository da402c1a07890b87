"""Agents that ask for a yes or a no, and callers who say it and go on.

Few conversations have them, and what is drawn for them is drawn beside everything else: all the others stay as they are.
"""

from __future__ import annotations

from random import Random

SHARE = 80
"""Of a thousand conversations in so many the agent asks for a yes."""
ASKS = 800
"""After so many of a thousand of its replies, and behind its welcome."""
ANSWERS = 900
"""So many of a thousand callers who heard it begin with an answer."""
QUESTION = "shall I book it?"

_ANSWERS = (
    *("yeah,", "Yeah.", "okay,", "sure,", "Mhm.", "okay, yeah,"),  # with which other sentences begin, too
    *("yes,", "Yes please.", "no,"),
)


class Confirming:
    """What one conversation has of it."""

    __slots__ = ("_heard", "_on", "_random")

    def __init__(self, seed: int) -> None:
        self._random = Random(f"yes {seed}")
        self._on = self._chance(SHARE)
        self._heard = False  # the question, and nobody has spoken since

    def welcome(self, text: str) -> str:
        """An agent's welcome message, which may ask already."""
        return f"{text} {QUESTION}" if self._on and text else text

    def question(self) -> str:
        """What the agent asks at the end of a reply, if anything."""
        return QUESTION if self._on and self._chance(ASKS) else ""

    def hear(self, text: str) -> None:
        """The caller has heard a clause to its end."""
        self._heard = self._on and text.endswith(QUESTION)

    def answer(self) -> str:
        """The first word of what the caller says now, if it is an answer."""
        heard, self._heard = self._heard, False
        return self._random.choice(_ANSWERS) if heard and self._chance(ANSWERS) else ""

    def _chance(self, thousandths: int) -> bool:
        return self._random.randrange(1_000) < thousandths
