"""Voices that take long: slow ones, and such as deliver a clause no faster than it is heard.

Few conversations have them, and what is drawn for them is drawn beside everything else: all the others stay as they are.
"""

from __future__ import annotations

from random import Random

SLOW = 60
"""Of a thousand conversations so many have a slow voice: at half speed, or one that reads digit by digit."""
SLOWER = (2, 3, 5)
"""So many times the usual length."""
LIVE = 60
"""Of a thousand so many have a voice that delivers no faster than it is heard, and is not slower than three times the usual."""

MORE = "We see you on Monday at nine, please bring your card and do not be late."


class Pace:
    """The voice of one conversation. ``slower``: how many times longer than usual it speaks; ``live``: the length of a clause is known only
    shortly before its end is heard."""

    __slots__ = ("live", "slower")

    def __init__(self, seed: int) -> None:
        random = Random(f"pace {seed}")
        self.slower = random.choice(SLOWER) if random.randrange(1_000) < SLOW else 1
        self.live = random.randrange(1_000) < (LIVE if self.slower == 1 else 500)
        if self.live:
            self.slower = min(self.slower, 3)

    def goodbye(self, text: str) -> str:
        """An agent's hang-up message: with a slow voice it has more to say."""
        return f"{text} {MORE}" if text and self.slower > 1 else text
