"""How an agent's voice says certain words: others in their place, whose times are given back to the words there were."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

Rules = tuple[tuple[str, str], ...]
"""Words or phrases, and what is said instead."""

Timed = tuple[str, int, int]
"""A word, its start and its end."""


@dataclass(frozen=True, slots=True)
class Said:
    """A text as it is spoken. ``text``: what the voice gets; ``written``: what it stands for."""

    text: str
    written: str
    _shifts: tuple[tuple[int, int, int, int], ...] = ()
    """Start and end in the written text, start and end in the spoken one, of each word that is replaced."""

    def written_words(self, words: Sequence[Timed]) -> list[Timed]:
        """The words as they are written, with the times of what is said for each. The words as they are where the voice counts others than
        the text has."""
        places = list(_places(self.text))
        if not self._shifts or len(words) != len(places):
            return list(words)
        found: list[Timed] = []
        for start, end in _places(self.written):
            begins, ends = self._spoken_from(start), self._spoken_until(end)
            of_word = [word for word, place in zip(words, places, strict=True) if place[0] < ends and place[1] > begins]
            if of_word:
                found.append((self.written[start:end], of_word[0][1], of_word[-1][2]))
        return found

    def _spoken_from(self, at: int) -> int:
        moved = 0
        for start, end, spoken_start, spoken_end in self._shifts:
            if at < start:
                break
            if at < end:
                return spoken_start
            moved = spoken_end - end
        return at + moved

    def _spoken_until(self, at: int) -> int:
        moved = 0
        for start, end, _, spoken_end in self._shifts:
            if at <= start:
                break
            if at <= end:
                return spoken_end
            moved = spoken_end - end
        return at + moved


def said(text: str, rules: Rules) -> Said:
    """The text with the words of the rules replaced, whole words only and in any case; the longest word first."""
    if not rules:
        return Said(text, text)
    pattern, instead = _compiled(rules)
    parts: list[str] = []
    shifts: list[tuple[int, int, int, int]] = []
    at = length = 0
    for match in pattern.finditer(text):
        spoken = instead.get(match.group().casefold(), match.group())
        length += match.start() - at
        parts += (text[at : match.start()], spoken)
        shifts.append((match.start(), match.end(), length, length + len(spoken)))
        length += len(spoken)
        at = match.end()
    return Said("".join((*parts, text[at:])), text, tuple(shifts))


@lru_cache(maxsize=256)
def _compiled(rules: Rules) -> tuple[re.Pattern[str], dict[str, str]]:
    instead = {word.casefold(): say_as for word, say_as in rules}
    longest = sorted((re.escape(word) for word, _ in rules), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(longest)})(?!\w)", re.IGNORECASE), instead


def _places(text: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in re.finditer(r"\S+", text))
