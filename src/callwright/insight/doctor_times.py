"""The call doctor on days and clock times: what the agent confirms, against what the caller said and against the calendar.

English only, and only where there is no doubt: a time that anybody mentioned in between, an offer, a question or a second time in the same
words is no finding.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

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
_LOOSE = re.compile(
    r"\b(?:by|after|from|around|about|approximately|roughly|before|until|till|between|or|latest|earliest|ideally|preferably|possible)\b",
    re.IGNORECASE,
)
"""With one of these a caller says no more than about when."""
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


@dataclass(frozen=True, slots=True)
class _Words:
    """What a line says of a time, and its words and figures."""

    said: Said
    all: frozenset[str]


@dataclass(frozen=True)
class _Talk:
    """The lines of a call. ``now``: when it began, from which days are counted."""

    lines: Sequence[_Line]
    now: datetime

    @cached_property
    def words(self) -> Sequence[_Words]:
        """Those of each line. Read once: it takes longest of all here."""
        return [self._read(at, line) for at, line in enumerate(self.lines)]

    def is_asked(self, at: int) -> bool:
        """Whether the agent asked for a time before a turn of the caller."""
        return at > 0 and self.lines[at - 1].by_agent and _ASKS_WHEN.search(self.lines[at - 1].text) is not None

    def is_wish(self, at: int) -> bool:
        """Whether a turn of the caller asks for something, or answers when."""
        return self.is_asked(at) or _WISHES.search(self.lines[at].text) is not None

    def _read(self, at: int, line: _Line) -> _Words:
        said = read_time(line.text, self.now, answers=not line.by_agent and self.is_asked(at))
        return _Words(said, frozenset([*words_of(line.text), *re.findall(r"\d+", line.text)]))


@dataclass(frozen=True)
class _Meaning:
    """A kind of time. ``of`` reads it out of words, None where none is clear. ``names``: whether words name it in some way. ``unclear``:
    whether they speak of such a time that is not understood. ``same``: whether two are compatible."""

    of: Callable[[Said, str], int | None]
    names: Callable[[_Words, int], bool]
    unclear: Callable[[Said], bool]
    same: Callable[[int, int], bool]


def wrong_time(case: Case) -> Iterator[Finding]:
    """Confirmations of another clock time or weekday than the caller said, and dates whose weekday is another one."""
    if base_language(str(case.plan("language"))) != ENGLISH:
        return
    talk = _Talk(_lines(case), datetime.fromisoformat(case.view.header.started_at))
    told: set[str] = set()
    for index, line in enumerate(talk.lines):
        if not line.by_agent:
            continue
        for what in _misdated(line.text, talk.now.date()):
            if what not in told:
                told.add(what)
                yield Finding(_RULE, WARNING, line.at_us, 0, what, ("calendar",), line.turn)
        for sentence, said in _contradicted(talk, index):
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


def _contradicted(talk: _Talk, index: int) -> Iterator[tuple[str, str]]:
    """Sentences of the agent's line that confirm another time than the caller said, each with the caller's words."""
    line = talk.lines[index]
    if line.cut or _OFFERS.search(line.text):
        return
    for sentence in _sentences(line.text):
        if sentence.endswith("?") or not _CONFIRMS.search(sentence) or _BESIDE.search(sentence):
            continue
        confirmed = read_time(sentence, talk.now)
        for meaning in (_CLOCK, _DAY):
            value = meaning.of(confirmed, sentence)
            found = None if value is None else _said_otherwise(talk, index, meaning, value)
            if found is not None:
                yield sentence, found
                break


def _said_otherwise(talk: _Talk, index: int, meaning: _Meaning, value: int) -> str | None:
    """The caller's newest words that say another time than ``value``; None where anybody named it before, or it may be meant."""
    lines, words = talk.lines, talk.words
    if any(meaning.names(one, value) for one in words[:index]):
        return None
    for at in range(index - 1, -1, -1):
        line, said = lines[at], words[at].said
        wished = None if line.by_agent else meaning.of(said, line.text)
        if wished is None:
            if meaning.unclear(said) or (not line.by_agent and _REOPENS.search(line.text)):
                return None
            continue
        if meaning.same(wished, value) or _LOOSE.search(line.text) or not talk.is_wish(at):
            return None
        since = (one for line, one in zip(lines[index:], words[index:], strict=True) if line.by_agent)
        # The agent knows what was said, or came back to it.
        return None if any(meaning.names(one, wished) for one in since) else line.text
    return None


def _sentences(text: str) -> list[str]:
    return _SENTENCES.split(re.sub(r"\b([ap])\.\s?m\b\.?", r"\1m", text, flags=re.IGNORECASE))


def _minutes_of(said: Said, _: str) -> int | None:
    unclear = said.clock_unclear or said.offset_min is not None or said.zone
    return None if unclear else said.minutes


def _names_clock(words: _Words, minutes: int) -> bool:
    """Also by a bare hour, in figures or words."""
    hour, said = minutes // 60, words.said.minutes
    named = {str(hour), str((hour - 1) % 12 + 1)} & words.all
    return bool(named) or (said is not None and _same_clock(said, minutes))


def _same_clock(one: int, other: int) -> bool:
    """Whoever says ten may mean either half of the day."""
    return (one - other) % _HALF_DAY == 0


def _weekday_of(said: Said, text: str) -> int | None:
    names = {name.lower() for name in _WEEKDAY.findall(text)}
    if len(names) != 1 or said.day is None or said.day_unclear or said.not_days:
        return None
    (name,) = names
    return DAYS.index(name)


def _names_day(words: _Words, weekday: int) -> bool:
    return DAYS[weekday] in words.all or (words.said.day is not None and words.said.day.weekday() == weekday)


_CLOCK = _Meaning(
    _minutes_of, _names_clock, lambda said: said.clock_unclear or said.offset_min is not None, _same_clock
)
_DAY = _Meaning(
    _weekday_of,
    _names_day,
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
