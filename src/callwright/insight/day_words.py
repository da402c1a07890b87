"""Whether the words around a day or a clock time are all understood, in English, by rules.

"Call me back on Diwali at three", "the second Monday in December at three" and "the day after Thanksgiving at three" hold a time that is
easily read, and a day that is none of those that are known. Words that stand where a day is said (between the request, the day and the
clock, and behind words such as "on", "after" and "the") are either of the few that say no day, or the day is not understood. What is said
about something else ("about my order", "when I'm home from work") is free.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
NUMBER_WORD = (
    r"(?:\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty(?:[ -]five)?|thirty"
    r"|forty(?:[ -]five)?)"
)
"""What a clock time begins with."""
ORDINAL = (
    r"first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth"
    r"|seventeenth|eighteenth|nineteenth|twentieth|thirtieth|(?:twenty|thirty)[ -](?:first|second|third|fourth|fifth|sixth|seventh"
    r"|eighth|ninth)"
)

_REQUEST, _CLOCK, _DAY, _PAUSE = "@request", "@clock", "@day", "comma"
_ANCHORS = frozenset({_REQUEST, _CLOCK, _DAY})

_NAMES, _MONTH_NAMES = "|".join(DAYS), "|".join(MONTHS)
_HALF = r"(?: (?:in the |at )?(?:morning|afternoon|evening|night|noon))"
_PARTS = rf"(?:half|quarter|{NUMBER_WORD})"
_DATE_NUMBER = rf"(?:\d{{1,2}}|{ORDINAL}|{NUMBER_WORD})"
_MARKS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), f" {mark} ")
    for pattern, mark in (
        (r"\b(?:call|phone|ring)(?:ing)? (?:(?:me|us|you)(?: (?:back|again|up)\b)*|back\b)", _REQUEST),
        (r"\bcall ?backs?\b|\b(?:an?|another) (?:call|ring)\b", _REQUEST),
        (rf"\bordinal (?:\d+|{ORDINAL})(?: of)? (?:{_MONTH_NAMES})(?: \d{{4}}\b)?", _DAY),
        (rf"\b(?:{_MONTH_NAMES})(?: the)?(?: ordinal)? {_DATE_NUMBER}\b(?: \d{{4}}\b)?", _DAY),
        (rf"\b\d{{1,2}}(?: of)? (?:{_MONTH_NAMES})\b", _DAY),
        (rf"\bordinal (?:\d+|{ORDINAL})\b", _DAY),
        (rf"\b(?:clock )*{_PARTS}(?: minutes)? (?:past|ahead) +{NUMBER_WORD}\b(?: ?[ap]m\b)?", _CLOCK),
        (rf"\b(?:clock )+{NUMBER_WORD}\b(?: (?:\d\d|{NUMBER_WORD})\b)?(?: ?[ap]m\b)?", _CLOCK),
        (rf"\b{NUMBER_WORD}(?: (?:\d\d|{NUMBER_WORD}))? ?[ap]m\b", _CLOCK),
        (r"\b(?:the )?day after tomorrow\b|\b(?:today|tonight|tomorrow|yesterday)\b", _DAY),
        (rf"\bnext week (?:on )?(?:{_NAMES})\b|\b(?:{_NAMES}) (?:of |in )?next week\b", _DAY),
        (rf"\b(?:nextbutone )?(?:{_NAMES})\b", _DAY),
        (r"\bwithin (?:(?!business\b|working\b|school\b)[\w',]+ ){0,4}?(?:days?|weeks?)\b", _DAY),
        (r"\b[\w']+ (?:days?|weeks?) from (?:now|today|tomorrow)\b", _DAY),
    )
)
_HALVES = re.compile(rf"(?<={_CLOCK}) {_HALF}|(?<={_DAY}) {_HALF}")

_AROUND = frozenset({
    "on", "after", "before", "during", "over", "in", "from", "until", "till", "since", "within", "through", "throughout", "around",
    "by", "past",
})  # fmt: skip
"""Behind these a day may be said."""
_BEHIND = frozenset({"after", "from", "since"})
"""Before a day these say a later one."""
_NO_DAY = frozenset({
    # where and how
    "mobile", "cell", "cellphone", "phone", "telephone", "landline", "handset", "number", "line", "extension", "whatsapp", "skype",
    "teams", "zoom", "signal", "office", "desk", "home", "work", "car", "way", "speaker", "case", "fact", "person", "private",
    "english", "there", "here", "end", "train", "bus", "road", "hand", "all", "general", "short", "addition", "hurry", "meetings",
    "calls", "classes",
    # within a day
    "morning", "afternoon", "evening", "noon", "lunch", "dinner", "breakfast", "school", "class", "hours", "shift", "meeting",
    "break", "that", "then", "it", "time", "minute", "minutes", "moment", "meantime", "bed", "night", "practice", "training",
    "church",
})  # fmt: skip
"""Words behind "on", "in" or "after" that say no other day."""
_PLAIN = frozenset({
    "please", "again", "then", "back", "up", "maybe", "perhaps", "sometime", "anytime", "any", "some", "same", "time", "just", "like",
    "say", "um", "uh", "well", "sorry", "okay", "ok", "yes", "yeah", "sure", "instead", "really", "real", "quick", "soon", "asap",
    "later", "earlier", "first", "thing", "latest", "earliest", "possible", "sharp", "exactly", "thanks", "thank", "right", "now",
    "one", "more", "only", "or", "so", "this", "coming", "last", "early", "late", "yourself", "best", "better", "clock", "me", "us",
    "morning", "afternoon", "evening", "night", "today", "also", "too", "there", "somewhere", "between",
})  # fmt: skip
"""Words beside a time that say no day."""
_ARTICLES = frozenset({"a", "an", "the", "this", "that", "my", "our", "your", "his", "her", "their", "these", "those"})
_OTHER_DAYS = frozenset({
    "second", "third", "fourth", "fifth", "other", "every", "each", "another", "following", "alternate", "after", "from", "days",
    "next", "week", "weeks", "fortnight", "month", "months", "year", "years", "of",
})  # fmt: skip
"""Directly beside a day or a clock time these make it another day."""
_UNITS = frozenset(
    {
        "day",
        "morning",
        "evening",
        "week",
        "weekend",
        "month",
        "year",
        "term",
        "season",
        "spring",
        "summer",
        "autumn",
        "winter",
    }
)
_FREE = frozenset({
    "about", "with", "regarding", "concerning", "for", "to", "because", "when", "whenever", "once", "if", "as", "while", "that",
    "which", "who", "and", "but", "than", "except", "not", "no", "at", "what", "how", "where", "why", "i", "i'm", "i'll", "i've",
    "i'd", "we", "we're", "we'll", "we've", "he", "he's", "she", "she's", "they", "they're", "it", "it's", "you", "you're", "is",
    "are", "am", "was", "were", "be", "been", "will", "would", "could", "can", "can't", "should", "shall", "may", "might", "do",
    "does", "did", "don't", "doesn't", "isn't", "won't", "have", "has", "had", "get", "got", "let", "let's", "make", "take", "works",
    "work", "suits", "said", "says", "told", "think", "guess", "prefer", "suggest", "want", "need", "mean", "there's", "that's",
    "see", "seems", "sounds", "leave", "leaves", "starts", "closes", "opens",
})  # fmt: skip
"""With these something else begins than a day."""
_STANDS = frozenset(
    {
        "i'm",
        "we're",
        "he's",
        "she's",
        "they're",
        "it's",
        "am",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "live",
        "work",
        "stay",
        "sit",
    }
)
"""What stands behind these and "in" or "on" is where somebody is."""


def day_not_understood(plain: str, answers: bool = False) -> bool:
    """Whether words of a line that stand where a day is said are none that are understood. ``plain`` is the line as
    :mod:`callwright.insight.spoken_time` spells it ("clock", "ordinal", "within" and "comma" among its words); ``answers``: it answers a
    question for the time."""
    for pattern, mark in _MARKS:
        plain = pattern.sub(mark, plain)
    words = _HALVES.sub(" ", " ".join(plain.split())).split()
    anchors = [at for at, word in enumerate(words) if word in _ANCHORS]
    if any(_strange_behind(words, at) for at in anchors):
        return True
    if any(words[at] != _REQUEST and _strange_before(words, at) for at in anchors):
        return True
    begins = [0, *(at + 1 for at, word in enumerate(words) if word == _PAUSE)]
    return (bool(anchors) or answers) and any(_strange_fragment(words, at) for at in begins)


def _strange_fragment(words: Sequence[str], at: int) -> bool:
    """Whether what begins at ``at``, behind a pause, is a day by itself that is not understood: ", after the holidays,"."""
    first = words[at] if at < len(words) else ""
    if first in _AROUND:
        return _is_strange(words, at, _run_end(words, at + 1))
    end = _run_end(words, at)
    ended = words[end] if end < len(words) else ""
    if ended in _FREE or first not in (*_ARTICLES, "next"):
        return False
    return not _UNITS.isdisjoint(words[at:end]) or (first == "next" and bool(words[at + 1 : end]))


def _strange_behind(words: Sequence[str], anchor: int) -> bool:
    """Whether a day that is not understood follows an anchor, up to the next one or to other matters."""
    at, kind = anchor + 1, words[anchor]
    while at < len(words) and words[at] not in _ANCHORS and words[at] != _PAUSE:
        word = words[at]
        if word in _AROUND and not (word == "from" and kind == _REQUEST):
            end = _run_end(words, at + 1)
            if _is_strange(words, at, end) or (kind == _DAY and at == anchor + 1 and _moves_day(words, at, end)):
                return True
            if end < len(words) and words[end] in _FREE:
                return False
            at = end
        elif _is_plain(word) or (word == "next" and words[at + 1 : at + 2] == [_DAY]):
            at += 1
        elif word in _FREE or word == "from":
            return False
        else:
            end = _run_end(words, at)
            run, ended = words[at:end], words[end] if end < len(words) else ""
            other = not _OTHER_DAYS.isdisjoint(run)
            if kind != _REQUEST and not (_is_known(run) and not other):
                return (word in _ARTICLES or word in _OTHER_DAYS) and ended not in _FREE
            if not (_is_known(run) or ended in _AROUND) or other:
                return ended in _ANCHORS or ended in _AROUND
            at = end  # "call me back, Ada, on Monday"
    return False


def _strange_before(words: Sequence[str], anchor: int) -> bool:
    """Whether a day that is not understood, or a word that makes a day another one, leads to an anchor."""
    at = anchor - 1
    while at >= 0 and (_is_plain(words[at]) or words[at] in _ARTICLES or (words[at] == "next" and at + 1 == anchor)):
        at -= 1
    end = at + 1
    while at >= 0 and not _ends_run(words[at]):
        at -= 1
    run, lead = words[at + 1 : end], words[at] if at >= 0 else ""
    if lead in (_REQUEST, *_FREE) or (lead == "from" and _REQUEST in words[:at]):
        return False  # looked at from there, or about something else
    if not run:
        return words[anchor] == _DAY and lead in _BEHIND
    if lead in _AROUND:
        return not (at > 0 and words[at - 1] in _STANDS) and not _is_known(run)
    if words[anchor] == _DAY and run[-1] in _OTHER_DAYS:
        return True
    return run[0] in ("a", "an", "the", "every", "each") and not _is_known(run)


def _is_strange(words: Sequence[str], at: int, end: int) -> bool:
    """Whether "on", "after" and the like at ``at`` lead to something, up to ``end``, that is not understood."""
    run = [word for word in words[at + 1 : end] if word not in _ARTICLES and not _is_plain(word)]
    if (
        not run
        and words[at] == "after"
        and at
        and words[at - 1] in _UNITS
        and (end == len(words) or words[end] not in _FREE)
    ):
        return True  # "the day after"
    if not run and end < len(words) and words[end] == _DAY and words[at] in _BEHIND:
        return True
    return bool(run) and (not _is_known(run) or run[-1] in ("next", "other"))


def _moves_day(words: Sequence[str], at: int, end: int) -> bool:
    """Whether "after" or "before" behind a day makes it another one: "the Monday after that", "the Tuesday before last"."""
    ended = words[end] if end < len(words) else ""
    if words[at] not in ("after", "before") or ended in _FREE or (ended == _CLOCK and end == at + 1):
        return False
    run = [word for word in words[at + 1 : end] if word not in _ARTICLES and not _is_plain(word)]
    return _NO_DAY.difference({"that", "it"}).isdisjoint(run)


def _run_end(words: Sequence[str], at: int) -> int:
    """Where the words from ``at`` on come to an anchor, a pause, a word with which something else begins, or the end."""
    while at < len(words) and not _ends_run(words[at]):
        at += 1
    return at


def _ends_run(word: str) -> bool:
    return word in _ANCHORS or word == _PAUSE or word in _AROUND or (word in _FREE and word not in _NO_DAY)


def _is_known(run: Sequence[str]) -> bool:
    said = [word for word in run if word not in _ARTICLES and not _is_plain(word)]
    return said in ([], ["day"]) or not _NO_DAY.isdisjoint(said)


def _is_plain(word: str) -> bool:
    return word in _PLAIN or (word.endswith("ly") and word not in ("july", "daily", "weekly", "monthly"))
