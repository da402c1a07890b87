"""Names, days, times and numbers in what callers say, by rules. Only words that were said come out."""

from __future__ import annotations

import re
from collections.abc import Sequence

_DAY = re.compile(
    r"\b((?:this |next |on )?(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)|today|tomorrow(?: morning| afternoon)?"
    r"|next week|(?:the )?\d{1,2}(?:st|nd|rd|th)(?: of \w+)?"
    r"|(?:january|february|march|april|may|june|july|august|september|october|november|december) (?:the )?\d{1,2}(?:st|nd|rd|th)?)\b",
    re.IGNORECASE,
)
_HOURS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_MINUTES = r"(?:\s(?:fifteen|twenty|thirty|forty[- ]five|o'?clock))"
_HALF = r"(?:\s?(?:a\.?\s?m\.?|p\.?\s?m\.?)|\sin the (?:morning|afternoon|evening))"
_TIME = re.compile(
    rf"\b(?:(?:half past|quarter past|quarter to) (?:{_HOURS}|\d{{1,2}})|(?:(?:at|around|about|by|for|to) )(?:{_HOURS}|\d{{1,2}}(?::\d\d)?)"
    rf"{_MINUTES}?{_HALF}?|\d{{1,2}}(?::\d\d){_HALF}?|(?:{_HOURS}|\d{{1,2}})(?:{_MINUTES}{_HALF}?|{_HALF})"
    r"|noon|midday|(?:in )?the (?:morning|afternoon|evening)|as soon as possible)(?!\w)",
    re.IGNORECASE,
)
_LEADING = re.compile(r"^(?:at|around|about|by|for|to|on|in) ", re.IGNORECASE)
_NAME_WORD = r"[A-Z][a-z'’]+(?:-[A-Z][a-z]+)?"
_INTRODUCTIONS = "[Mm]y (?:full )?name is|[Mm]y name's|[Tt]his is|[Ii]t is|[Ii]t's|I am|I'm|[Nn]ame is|[Cc]all me"
_NAMED = re.compile(rf"(?:{_INTRODUCTIONS})\s+({_NAME_WORD}(?:\s{_NAME_WORD}){{0,2}})")
_ALONE = re.compile(rf"^(?:(?:Yes|Sure|Okay|Yeah|Hi|It's),?\s+)?({_NAME_WORD}(?:\s{_NAME_WORD}){{0,2}})[.!]?$")
_NOT_NAMES = frozenset({
    "yes", "no", "sure", "okay", "ok", "yeah", "thanks", "thank", "hello", "hi", "hey", "bye", "goodbye", "monday", "tuesday",
    "wednesday", "thursday", "friday", "saturday", "sunday", "today", "tomorrow", "morning", "afternoon", "noon", "sorry", "please",
    "right", "correct", "great", "perfect", "calling", "just", "not", "the", "a", "an", "what", "when", "where", "how", "nothing",
})  # fmt: skip
_NUMBER = re.compile(
    r"(?:\b(?:\d[\d\s().-]{5,}\d)\b)|(?:\b(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)\b[\s,]*){6,}",
    re.IGNORECASE,
)


def day_in(text: str) -> str:
    """The day named last, or empty."""
    return _clean(_last(_DAY, text))


def time_in(text: str) -> str:
    """The time named last, or empty."""
    return _clean(_last(_TIME, text))


def number_in(text: str) -> str:
    """A telephone or account number, or empty."""
    return _last(_NUMBER, text).strip(" ,.")


def name_in(text: str, asked: bool) -> str:
    """The caller's name, or empty. ``asked``: the agent had just asked for it, so that a bare name counts."""
    match = _NAMED.search(text) or (_ALONE.match(text.strip()) if asked else None)
    if match is None:
        return ""
    words = []
    for word in match.group(1).split():
        if word.lower().strip(".,") in _NOT_NAMES:
            break
        words.append(word.rstrip("."))
    return " ".join(words)


def collect(turns: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Slots of a call from (what the agent said before, what the caller said) in order; later words replace earlier ones."""
    found: dict[str, str] = {}
    for before, said in turns:
        asked_time = "time" in before.lower()
        values = {
            "name": name_in(said, "name" in before.lower()),
            "day": day_in(said),
            "time": time_in(said)
            or (time_in(f"at {said.strip(' .!')}") if asked_time and len(said.split()) <= 3 else ""),
            "phone": number_in(said),
        }
        found.update({key: value for key, value in values.items() if value})
    return found


def _last(pattern: re.Pattern[str], text: str) -> str:
    matches = [match.group(0) for match in pattern.finditer(text)]
    return matches[-1] if matches else ""


def _clean(text: str) -> str:
    return _LEADING.sub("", text.strip()).strip()
