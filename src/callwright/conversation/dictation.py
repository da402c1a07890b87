"""How many digits a question asks for, and how many were said: whoever has said all of them has finished, and nobody who has said fewer.

Both are known only where nothing else can be meant. A count that belongs to another number than the one that is asked for, that is a lower
bound, or that stands where several numbers are asked for, is none; nor is what may be one digit or two ("twenty three").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from callwright.conversation import asking
from callwright.conversation.number_words import ONES
from callwright.conversation.stops import ENGLISH, base_language, normalised

LEAST_DIGITS, MOST_DIGITS = 2, 15
"""Counts that are believed. Who dictates more pauses as long as ever."""

MOST_LINKED = 2
"""Words between two words that name one number."""

UNKNOWN = -1

_BREAKS = re.compile(r"[,;:–—()]")


class DigitCounts:
    """``asking`` for one language and English."""

    __slots__ = (
        "_at_least",
        "_between",
        "_counted",
        "_counts",
        "_digits",
        "_lengths",
        "_links",
        "_numbers",
        "_ones",
        "_repeated",
    )

    def __init__(self, language: str) -> None:
        languages = tuple(dict.fromkeys((base_language(language), ENGLISH)))
        self._ones = _words(languages, ONES)
        self._digits = _words(languages, asking.DIGITS) | {
            word for one in languages for word in asking.REPEATED.get(one, ())
        }
        self._between = _words(languages, asking.BETWEEN)
        self._at_least = _words(languages, asking.AT_LEAST)
        self._links = _words(languages, asking.LINKS)
        self._counted = _words(languages, asking.COUNTED)
        self._repeated = _amounts(languages, asking.REPEATED)
        self._counts = {
            normalised(word): count
            for language in languages
            for count, words in enumerate(asking.COUNTS.get(language, ()), LEAST_DIGITS)
            for word in words.split()
        }
        self._lengths = _amounts(languages, asking.LENGTHS)
        self._numbers = [
            phrase.split()
            for phrase in _words(languages, asking.NUMBERS) | self._lengths.keys()
            if phrase not in self._counted
        ]

    def asked(self, sentence: str) -> int:
        """How many digits ``sentence``, which asks for a number, wants; UNKNOWN where it does not say."""
        words, names = self._named(sentence)
        if len(names) > 1:
            return UNKNOWN
        counts = [(index, count) for index in range(len(words)) if (count := self._count_at(words, index)) != UNKNOWN]
        if not counts:
            return self._length(words)
        index, count = counts[0]
        bounded = not self._at_least & set(words[max(index - 2, 0) : index])
        belongs = not names or index < names[0][0] or (words[index - 1] in self._links and names[0][1] == index - 2)
        certain = len(counts) == 1 and belongs and bounded
        return count if certain and LEAST_DIGITS <= count <= MOST_DIGITS else UNKNOWN

    def said(self, words: Sequence[str]) -> int:
        """How many digits the normalised ``words`` end with, in a row; UNKNOWN where a word may be one digit or several."""
        digits, times = 0, 1
        for word in words[self._row(words) :]:
            if word in self._repeated:
                times = self._repeated[word]
                continue
            if word.isnumeric() and (times == 1 or len(word) == 1):
                digits += len(word) * times
            elif word in self._ones:
                digits += times
            elif word not in self._between or times != 1:
                return UNKNOWN
            times = 1
        return digits if times == 1 else UNKNOWN

    def _row(self, words: Sequence[str]) -> int:
        """Where the row of digits begins that ``words`` end with. What looks like one and cannot be counted belongs to it."""
        begins = len(words)
        while begins and self._is_digit(words[begins - 1]):
            begins -= 1
        return begins

    def _is_digit(self, word: str) -> bool:
        lone = len(word) == 1 and word.isalpha()
        return lone or word.isnumeric() or word in self._digits

    def _count_at(self, words: Sequence[str], index: int) -> int:
        """The count that stands at ``index`` before what is counted ("four digit"), or in one word with it ("vierstellige")."""
        word, after = words[index], words[index + 1] if index + 1 < len(words) else ""
        if after in self._counted:
            return int(word) if word.isdecimal() and len(word) <= 2 else self._counts.get(word, UNKNOWN)
        for number, count in self._counts.items():
            if word.startswith(number) and word[len(number) :] in self._counted:
                return count
        return UNKNOWN

    def _length(self, words: Sequence[str]) -> int:
        """The digits of a kind of number that always has so many."""
        text = f" {' '.join(words)} "
        return next((length for name, length in self._lengths.items() if f" {name} " in text), UNKNOWN)

    def _named(self, sentence: str) -> tuple[list[str], list[tuple[int, int]]]:
        """The words of ``sentence``, and the first and last one of each number that it names: "code on your card" is one."""
        words: list[str] = []
        names: list[tuple[int, int]] = []
        last = -1  # the last word of the number named last
        for part in _BREAKS.split(sentence):
            begun, last = len(words), -1
            words.extend(normalised(part).split())
            for index in range(begun, len(words)):
                length = max(
                    (len(name) for name in self._numbers if words[index : index + len(name)] == name), default=0
                )
                if not length or index + length - 1 <= last:
                    continue
                gap = words[last + 1 : index]
                joined = last >= 0 and (not gap or (len(gap) <= MOST_LINKED and gap[0] in self._links))
                last = index + length - 1
                names.append((names.pop()[0] if joined else index, last))
        return words, names


@cache
def digit_counts(language: str) -> DigitCounts:
    """The counts of a call in ``language``."""
    return DigitCounts(language)


def _words(languages: Iterable[str], table: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    return frozenset(normalised(word) for language in languages for word in table.get(language, ()))


def _amounts(languages: Iterable[str], table: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    return {normalised(word): count for language in languages for word, count in table.get(language, {}).items()}
