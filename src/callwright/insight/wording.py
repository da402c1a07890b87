"""Whether words occur in a line that was spoken, however a recogniser or a model spells them.

Numbers are compared as digits: "twenty five", "25" and "two five" in a telephone number, "third" and "3rd", "three p.m." and "3 pm".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

_UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16,
    "seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "twentieth": 20, "thirtieth": 30,
}  # fmt: skip
_SMALL = {word: number for number, word in enumerate((*_UNITS, *_TEENS))} | {"oh": 0} | _ORDINALS
_HALVES = ("am", "pm")
_UNSAID = frozenset({"a", "an", "the", "at", "on", "in", "of", "for", "to", "is", "and", "o'clock", "oclock"})

# A letter, or a sign that belongs to one (accents, Indic and Thai vowels), which is no letter to the regular expressions.
_LETTER = "(?:[^\\W\\d_]|[\u0300-\u036f\u064b-\u065f\u0900-\u0963\u0970-\u0dff\u0e31-\u0e4e])"
# A run of digits, one character of a script that is written without spaces, or a word with its apostrophe.
_TOKEN = re.compile(f"\\d+|[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]|{_LETTER}+(?:'{_LETTER}+)?")


def words_of(text: str) -> list[str]:
    """The words of ``text`` as they are compared: lower case, numbers as digits, without words that carry nothing."""
    plain = text.lower().replace("\u2019", "'").replace("a.m.", "am").replace("p.m.", "pm")
    # "at ten in the morning" is said where "10 am" is written; a half of the day alone is no time.
    plain = re.sub(r"\b(?:in the )?morning\b", "am", plain)
    plain = re.sub(r"\b(?:in the )?(?:afternoon|evening)\b|\bat night\b", "pm", plain)
    # "ten o'clock in the morning" is written as "10:00 AM".
    plain = re.sub(r"(?<=\d)[:. ]00(?= ?[ap]m\b)|(?<=\d),(?=\d{3}\b)|(?<=\d)(?:st|nd|rd|th)\b", "", plain)
    tokens = [token.removesuffix("'s") for token in _TOKEN.findall(plain)]
    return [word for word in _in_digits(tokens) if word not in _UNSAID]


def _in_digits(tokens: Sequence[str]) -> Iterator[str]:
    at = 0
    while at < len(tokens):
        word, at = _number(tokens, at) or (tokens[at], at + 1)
        yield word


def _number(tokens: Sequence[str], at: int) -> tuple[str, int] | None:
    """The number spelt from ``at`` on, as digits, and where it ends; None when there is none."""
    found = _scaled(tokens, at, "thousand", 1000, lambda begin: _scaled(tokens, begin, "hundred", 100, _pair(tokens)))
    return None if found is None else (str(found[0]), found[1])


_Reader = Callable[[int], tuple[int, int] | None]


def _scaled(tokens: Sequence[str], at: int, scale: str, times: int, read: _Reader) -> tuple[int, int] | None:
    """A number by ``read``, and when ``scale`` follows that many of it and a rest: "two hundred and five"."""
    found = read(at)
    if found is None or found[1] >= len(tokens) or tokens[found[1]] != scale:
        return found
    value, at = found[0] * times, found[1] + 1
    rest = read(at + 1 if tokens[at : at + 1] == ["and"] else at)
    return (value, at) if rest is None else (value + rest[0], rest[1])


def _pair(tokens: Sequence[str]) -> _Reader:
    """Reads numbers below a hundred."""

    def read(at: int) -> tuple[int, int] | None:
        word = tokens[at] if at < len(tokens) else ""
        if word not in _TENS:
            return (_SMALL[word], at + 1) if word in _SMALL else None
        unit = _SMALL.get(tokens[at + 1], 0) if at + 1 < len(tokens) else 0
        return (_TENS[word] + unit, at + 2) if 0 < unit < 10 else (_TENS[word], at + 1)

    return read


def occurs(needed: Sequence[str], lines: Sequence[Sequence[str]]) -> bool:
    """Whether all of ``needed`` (words as :func:`words_of` gives them, at least one) occur, in their order, within one line."""
    wanted = list(_joined(needed))
    return bool(wanted) and any(_in_order(wanted, line) for line in lines)


def _joined(words: Sequence[str]) -> Iterator[str]:
    """Neighbouring numbers as one run of digits: a telephone number is grouped in many ways."""
    run = ""
    for word in words:
        if word.isdecimal():
            run += word
            continue
        if run:
            yield run
            run = ""
        yield word
    if run:
        yield run


def _in_order(wanted: Sequence[str], line: Sequence[str]) -> bool:
    at = 0
    for word, then in zip(wanted, (*wanted[1:], ""), strict=True):
        ends = (end for begin in range(at, len(line)) if (end := _match(word, line, begin)))
        # "10:30 am" is another time than "10 am".
        at = next(
            (end for end in ends if then not in _HALVES or not line[end : end + 1] or not line[end].isdecimal()), 0
        )
        if not at:
            return False
    return True


def _match(word: str, line: Sequence[str], begin: int) -> int:
    """Where ``word`` ends in ``line`` when it begins at ``begin``; 0 when it does not. Digits may be spread over several numbers."""
    if not word.isdecimal():
        return begin + 1 if line[begin] == word else 0
    run = ""
    for end in range(begin, len(line)):
        if not line[end].isdecimal() or len(run) >= len(word):
            break
        run += line[end]
        if run == word:
            return end + 1
    return 0
