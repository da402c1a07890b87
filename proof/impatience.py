"""Callers who ask whether anybody is there while the agent thinks.

Few conversations have them, and what is drawn for them is drawn beside everything else: all the others stay as they are.
"""

from __future__ import annotations

from random import Random

from callwright.conversation import effects as fx
from proof.random_world import RandomWorld
from proof.talker import NEW, Talker

SHARE = 100
"""In so many of a thousand conversations the caller is impatient."""
CALLS_OUT = 700
"""After so many of a thousand questions to the model such a caller asks."""
GOES_ON = 200
"""So many of a thousand times the question is only the beginning of something else."""
SAYS_MORE = 250
"""So many of a thousand times it is something else that such a caller says, with the same words in it."""

_CALLS = (
    *("Hello?", "hello hello", "are you there?", "Hello? Are you still there?", "can you hear me?", "okay, hello?"),
    *("anybody there?", "you there?", "हैलो?", "sind Sie noch da?", "are you", "mhm, hello?"),
)

_MORE = (
    *("hello? yes", "yes please, hello?", "no, hello?", "right, hello?", "ja, hello?", f"{NEW} hello?"),
    *(f"Hello? {NEW}", f"are you there {NEW}", f"{NEW} is that still there", "I told anybody", "are you there on"),
    *("anybody", "still there", "noch da"),
)
"""Answers beside the question, more behind it and before it, and half a sentence that ends as the question may."""


class Impatience:
    """What one conversation has of it."""

    __slots__ = ("_on", "_random", "_talker", "_world")

    def __init__(self, seed: int, world: RandomWorld, talker: Talker) -> None:
        self._random = Random(f"hello {seed}")
        self._on = self._chance(SHARE)
        self._world = world
        self._talker = talker
        if self._on:
            world.cast(self._wait, fx.AskModel)

    def _wait(self, effect: fx.AskModel) -> None:
        if effect.purpose == "reply" and self._chance(CALLS_OUT):
            text = self._random.choice(_MORE if self._chance(SAYS_MORE) else _CALLS)
            if self._chance(GOES_ON):
                text = f"{text} {NEW}"
            self._world.after_ms(self._random.choice((100, 500, 1_000, 2_200)), self._talker.call_out, text)

    def _chance(self, thousandths: int) -> bool:
        return self._random.randrange(1_000) < thousandths
