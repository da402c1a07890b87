"""The caller's words that no reply has taken yet, by recogniser segment."""

from __future__ import annotations

import re
from typing import Any

from callwright.conversation.stops import normalised
from callwright.domain.limits import MAX_UTTERANCE_CHARACTERS

_LETTERS_A_WORD = (
    (re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"), 2),  # Chinese, Japanese
    (re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]"), 3),  # Thai, Lao, Burmese, Khmer
)
"""Scripts that are written without spaces, and how many letters of each are a word, roughly. Marks are no letters."""

KEPT_SEGMENTS = 256
"""Segments already read or taken that are remembered, so that a late text of one is not heard again."""

ENTRY_STEP = 2**-20
"""Where an entry by the keys stands behind the segment, or entry, before it: many entries stand between two segments."""


class Words:
    """Pending words. The same segment again replaces its text, different segments follow each other by number.

    A segment that was taken keeps the words taken: what a later text of it has beyond them is new. A partial that reaches no further into
    the audio than a final of its segment came late: what the final left out does not come back. An entry by the keys is a segment between
    two of the recogniser's: behind all that were heard when it was complete, whose later texts stand before it, too.
    """

    __slots__ = ("_final", "_last", "_pieces", "_read_ms", "_taken", "count", "final_ms")

    def __init__(self) -> None:
        self._last: float = -1  # the last segment that was heard, or entry
        self._pieces: dict[float, list[str]] = {}
        self._final: dict[float, bool] = {}
        self._read_ms: dict[float, int] = {}  # segment -> up to where in the caller's audio its finals know the words
        self._taken: dict[float, tuple[str, ...]] = {}
        self.count = 0
        self.final_ms = 0

    def enter(self, text: str, audio_ms: int) -> None:
        """Take in an entry by the keys: words that are final at once, behind all that were heard."""
        self.hear(self._last + ENTRY_STEP, text, True, audio_ms)

    def hear(self, segment: float, text: str, final: bool, audio_ms: int) -> bool:
        """Take in words of ``segment``, known up to ``audio_ms``; returns whether the pending words changed."""
        if segment > self._last:
            self._last = segment
        if final:
            self._read_ms[segment] = max(audio_ms, self._read_ms.get(segment, -1))
            _forget_oldest(self._read_ms)
        elif self._final.get(segment) or audio_ms <= self._read_ms.get(segment, -1):
            return False  # a partial overtaken by its own final
        words = self.beyond(text, self._taken.get(segment, ()))
        before = self._pieces.get(segment)
        if not words:
            if before is None:
                return False
            del self._pieces[segment], self._final[segment]
        else:
            if before is None and self._pieces and segment < next(reversed(self._pieces)):
                self._pieces[segment] = words
                self._pieces = {number: self._pieces[number] for number in sorted(self._pieces)}
            else:
                self._pieces[segment] = words
            self._final[segment] = final
        if before is not None:
            self.count -= len(before)
        self.count += len(words)
        return words != (before or [])

    @staticmethod
    def beyond(text: str, taken: tuple[str, ...]) -> list[str]:
        """The words of a segment's ``text`` behind those that were taken of it."""
        words = text[:MAX_UTTERANCE_CHARACTERS].split()
        return _beyond(words, taken) if taken else words

    def taken(self) -> dict[float, tuple[str, ...]]:
        """A copy of the words taken so far, by segment."""
        return dict(self._taken)

    def pieces(self) -> dict[float, list[str]]:
        """A copy of the pending words, by segment."""
        return dict(self._pieces)

    def read(self, skip: int = 0) -> list[tuple[str, bool]]:
        """The pending words without the first ``skip``, segment by segment; each with whether the recogniser may still add to it."""
        read: list[tuple[str, bool]] = []
        for segment, piece in self._pieces.items():
            read.append((" ".join(piece[skip:]), not self._final[segment]))
            skip = max(skip - len(piece), 0)
        return read

    def read_behind(self, text: str) -> list[tuple[str, bool]] | None:
        """The same of what was said behind the words of ``text``; None where these are not how the pending words begin."""
        left, read = normalised(text).split(), []
        for piece, more_may_come in self.read():
            words = normalised(piece).split()
            count = min(len(left), len(words))
            if words[:count] != left[:count]:
                return None
            left = left[count:]
            read.append((" ".join(words[count:]), more_may_come))
        return None if left else read

    def before(self, segment: float) -> int:
        """How many pending words stand before those of ``segment``."""
        return sum(len(piece) for number, piece in self._pieces.items() if number < segment)

    def counted(self, segment: float) -> int:
        """How many pending words are of ``segment``."""
        return len(self._pieces.get(segment, ()))

    def knows(self, segment: float) -> bool:
        """Whether words of ``segment`` are pending, or were taken."""
        return segment in self._pieces or segment in self._taken

    def lacks(self, segment: float, text: str) -> bool:
        """Whether ``text`` has more words of ``segment`` than are known of it."""
        return len(self.beyond(text, self._taken.get(segment, ()))) > self.counted(segment)

    def dismiss(self, segment: float) -> str:
        """The words of ``segment``, which are no longer pending, nor heard again when the recogniser repeats them."""
        piece = self._pieces.pop(segment, [])
        if piece:
            del self._final[segment]
            self.count -= len(piece)
            self._taken[segment] = (*self._taken.get(segment, ()), *piece)
        return " ".join(piece)

    def revises(self, segment: float, text: str) -> bool:
        """Whether ``text`` changes words of ``segment`` that were already taken: too late to be said, but worth a note."""
        return self.differs(text, self._taken.get(segment, ()))

    @staticmethod
    def differs(text: str, taken: tuple[str, ...]) -> bool:
        """Whether a segment's ``text`` does not begin with the words that were taken of it."""
        return bool(taken) and normalised(" ".join(text.split()[: len(taken)])) != normalised(" ".join(taken))

    def forget(self) -> None:
        """The pending words were none; should they come again they are new."""
        self._pieces.clear()
        self._final.clear()
        self.count = 0

    @property
    def any_final(self) -> bool:
        """Whether some pending words are final."""
        return any(self._final.values())

    @property
    def all_final(self) -> bool:
        """Whether no pending segment may still change."""
        return all(self._final.values())

    def text(self, skip: int = 0) -> str:
        """The pending words as one text, without the first ``skip`` words."""
        if len(self._pieces) == 1 and not skip:
            return " ".join(next(iter(self._pieces.values())))
        words = [word for piece in self._pieces.values() for word in piece]
        return " ".join(words[skip:])

    def tail(self, most: int) -> str:
        """The last pending words."""
        if len(self._pieces) == 1:
            return " ".join(next(iter(self._pieces.values()))[-most:])
        return " ".join([word for piece in self._pieces.values() for word in piece][-most:])

    def take(self) -> str:
        """The pending words, which are no longer pending."""
        text = self.text()
        for segment, piece in self._pieces.items():
            self._taken[segment] = (*self._taken.get(segment, ()), *piece)
        _forget_oldest(self._taken)
        self._pieces.clear()
        self._final.clear()
        self.count = 0
        return text


def spoken_words(text: str, spaced: int) -> int:
    """How many words ``text`` says, of which there are ``spaced`` between spaces: of a script that has none letters are counted."""
    if text.isascii():
        return spaced
    return sum(max(1, *(_words_in(word, *script) for script in _LETTERS_A_WORD)) for word in text.split())


def _words_in(word: str, script: re.Pattern[str], letters: int) -> int:
    return len([letter for letter in script.findall(word) if letter.isalpha()]) // letters


def _forget_oldest(by_segment: dict[float, Any]) -> None:
    while len(by_segment) > KEPT_SEGMENTS:
        del by_segment[next(iter(by_segment))]


def _beyond(words: list[str], taken: tuple[str, ...]) -> list[str]:
    """The words of a later text that were not taken yet.

    A recogniser may have revised the beginning meanwhile, so that counting words would take an old one for new: then the last word taken
    tells where the new ones begin. Words before the first that was revised are the old ones, though the last word is among them, too: all
    of them, in an older text that has only the first of the words taken.
    """
    if normalised(" ".join(words[: len(taken)])) != normalised(" ".join(taken)):
        pairs = enumerate(zip(words, taken, strict=False))
        revised = next((index for index, (new, old) in pairs if normalised(new) != normalised(old)), len(words))
        last = normalised(taken[-1])
        for index in range(len(words) - 1, revised - 1, -1):
            if normalised(words[index]) == last:
                return words[index + 1 :]
    return words[len(taken) :]


class Stretch:
    """Counts the pending words of the present stretch of speech, which count for a barge-in. They are always the last ones. A pause of
    STRETCH_GAP_MS begins a new stretch.

    - ``_before``: pending words of earlier stretches.
    - ``_earlier``: segments that had words when the present stretch began.
    """

    __slots__ = ("_before", "_earlier", "_words")

    def __init__(self, words: Words) -> None:
        self._words = words
        self._before = 0
        self._earlier: frozenset[float] = frozenset()

    @property
    def count(self) -> int:
        """Returns how many pending words belong to the present stretch."""
        return self._words.count - self._before

    def begin(self) -> None:
        """Begins a new stretch: all pending words belong to earlier ones."""
        self._before, self._earlier = self._words.count, frozenset(self._words.pieces())

    def forget(self) -> None:
        """Joins all pending and future words to one stretch."""
        self._before = 0

    def reread(self, segment: int, known: int) -> None:
        """Handles a new reading of ``segment``, which had ``known`` words.

        Words that an earlier stretch loses or gains do not change the present one. Additional words of the last segment are new.
        """
        others, now = self._words.before(segment), self._words.counted(segment)
        if segment not in self._earlier:
            return
        earlier = min(max(self._before - others, 0), known)
        if now < earlier:
            self._before -= earlier - now
        elif earlier == known and self._words.count > others + now:
            self._before += now - known

    def dismiss(self, segment: int, others: int, gone: int) -> None:
        """Handles the removal of the ``gone`` words of ``segment``, which followed ``others`` pending words."""
        if segment in self._earlier:
            self._before -= min(max(self._before - others, 0), gone)
