"""How often a pause is taken for the end of a turn, by its length: the words of ``turn_cases`` with shorter and longer pauses.

Each case has one pause of the length in question, somewhere within the answer, and its other pauses are short. So the rate is that of one
pause, and an answer with more of them is cut more often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from random import Random

from proof.measured import Measured, measured
from proof.turn_cases import (
    WRONG_IN_DICTATION,
    WRONG_IN_SENTENCES,
    Answer,
    number,
    one_turn,
    sentence,
    spelling,
)

__all__ = ["BY_LENGTH", "KINDS", "LENGTHS_MS", "TITLE", "Kind", "cut"]

TITLE = "cut, by length of the pause: "
"""With it the names of these figures begin."""

CASES = 50
LENGTHS_MS = ((500, 700), (700, 900), (900, 1_100), (1_100, 1_300), (1_300, 1_600), (1_600, 2_000))
"""From the least to the most of each row. From 2 s on (2.5 s in spellings) patience is over, and every pause is an end."""

SHORT_MS = (300, 500)
"""The other pauses of a case: nothing takes them for an end in numbers and spellings."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What is said. ``answer`` draws one of two groups or more; ``wrong``: at how many pauses the turn model says that it is over;
    ``patience_ms``: the agent's setting."""

    name: str
    answer: Callable[[Random], Answer]
    wrong: float
    patience_ms: int = 1_000


KINDS = (
    Kind("numbers", number, WRONG_IN_DICTATION),
    Kind("numbers, patience 2 s", number, WRONG_IN_DICTATION, 2_000),
    Kind("spellings", spelling, WRONG_IN_DICTATION),
    Kind("sentences", sentence, WRONG_IN_SENTENCES),
)


def cut(kind: Kind, pause_ms: tuple[int, int], seed: int) -> Measured:
    """Pauses of ``pause_ms``, from the least to the most, that were taken for the end of the turn."""
    least, most = pause_ms
    return measured(f"{TITLE}{kind.name}, {least:,} to {most:,} ms", _cases(kind, pause_ms, Random(seed)))


def _cases(kind: Kind, pause_ms: tuple[int, int], random: Random) -> Iterator[str]:
    for _ in range(CASES):
        answer = kind.answer(random)
        pauses = [random.randint(*SHORT_MS) for _ in answer.groups]
        pauses[random.randrange(len(pauses) - 1)] = random.randint(*pause_ms)
        yield one_turn(random, answer, iter(pauses), kind.wrong, patience_ms=kind.patience_ms)


BY_LENGTH: tuple[Callable[[int], Measured], ...] = tuple(
    partial(cut, kind, pause_ms) for kind in KINDS for pause_ms in LENGTHS_MS
)
"""A row of the table each, given the seed of its cases."""
