"""What a caller's words mean by themselves: they stop the agent, or only say "go on". The words are in ``phrases``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence, Set
from functools import cache

from callwright.conversation import phrases

ENGLISH = "en"

_NOT_A_WORD = re.compile(r"[^\w\s']+")
_SAME_LETTERS = {
    **{ord(mark): "'" for mark in "’‘ʼ´`"},
    0x0901: 0x0902,  # Devanagari: recognisers write the nasal either way,
    0x093C: None,  # and leave the dot below out
    0x200C: None,
    0x200D: None,
}
_ACCENTS = (*range(0x0300, 0x0370), *range(0x064B, 0x0653))
_DROPPED = dict.fromkeys(_ACCENTS)
_DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")


def normalised(text: str) -> str:
    """``text`` without case, punctuation and accents, single spaces. Vowel signs of scripts that need them stay."""
    if text.isascii():
        return " ".join(_NOT_A_WORD.sub(" ", text.lower()).split())
    letters = unicodedata.normalize("NFKD", text.casefold().translate(_SAME_LETTERS)).translate(_DROPPED)
    kept = (
        letter if letter == "'" or letter == "_" or unicodedata.category(letter)[0] in "LMN" else " "
        for letter in letters.translate(_SAME_LETTERS)
    )
    return " ".join("".join(kept).split())


def base_language(language: str) -> str:
    """``hi-IN`` as ``hi``."""
    return language.replace("_", "-").split("-")[0].lower()


class Phrasebook:
    """The tables of ``phrases`` for one language and English. Texts may be spelled in any way."""

    __slots__ = (
        "_agreeing",
        "_agreeing_begun",
        "_answering",
        "_assents",
        "_backchannels",
        "_begun",
        "_denials",
        "_farewells",
        "_nods",
        "_openings",
        "_presence",
        "_presence_begun",
        "_presence_ends",
        "_refusals",
        "_replies",
        "_stops",
        "_words_most",
    )

    def __init__(self, language: str) -> None:
        languages = dict.fromkeys((base_language(language), ENGLISH))
        self._stops = _gathered(languages, phrases.STOPS)
        self._assents = _gathered(languages, phrases.ASSENTS)
        self._nods = _gathered(languages, phrases.NODS)
        self._answering = _gathered(languages, phrases.ANSWERING_NODS)
        self._backchannels = self._assents | self._nods
        self._openings = _gathered(languages, phrases.OPENINGS)
        self._denials = _gathered(languages, phrases.DENIALS)
        self._refusals = self._denials | _gathered(languages, phrases.REFUSALS)
        self._replies = self._assents | self._denials
        self._agreeing = self._backchannels | _gathered(languages, phrases.THANKS)
        self._farewells = self._agreeing | _gathered(languages, phrases.FAREWELLS)
        self._presence = _gathered(languages, phrases.PRESENCE)
        self._begun = _beginnings(self._backchannels)
        self._agreeing_begun = _beginnings(self._agreeing)
        self._presence_begun = _beginnings(self._presence)
        self._presence_ends = frozenset(phrase.rpartition(" ")[2] for phrase in self._presence)
        everything = (*self._stops, *self._backchannels, *self._refusals, *self._farewells, *self._presence)
        self._words_most = max(len(phrase.split()) for phrase in everything)

    def stops(self, text: str) -> bool:
        """Whether ``text`` says nothing but a stop phrase, once or again and again ("no no no"), perhaps behind a back-channel
        ("okay, wait")."""
        words = _spoken(text)
        return len(words) in self._ends(words, self._stops, {0, *self._ends(words, self._backchannels, {0})})

    def is_backchannel(self, text: str, more_may_come: bool = False) -> bool:
        """Whether ``text`` has words, and all of them only say that the caller listens. Where ``more_may_come`` the last of them may
        only have begun to ("okay, I" may become "okay, I see")."""
        return self.only_listens([(text, more_may_come)])

    def only_listens(self, pieces: Iterable[tuple[str, bool]]) -> bool:
        """The same of words in pieces, each with whether more of it may come."""
        words, open_ends = _joined(pieces)
        return len(words) in self._ends(words, self._backchannels, {0}, open_ends, self._begun)

    def asks_for_presence(self, pieces: Iterable[tuple[str, bool]]) -> bool:
        """Whether words in pieces only ask whether somebody is there, perhaps behind an "oh" ("oh, hello?"); a yes or a no beside it is an
        answer. Where more may come the last of them may only have begun to ("are you" may become "are you there")."""
        words, open_ends = _joined(pieces)
        known = self._presence | self._nods
        if len(words) not in self._ends(words, known, {0}, open_ends, self._presence_begun):
            return False
        return len(words) not in self._ends(words, self._nods, {0})

    def calls_out(self, words: Sequence[str]) -> bool:
        """Whether the last of ``words`` (normalised) only ask whether somebody is there, whatever was said before them."""
        if not words or words[-1] not in self._presence_ends:
            return False
        lengths = range(1, min(self._words_most, len(words)) + 1)
        return any(" ".join(words[-length:]) in self._presence for length in lengths)

    def agrees(self, pieces: Iterable[tuple[str, bool]]) -> bool:
        """Whether words in pieces only assent and thank ("yes, thank you"). Where more may come the last of them may only have begun to."""
        words, open_ends = _joined(pieces)
        return len(words) in self._ends(words, self._agreeing, {0}, open_ends, self._agreeing_begun)

    def takes_leave(self, text: str) -> bool:
        """Whether ``text`` returns a goodbye, perhaps with back-channels ("okay, bye"), and says nothing else."""
        words = _spoken(text)
        return len(words) in self._ends(words, self._farewells, {0}) and not self.is_backchannel(text)

    def assents(self, text: str) -> bool:
        """Whether ``text`` has a back-channel that can be an answer ("oh, yes")."""
        words = _spoken(text)
        return bool(self._ends(words, self._assents, set(range(len(words)))))

    def may_answer(self, text: str) -> bool:
        """Whether ``text`` has a back-channel that assents to nothing by itself, but can answer a question ("oh, go ahead")."""
        words = _spoken(text)
        return bool(self._ends(words, self._answering, set(range(len(words)))))

    def answers_yes_or_no(self, text: str) -> bool:
        """Whether ``text`` is a complete answer to a question of yes or no."""
        words = _spoken(text)
        return len(words) in self._ends(words, self._replies, {0})

    def denies(self, text: str) -> bool:
        """Whether ``text`` says no and nothing else."""
        words = _spoken(text)
        return len(words) in self._ends(words, self._denials, {0})

    def refuses(self, text: str) -> bool:
        """Whether ``text`` says no, or that it shall not be now, and nothing else."""
        words = _spoken(text)
        return len(words) in self._ends(words, self._refusals, {0})

    def opens_sentence(self, text: str) -> bool:
        """Whether ``text`` is nothing but assents with which people also begin a sentence ("okay", "yeah, sure")."""
        words = _spoken(text)
        return len(words) in self._ends(words, self._openings, {0})

    def _ends(
        self,
        words: list[str],
        known: frozenset[str],
        begins: Set[int],
        open_ends: Set[int] = frozenset(),
        begun: frozenset[str] = frozenset(),
    ) -> set[int]:
        """Where rows of one or more ``known`` phrases end that begin at one of ``begins``, as numbers of words. At ``open_ends`` one
        that was only ``begun`` counts as well.

        Every way to read the words counts: after "ah tá", "bem" is nothing, but "ah" and "tá bem" are two back-channels."""
        ends: set[int] = set()
        for begin in range(len(words)):
            if begin in begins or begin in ends:
                last = min(begin + self._words_most, len(words))
                for end in range(begin + 1, last + 1):
                    phrase = " ".join(words[begin:end])
                    if phrase in known or (end in open_ends and phrase in begun):
                        ends.add(end)
        return ends


@cache
def phrasebook(language: str) -> Phrasebook:
    """The phrasebook of a call in ``language``; what is no language known here has English alone."""
    return Phrasebook(language)


def _gathered(languages: Iterable[str], table: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    return frozenset(" ".join(_spoken(phrase)) for language in languages for phrase in table.get(language, ()))


def _beginnings(known: frozenset[str]) -> frozenset[str]:
    """All that a phrase of several words may be before its last one is said."""
    split = (phrase.split() for phrase in known)
    return frozenset(" ".join(words[:count]) for words in split for count in range(1, len(words)))


def _joined(pieces: Iterable[tuple[str, bool]]) -> tuple[list[str], set[int]]:
    """The words of ``pieces``, and behind how many of them more may come."""
    words: list[str] = []
    open_ends: set[int] = set()
    for text, more_may_come in pieces:
        words += _spoken(text)
        if more_may_come:
            open_ends.add(len(words))
    return words, open_ends


def _spoken(text: str) -> list[str]:
    """The words, those drawn out ("hmmm", "noooo") as the short ones."""
    return _DRAWN_OUT.sub(r"\1", normalised(text)).split()
