"""Cutting a model's words, as they stream, into clauses a voice can begin with.

The first clauses are short so that sound starts early and does not break off: until five words were cut they end at the first
punctuation or after about five words (after "Sure," a long clause would come too late). Later ones end with a sentence, or at a comma
once they are long. Punctuation counts only before white space, so 3.5, 10:30 and 1,000 are
never cut; abbreviations and initials are known.
"""

from __future__ import annotations

import re

from callwright.domain.abbreviated_figures import BEFORE_SEVERAL, begins_sentence

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
_WEEKDAYS = frozenset({"mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri"})
_UNITS = frozenset({"min", "mins", "hr", "hrs", "sec", "secs", "lb", "lbs", "oz", "ft"})
_WITHIN = _WEEKDAYS | _UNITS
"""Short, and the sentence goes on, where no new one begins behind them ("20 min. or so", "Fri. at 5")."""
_ONE = frozenset({"a", "an", "one"})
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
_MARKS = ".,!?;:"
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
        if held := _waiting(parts, self._tail):
            # Whether this is "No." or "No. 5", "20 min. 3 slots" or "1 hr. 30 min.", shows only in the next words.
            self._tail = " ".join([*parts[-held:], self._tail])
            del parts[-held:]
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
            behind = [*parts[position + 1 : position + 4], *self._tail.split()[:1], "", "", ""]
            if self._ends_after(word, behind[:3]):
                done.append(self._cut())
        return done

    def _cut(self) -> str:
        clause = " ".join(self._words)
        self._cut_words += len(self._words)
        self._words = []
        return clause

    def _ends_after(self, word: str, behind: list[str]) -> bool:
        bare = word.rstrip(_CLOSERS) or word
        last = bare[-1]
        count = len(self._words)
        if last in ".!?…。！？।॥؟":
            before = self._words[-2] if count > 1 else ""
            return not (last == "." and _is_no_stop(bare, count, before, behind))
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


def _waiting(parts: list[str], tail: str) -> int:
    """How many of the last whole words wait for those behind them; ``tail`` is the beginning of the next."""
    if not parts:
        return 0
    if parts[-1].endswith("."):
        stem = _stem(parts[-1])
        if (stem in _BEFORE_FIGURES and not tail) or (stem in _WITHIN and (not tail or tail[0].isdigit())):
            return 1
    if len(parts) > 1 and parts[-2].endswith(".") and _stem(parts[-2]) in _WITHIN and parts[-1].isdecimal():
        return 2
    if (
        len(parts) > 2
        and parts[-3].endswith(".")
        and _stem(parts[-3]) in _WITHIN
        and parts[-2].isdecimal()
        and parts[-1] in BEFORE_SEVERAL
    ):
        return 3
    return 0


def _is_no_stop(word: str, count: int, before: str, behind: list[str]) -> bool:
    """Whether the full stop of ``word`` ends an abbreviation, an initial or the number of a list, not a sentence."""
    stem, following = _stem(word), behind[0]
    if stem in _BEFORE_FIGURES:
        return following[:1].isdigit()
    if stem in _WITHIN:
        return following[:1].islower() or (following[:1].isdigit() and _goes_on(stem, before, behind))
    if stem in _ABBREVIATIONS or (stem.isdigit() and count == 1):
        return True
    return stem != "i" and _INITIALS.fullmatch(word) is not None


def _goes_on(stem: str, before: str, behind: list[str]) -> bool:
    """Whether a figure behind a day or a unit belongs to it ("Fri. 3 p.m.", "5 ft. 3 in."), and does not begin a sentence."""
    if stem == "sec" and not before[-1:].isdigit() and before.lower() not in _ONE:
        # A section: "see sec. 3".
        return True
    figure, second, third = behind
    return not begins_sentence(figure, second.rstrip(_MARKS), third.rstrip(_MARKS), unit=stem in _UNITS)


def clauses_of(text: str) -> list[str]:
    """A whole text as clauses."""
    segmenter = Segmenter()
    return segmenter.feed(text) + segmenter.flush()
