"""Cutting a model's words, as they stream, into clauses a voice can begin with.

The first clauses are short so that sound starts early and does not break off: until five words were cut they end at the first
punctuation or after about five words (after "Sure," a long clause would come too late). Later ones end with a sentence, or at a comma
once they are long. Punctuation counts only before white space, so 3.5, 10:30 and 1,000 are
never cut; abbreviations and initials are known.
"""

from __future__ import annotations

import re

FIRST_WORDS = 5
FIRST_WORDS_MOST = 8
COMMA_WORDS = 10
MOST_WORDS = 24
MOST_WORD_CHARACTERS = 200
"""A longer run without white space is cut here: some scripts have no spaces and some models repeat themselves."""

_ABBREVIATIONS = frozenset(
    {
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "st",
        "vs",
        "etc",
        "approx",
        "inc",
        "ltd",
        "co",
        "jr",
        "sr",
        "dept",
        "ave",
        "rd",
        "blvd",
        "ext",
        "mt",
        "fig",
        "tel",
        "gen",
        "col",
        "capt",
        "lt",
        "sgt",
        "gov",
        "rev",
        "apt",
        "bldg",
        "e.g",
        "i.e",
        "a.m",
        "p.m",
        "u.s",
        "u.k",
    }
)
_BEFORE_FIGURES = frozenset(
    {
        *("no", "nos", "p", "pp", "vol", "ste"),
        *("jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec"),
    }
)
"""Short only where a figure follows ("No. 5", "Jan. 5"); else a sentence may end with them."""
_WITHIN = frozenset(
    {
        *("mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri"),
        *("min", "mins", "hr", "hrs", "sec", "secs", "lb", "lbs", "oz", "ft"),
    }
)
"""Short, and the sentence goes on, where no new one begins behind them ("20 min. or so", "Fri. at 5")."""
_INITIALS = re.compile(r"(?:[A-Za-z]\.)+")
_WEAK_LAST_WORDS = frozenset(
    {
        "a",
        "an",
        "the",
        "to",
        "of",
        "in",
        "on",
        "at",
        "for",
        "and",
        "or",
        "but",
        "my",
        "your",
        "our",
        "his",
        "her",
        "their",
        "its",
        "is",
        "are",
        "was",
        "with",
        "from",
        "by",
    }
)
_FULL_STOPS_OF_OTHER_SCRIPTS = re.compile(r"(?<=[。！？।॥؟])(?=\S)")
_CLOSERS = "\"'”’)]}»*_"


class Segmenter:
    """Text in as it comes, whole clauses out. ``flush`` gives the rest when the text is complete."""

    __slots__ = ("_cut_words", "_tail", "_words")

    def __init__(self) -> None:
        self._words: list[str] = []
        self._tail = ""
        self._cut_words = 0

    def feed(self, text: str) -> list[str]:
        """The clauses that ``text`` completes."""
        data = self._tail + text
        if not data.isascii():
            data = _FULL_STOPS_OF_OTHER_SCRIPTS.sub(" ", data)
        parts = data.split()
        if not parts:
            self._tail = ""
            return []
        open_end = not data[-1].isspace()
        self._tail = parts.pop() if open_end and len(parts[-1]) <= MOST_WORD_CHARACTERS else ""
        if not open_end and _needs_next(parts[-1]):
            # Whether this is "No." or "No. 5" shows only in the next word.
            self._tail = parts.pop() + " "
        return self._take(parts)

    def flush(self) -> list[str]:
        """The last, incomplete clause, if any."""
        rest = self._tail.split()
        self._tail = ""
        done = self._take(rest)
        if self._words:
            done.append(self._cut())
        return done

    def _take(self, parts: list[str]) -> list[str]:
        done: list[str] = []
        for position, word in enumerate(parts):
            self._words.append(word)
            following = parts[position + 1] if position + 1 < len(parts) else self._tail
            if self._ends_after(word, following):
                done.append(self._cut())
        return done

    def _cut(self) -> str:
        clause = " ".join(self._words)
        self._cut_words += len(self._words)
        self._words = []
        return clause

    def _ends_after(self, word: str, following: str) -> bool:
        bare = word.rstrip(_CLOSERS) or word
        last = bare[-1]
        count = len(self._words)
        if last in ".!?…。！？।॥؟":
            return not (last == "." and _is_no_stop(bare, count, following))
        if self._cut_words < FIRST_WORDS:
            if last in ",;:—–":
                return True
            if count >= FIRST_WORDS:
                # Here a full stop ends a title or an initial, and behind a figure its unit may follow: "10:00" and "AM", "20" and "min".
                weak = last == "." or _begins_figure(bare) or bare.lower() in _WEAK_LAST_WORDS
                return not weak or count >= FIRST_WORDS_MOST
            return False
        return (last in ",;:—–" and count >= COMMA_WORDS) or count >= MOST_WORDS


def _begins_figure(word: str) -> bool:
    return word.lstrip("(+#$€£₹¥")[:1].isdigit()


def _stem(word: str) -> str:
    return word[:-1].lower().lstrip("(\"'“‘[")


def _needs_next(word: str) -> bool:
    return word.endswith(".") and _stem(word) in _BEFORE_FIGURES | _WITHIN


def _is_no_stop(word: str, count: int, following: str) -> bool:
    """Whether the full stop of ``word`` ends an abbreviation, an initial or the number of a list, not a sentence."""
    stem = _stem(word)
    if stem in _BEFORE_FIGURES:
        return following[:1].isdigit()
    if stem in _WITHIN:
        return following[:1].isdigit() or following[:1].islower()
    if stem in _ABBREVIATIONS or (stem.isdigit() and count == 1):
        return True
    return stem != "i" and _INITIALS.fullmatch(word) is not None


def clauses_of(text: str) -> list[str]:
    """A whole text as clauses."""
    segmenter = Segmenter()
    return segmenter.feed(text) + segmenter.flush()
