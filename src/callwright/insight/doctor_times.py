"""The call doctor on days and clock times: what the agent confirms, against what the caller said and against the calendar.

English only, and only where there is no doubt: a time that anybody mentioned in between, an offer, a question or a second time in the same
words is no finding.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from callwright.conversation.stops import ENGLISH, base_language
from callwright.insight.day_words import DAYS, MONTHS
from callwright.insight.doctor_case import Case
from callwright.insight.doctor_finding import BAD, WARNING, Finding, quoted
from callwright.insight.spoken_time import Said, read_time
from callwright.insight.wording import words_of

_RULE = "wrong_time"
_HALF_DAY = 720
_PAST_DAYS, _AHEAD_DAYS = 183, 366
"""Of dates without a year these are meant."""
_SENTENCES = re.compile(r"(?<=[.!?])\s+")
_CONFIRMS = re.compile(
    r"\b(?:booked|confirmed|scheduled|reserved|noted|set (?:you )?(?:up )?for|all set|put you (?:down|in)|have you (?:down )?(?:for|at|on)"
    r"|got you|see you|expect(?:ing)? you|appointment (?:is|will be)|reservation (?:is|will be))\b",
    re.IGNORECASE,
)
_OFFERS = re.compile(
    r"\b(?:unfortunately|sorry|unavailable|available|free|taken|full(?:y)?|instead|earliest|closest|nearest|next|another|offer|moved?"
    r"|changed?|rescheduled|not|no|can't|cannot|could|would|if|or|either)\b",
    re.IGNORECASE,
)
"""In a line with one of these another time may be meant and known."""
_BESIDE = re.compile(
    r"\b(?:opens?|close[sd]?|arrive|early|remind(?:er)?|until|till|before|after|lasts?|takes?|minutes?|hours?|call|text|e-?mail|send"
    r"|parking|deliver\w*)\b",
    re.IGNORECASE,
)
"""In a sentence with one of these a time may be of something else."""
_REOPENS = re.compile(
    r"\b(?:earlier|later|sooner|instead|either|whatever|whenever|any ?time|any ?day|another|other|else|change|not|actually|wait"
    r"|(?:day|week) (?:after|before)|following|same)\b",
    re.IGNORECASE,
)
"""With one of these a caller takes back what they said of a time."""
_ASKS_WHEN = re.compile(
    r"\b(?:when|what time|which time|time|what day|which day|day|date|suit|works?)\b[^?]*\?", re.IGNORECASE
)
_WISHES = re.compile(
    r"\b(?:book|appointment|reserve|reservation|schedule|table|come (?:in|by)|make it|how about|please|would like|i'd like|i want)\b",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(rf"\b({'|'.join(DAYS)})\b", re.IGNORECASE)
_MONTH = "|".join(MONTHS)
_DATED = re.compile(
    rf"\b(?P<name>{'|'.join(DAYS)}),? (?:the )?"
    rf"(?:(?P<a>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<b>{_MONTH})|(?P<c>{_MONTH}) (?:the )?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?)\b"
    r"(?:,? (?P<year>20\d\d)\b)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Line:
    """A turn of the caller, or what was heard of a reply."""

    by_agent: bool
    text: str
    turn: int
    at_us: int
    cut: bool = False


@dataclass(frozen=True)
class _Meaning:
    """A kind of time. ``of`` reads it out of words, None where none is clear. ``mentions``: whether words may mean it. ``touches``: whether
    words speak of any such time. ``same``: whether two are compatible."""

    of: Callable[[Said, str], int | None]
    mentions: Callable[[Said, str, int], bool]
    touches: Callable[[Said], bool]
    same: Callable[[int, int], bool]


def wrong_time(case: Case) -> Iterator[Finding]:
    """Confirmations of another clock time or weekday than the caller said, and dates whose weekday is another one."""
    if base_language(str(case.plan("language"))) != ENGLISH:
        return
    began = datetime.fromisoformat(case.view.header.started_at)
    lines = _lines(case)
    told: set[str] = set()
    for index, line in enumerate(lines):
        if not line.by_agent:
            continue
        for what in _misdated(line.text, began.date()):
            if what not in told:
                told.add(what)
                yield Finding(_RULE, WARNING, line.at_us, 0, what, ("calendar",), line.turn)
        for sentence, said in _contradicted(lines, index, began):
            what = f"The agent confirmed {quoted(sentence)}; the caller had said {quoted(said)}."
            if said not in told:
                told.add(said)
                yield Finding(_RULE, BAD, line.at_us, 0, what, ("confirmed",), line.turn)


def _lines(case: Case) -> list[_Line]:
    begun = {one.generation: one.span.from_us for one in case.line.agent}
    return [
        _Line(
            by_agent=entry.type == "AgentSaid",
            text=str(entry.values["text"]).replace("\u2019", "'"),
            turn=int(entry.values["turn"]),
            at_us=begun.get(int(entry.values.get("generation", 0)), entry.at_us),
            cut=bool(entry.values.get("cut", False)),
        )
        for entry in case.view.of("AgentSaid", "UserSaid")
    ]


def _contradicted(lines: Sequence[_Line], index: int, now: datetime) -> Iterator[tuple[str, str]]:
    """Sentences of the agent's line that confirm another time than the caller said, each with the caller's words."""
    line = lines[index]
    if line.cut or _OFFERS.search(line.text):
        return
    for sentence in _sentences(line.text):
        if sentence.endswith("?") or not _CONFIRMS.search(sentence) or _BESIDE.search(sentence):
            continue
        confirmed = read_time(sentence, now)
        for meaning in (_CLOCK, _DAY):
            value = meaning.of(confirmed, sentence)
            found = None if value is None else _said_otherwise(lines, index, meaning, value, now)
            if found is not None:
                yield sentence, found
                break


def _said_otherwise(lines: Sequence[_Line], index: int, meaning: _Meaning, value: int, now: datetime) -> str | None:
    """The caller's newest words that say another time than ``value``; None where they, or anybody since, may have meant it."""
    later = lines[index + 1 :]
    for at in range(index - 1, -1, -1):
        line = lines[at]
        said = _read(lines, at, now)
        if meaning.mentions(said, line.text, value):
            return None
        if line.by_agent:
            continue
        wished = meaning.of(said, line.text)
        if wished is None:
            if meaning.touches(said) or _REOPENS.search(line.text):
                return None
            continue
        if meaning.same(wished, value) or _REOPENS.search(line.text) or not _is_wish(lines, at):
            return None
        known = (lines[index], *(one for one in later if one.by_agent))
        if any(meaning.mentions(read_time(one.text, now), one.text, wished) for one in known):
            return None  # the agent knows what was said, or came back to it
        return line.text
    return None


def _read(lines: Sequence[_Line], at: int, now: datetime) -> Said:
    return read_time(lines[at].text, now, answers=not lines[at].by_agent and _is_asked(lines, at))


def _is_asked(lines: Sequence[_Line], at: int) -> bool:
    """Whether the agent asked for a time before a turn of the caller."""
    return at > 0 and lines[at - 1].by_agent and _ASKS_WHEN.search(lines[at - 1].text) is not None


def _is_wish(lines: Sequence[_Line], at: int) -> bool:
    return _is_asked(lines, at) or _WISHES.search(lines[at].text) is not None


def _sentences(text: str) -> list[str]:
    return _SENTENCES.split(re.sub(r"\b([ap])\.\s?m\b\.?", r"\1m", text, flags=re.IGNORECASE))


def _minutes_of(said: Said, _: str) -> int | None:
    unclear = said.clock_unclear or said.offset_min is not None or said.zone
    return None if unclear else said.minutes


def _means_clock(said: Said, text: str, minutes: int) -> bool:
    """Also by a bare hour, in figures or words."""
    hour = minutes // 60
    named = {str(hour), str((hour - 1) % 12 + 1)} & {*words_of(text), *re.findall(r"\d+", text)}
    return bool(named) or said.clock_unclear or (said.minutes is not None and _same_clock(said.minutes, minutes))


def _same_clock(one: int, other: int) -> bool:
    """Whoever says ten may mean either half of the day."""
    return (one - other) % _HALF_DAY == 0


def _weekday_of(said: Said, text: str) -> int | None:
    names = {name.lower() for name in _WEEKDAY.findall(text)}
    if len(names) != 1 or said.day is None or said.day_unclear or said.not_days:
        return None
    (name,) = names
    return DAYS.index(name)


def _means_day(said: Said, text: str, weekday: int) -> bool:
    named = DAYS[weekday] in text.lower()
    return named or said.day_unclear or (said.day is not None and said.day.weekday() == weekday)


_CLOCK = _Meaning(
    _minutes_of,
    _means_clock,
    lambda said: said.minutes is not None or said.clock_unclear or said.offset_min is not None,
    _same_clock,
)
_DAY = _Meaning(
    _weekday_of,
    _means_day,
    lambda said: said.day is not None or said.day_unclear or bool(said.not_days) or said.offset_min is not None,
    lambda one, other: one == other,
)


def _misdated(text: str, today: date) -> Iterator[str]:
    """Dates that are said with a weekday which is not theirs, in no year that may be meant."""
    for found in _DATED.finditer(text):
        month = MONTHS.index((found["b"] or found["c"]).lower()) + 1
        days = _dated(month, int(found["a"] or found["d"]), found["year"], today)
        names = [DAYS[day.weekday()] for day in days]
        if names and found["name"].lower() not in names:
            yield f"The agent said {quoted(found[0])}, which is a {names[-1].title()}."


def _dated(month: int, number: int, year: str | None, today: date) -> list[date]:
    """The date in the year; without one, those of the half year before and of the year ahead. None where there is no such day."""
    found: list[date] = []
    for one in [int(year)] if year else [today.year - 1, today.year, today.year + 1]:
        try:
            day = date(one, month, number)
        except ValueError:
            continue
        if year or -_PAST_DAYS <= (day - today).days <= _AHEAD_DAYS:
            found.append(day)
    return found
