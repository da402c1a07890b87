"""When a caller wants to be called back, by their own words: asked for, with a day and a clock time, in English.

A rule and no model: a time that nobody said can never be dialled. What counts are the caller's lines from the request on, and the agent's
where the caller's next words confirm them. The last day and the last time said stand. A time that is only hinted at ("tomorrow morning",
"later") is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from callwright.conversation.stops import normalised
from callwright.domain.limits import MAX_CALLBACK_DAYS
from callwright.insight.extraction import confirms
from callwright.insight.wording import words_of

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_WHEN = (
    rf"(?:back|again|later|then|tomorrow|tonight|today|now|at|on|in|after|around|about|next|this|another time|some other time"
    rf"|{'|'.join(_DAYS)}|the day after)"
)
_ASKED = re.compile(
    rf"\b(?:call|phone|ring) (?:me|us) (?:up )?{_WHEN}\b|\bcall back\b|\bgive (?:me|us) (?:a|another) (?:call|ring) {_WHEN}\b"
    r"|\b(?:can|could|would|will) you (?:please )?(?:call|phone|ring) (?:me|us)\b|\breschedule (?:the|this) call\b|\bcallback\b"
)
_NOT_ASKED = re.compile(
    r"\b(?:don't|do not|dont|never|no need to|not|needn't) (?:need to |have to |bother to )?(?:call|phone|ring)\b"
    r"|\b(?:i'll|i will|i can|i could|let me|i'd|i am going to|i'm going to) (?:\w+ )?(?:call|phone|ring) (?:\w+ )?back\b"
)
_OFFERED = re.compile(rf"\b(?:call|phone|ring) you (?:up )?{_WHEN}\b")

_NUMBER_WORD = (
    r"(?:\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty(?:[ -]five)?|thirty"
    r"|forty(?:[ -]five)?)"
)
"""What a clock time begins with."""
_COUNT = (
    rf"(?:{_NUMBER_WORD}|\d{{3,}}|thirteen|fourteen|sixteen|seventeen|eighteen|nineteen"
    r"|fifty|sixty|seventy|eighty|ninety)"
)
"""What a number of minutes, hours, days or weeks begins with: "two hundred" with its "two"."""
_SPELLING: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), meant)
    for pattern, meant in (
        (r"\b(?:noon|midday)\b", "12 pm"),
        (r"\ba (hundred|thousand)\b", r"one \1"),
        (r"\b(\d{1,2})[:.h](\d{2})\b", r"clock \1 \2"),
        (rf"\b({_NUMBER_WORD}) o'?clock\b", r"clock \1"),
        (r"\b(\d{1,2})(?:st|nd|rd|th)\b", r"ordinal \1"),
        (r"\bthe (first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth)\b", r"ordinal \1"),
        (r"\bminutes past\b", "past"),
        (rf"\b(quarter|{_NUMBER_WORD})(?: minutes)? (?:to|before|till) (?={_NUMBER_WORD}\b)", r"\1 ahead "),
        (r"\bafter(?: about| another)? (?=(?:\w+[ -]){1,5}(?:minutes?|mins?|hours?|hrs?)\b)", "within "),
        (rf"\b(?:at|around|about|by|after|from|approximately)(?: about| around)? (?={_NUMBER_WORD}\b)", "clock "),
        (r"\b(?:in|after)(?: about| another)? (?=(?:a|an|half|the next) )", "within "),
        (rf"\bin(?: about| another| the next| clock)? (?=(?:clock )?{_COUNT}\b|couple\b)", "within "),
    )
)
_UNITS = {"minute": 1, "minutes": 1, "min": 1, "mins": 1, "hour": 60, "hours": 60, "hr": 60, "hrs": 60}
_LONG_UNITS = {"day": 1, "days": 1, "week": 7, "weeks": 7}


@dataclass(frozen=True, slots=True)
class _Said:
    """What of a time was said. ``minutes`` since midnight, of a clock that may be of either half of the day while ``half`` is empty."""

    day: date | None = None
    minutes: int | None = None
    half: str = ""
    offset_min: int | None = None

    def and_then(self, later: _Said) -> _Said:
        """Both, the later words where they say the same thing."""
        if later.offset_min is not None:
            return later
        found = (
            self if later.minutes is None else replace(self, minutes=later.minutes, half=later.half, offset_min=None)
        )
        if later.minutes is None and later.half:
            found = replace(found, half=later.half)
        return found if later.day is None else replace(found, day=later.day, offset_min=None)

    @property
    def nothing(self) -> bool:
        """Whether there was no word of a time."""
        return self.day is None and self.minutes is None and self.offset_min is None


@dataclass(frozen=True, slots=True)
class Callback:
    """A wish to be called back. ``said``: the words it was understood from; ``due_at`` is aware, or None with the ``reason`` why it
    cannot be kept."""

    said: str
    due_at: datetime | None
    reason: str = ""


def callback(spoken: Sequence[tuple[str, str]], now: datetime, hours: tuple[int, int]) -> Callback | None:
    """The wish in the lines of a call (``insight.transcript.lines``), or None when there is none. ``now`` is the caller's local time,
    aware; calls are made from the first of ``hours`` to before the second."""
    wish = _Said()
    words: list[str] = []
    offered: date | None = None
    for index, (role, text) in enumerate(spoken):
        before = spoken[index - 1] if index else ("", "")
        following = spoken[index + 1] if index + 1 < len(spoken) else ("", "")
        if role == "user":
            asked, asks_for_time = _asks(text), before[0] == "assistant" and "time" in normalised(before[1]).split()
        else:
            agreed = following[0] == "user" and confirms(following[1])
            asked, asks_for_time = agreed and bool(_OFFERED.search(normalised(text))), False
            if not agreed:
                # "Tomorrow at four?" "No, at six": the day was not what was wrong with it.
                offered = _read(text, now, False).day
                continue
        if not words and not asked:
            continue
        found = _read(text, now, asks_for_time)
        if found.minutes is not None and found.day is None and wish.day is None:
            found = replace(found, day=offered)
        if asked or not found.nothing:
            words.append(text)
        wish = wish.and_then(found)
    if not words:
        return None
    due_at, reason = _resolve(wish, now, hours)
    return Callback(" / ".join(words), due_at, reason)


def told_time(text: str, now: datetime) -> tuple[date | None, int | None] | None:
    """The day and the minutes since midnight that a text tells, each None where it tells none; None altogether when it tells a clock time
    that may be of either half of the day. ``now`` is the local time from which days are counted."""
    said = _read(text, now, False)
    if said.offset_min is not None:
        then = now + timedelta(minutes=said.offset_min)
        return then.date(), then.hour * 60 + then.minute
    if said.minutes is not None and not said.half and said.minutes < 13 * 60:
        return None
    return said.day, said.minutes


def _asks(text: str) -> bool:
    plain = normalised(text)
    return bool(_ASKED.search(plain)) and not _NOT_ASKED.search(plain)


def _read(text: str, now: datetime, asks_for_time: bool) -> _Said:
    plain = text.lower().replace("\u2019", "'").replace("a.m.", "am").replace("p.m.", "pm")
    for pattern, meant in _SPELLING:
        plain = pattern.sub(meant, plain)
    tokens = words_of(plain)
    if asks_for_time and tokens and tokens[0].isdigit():
        tokens = ["clock", *tokens]
    offset = _offset(tokens)
    if offset is not None:
        return offset
    minutes, half = _clock(tokens)
    return _Said(_day(tokens, now.date()), minutes, half)


def _offset(tokens: Sequence[str]) -> _Said | None:
    """ "in half an hour", "in 20 minutes", "an hour and a half from now", "in two hours and ten minutes": in minutes."""
    for index, token in enumerate(tokens):
        unit = _UNITS.get(token)
        if unit is None:
            continue
        more, rest = _rest_of(unit, tokens[index + 1 :])
        before = [one for one in tokens[:index] if one != "clock"]
        if "within" not in before[-2:] and rest[:2] != ["from", "now"]:
            continue
        count = before[-1] if before else ""
        if count == "few":
            return None
        # Five digits are longer ahead than any call-back can be; with many more there would be no such date.
        number = int(count[:5]) if count.isdigit() else 2 if count == "couple" else 1
        amount = (unit // 2 if count == "half" else unit * number) + more
        return _Said(offset_min=amount) if amount else None
    return None


def _rest_of(unit: int, tokens: Sequence[str]) -> tuple[int, Sequence[str]]:
    """What is said behind hours or minutes of the same stretch ("and a half", "and 20 minutes"), in minutes, and the words behind it."""
    if tokens[:1] == ["half"]:
        return unit // 2, tokens[1:]
    if unit == 60 and len(tokens) > 1 and tokens[0].isdigit() and _UNITS.get(tokens[1]) == 1:
        return int(tokens[0][:3]), tokens[2:]
    return 0, tokens


def _clock(tokens: Sequence[str]) -> tuple[int | None, str]:
    """The clock time of a line, and the half of the day if one was said ("tonight" says one too)."""
    half = next((token for token in tokens if token in ("am", "pm")), "pm" if "tonight" in tokens else "")
    for index, token in enumerate(tokens):
        after = tokens[index + 1 : index + 3]
        if token in ("half", "quarter") and after[:1] == ["past"] and after[1:] and after[1].isdigit():
            return _minutes(after[1], "30" if token == "half" else "15", half), half
        if token == "ahead" and index and after and after[0].isdigit():
            lead = (
                15 if tokens[index - 1] == "quarter" else int(tokens[index - 1]) if tokens[index - 1].isdigit() else 0
            )
            whole = _minutes(after[0], "0", half)
            return (None if whole is None else (whole - lead) % 1_440), half
        if token == "past" and index and tokens[index - 1].isdigit() and after and after[0].isdigit():
            return _minutes(after[0], tokens[index - 1], half), half
    found: int | None = None
    minute_at = -1  # the minutes of the last clock time: beside "pm" they look like an hour
    for index, token in enumerate(tokens):
        if (
            not token.isdigit()
            or index == minute_at
            or (index and tokens[index - 1] in ("ordinal", "within", *_MONTHS))
        ):
            continue
        rest = tokens[index + 1 : index + 3]
        marked = index > 0 and tokens[index - 1] == "clock"
        if rest and rest[0] in _UNITS:
            continue  # "about 20 minutes": how long, not when
        exact = rest[:1] and rest[0].isdigit() and len(rest[0]) == 2
        if marked or rest[:1] in (["am"], ["pm"]) or (exact and rest[1:] in (["am"], ["pm"])):
            found = _minutes(token, rest[0] if exact else "0", half)
            minute_at = index + 1 if exact else -1
    return found, half


def _minutes(hour: str, minute: str, half: str) -> int | None:
    hours, minutes = int(hour[:3]), int(minute[:3])
    if hours > 23 or minutes > 59 or (half and hours > 12):
        return None
    if half:
        hours = hours % 12 + (12 if half == "pm" else 0)
    return hours * 60 + minutes


def _day(tokens: Sequence[str], today: date) -> date | None:
    if "tomorrow" in tokens:
        at = tokens.index("tomorrow")
        return today + timedelta(days=2 if list(tokens[max(0, at - 2) : at]) == ["day", "after"] else 1)
    if "today" in tokens or "tonight" in tokens:
        return today
    for index, token in enumerate(tokens):
        if token in _LONG_UNITS and "within" in tokens[max(0, index - 2) : index]:
            count = tokens[index - 1]
            return today + timedelta(days=_LONG_UNITS[token] * (int(count[:3]) if count.isdigit() else 1))
        if token in _DAYS:
            return today + timedelta(days=(_DAYS.index(token) - today.weekday()) % 7 or 7)
    return _date(tokens, today)


def _date(tokens: Sequence[str], today: date) -> date | None:
    """ "December 3rd", "the third of May", "the 5th": the next one."""
    month = next((_MONTHS.index(token) + 1 for token in tokens if token in _MONTHS), 0)
    number = next((tokens[i + 1] for i, token in enumerate(tokens[:-1]) if token == "ordinal"), "")
    if month and not number:
        number = next((tokens[i + 1] for i, token in enumerate(tokens[:-1]) if token in _MONTHS), "")
    if not number.isdigit() or len(number) > 2 or not 1 <= int(number) <= 31:
        return None
    for ahead in range(14):
        year, index = divmod(today.month - 1 + ahead, 12)
        try:
            found = date(today.year + year, index + 1, int(number))
        except ValueError:
            continue
        if found >= today and month in (0, found.month):
            return found
    return None


def _resolve(wish: _Said, now: datetime, hours: tuple[int, int]) -> tuple[datetime | None, str]:
    if wish.offset_min is not None:
        at = (now + timedelta(minutes=wish.offset_min)).replace(second=0, microsecond=0)
        readings = [at]
    elif wish.minutes is None:
        return None, "no clock time was said"
    else:
        minutes = wish.minutes
        either = not wish.half and minutes < 13 * 60
        clocks = [minutes % 720, minutes % 720 + 720] if either else [minutes]
        days = [wish.day] if wish.day is not None else [now.date(), now.date() + timedelta(days=1)]
        readings = [datetime.combine(day, time(*divmod(clock, 60)), now.tzinfo) for day in days for clock in clocks]
    begin, end = hours
    allowed = [at for at in readings if begin <= at.hour < end]
    if not allowed:
        return None, f"it is outside the hours of calls ({begin} to {end} o'clock)"
    ahead = [at for at in allowed if at > now]
    if not ahead:
        return None, "it is in the past"
    # Where both halves of the day are possible, people mean the one they are awake in: seven to noon, and the afternoon up to six.
    usual = [at for at in ahead if 7 <= at.hour <= 18]
    due_at = (usual or ahead)[0]
    if due_at > now + timedelta(days=MAX_CALLBACK_DAYS):
        return None, f"it is more than {MAX_CALLBACK_DAYS} days ahead"
    return due_at, ""
