"""The day and the clock time in a line that was spoken, in English, by rules.

Of several days the last stands, and of several clock times the last where the speaker corrects themselves ("at four, no, at five"); two
clock times side by side say none. What stands behind "not", "except" or "until" was not meant. A day or a date that was begun and is not
understood ("the 31st of February", "some other day", "12/3", which is two days), and a stretch of time ("from nine to eleven") are told as
such, so that nobody takes today, or the beginning, for what was said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from callwright.insight.day_words import DAYS, MONTHS, NUMBER_WORD, ORDINAL, day_not_understood
from callwright.insight.named_zone import without_zone
from callwright.insight.wording import words_of

_VERBS = ("may", "march")
"""Months that are other words too: they are one beside a number only."""

_COUNT = (
    rf"(?:{NUMBER_WORD}|\d{{3,}}|thirteen|fourteen|sixteen|seventeen|eighteen|nineteen"
    r"|fifty|sixty|seventy|eighty|ninety)"
)
"""What a number of minutes, hours, days or weeks begins with: "two hundred" with its "two"."""
_TIME = rf"{NUMBER_WORD}(?:[:. ]\d\d|[ -](?:thirty|fifteen))?(?: ?(?:am|pm|o'?clock))?\b"
_UNIT = r"(?:minutes?|mins?|hours?|hrs?|days?|weeks?)"
_STRETCH = re.compile(
    rf"\bbetween (?:about )?{_TIME} and {_TIME}|\bfrom (?:about )?{_TIME} ?(?:to|till|until|-) ?{_TIME}"
    rf"|\b{_COUNT} ?(?:to|or|-) ?{_COUNT} (?={_UNIT}\b)"
    rf"|\b{NUMBER_WORD} ?(?:(?:am|pm|o'?clock) ?(?:to|till|until|-)|until|-) ?{_TIME}"
    rf"|\b(?:an?|{_COUNT}) {_UNIT} or {_COUNT}\b(?! ?(?:am|pm|o'?clock))"
    # An hour that the line leaves out.
    rf"|\bat (?:(?:a )?quarter|half|{NUMBER_WORD}) (?:past|to|till)\b(?! +(?:{NUMBER_WORD}|noon|midnight)\b)"
    # "Ten to five" is a clock time, "nine to five" is none: people count minutes by fives.
    rf"|\b(?:[1-46-9]|1[1-46-9]|one|two|three|four|six|seven|eight|nine|eleven|twelve) (?:to|till) {_TIME}"
)
_NO_DAY = (
    r"(?! (?:time|one|call|thing|thoughts?|question|person|floor|half|hour|number|line|slot|available|day|weekday|weekend|week|month"
    rf"|working|business|{'|'.join(DAYS)})\b)"
)
"""What stands behind "the second" where that is no day."""
_SPELLING: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), meant)
    for pattern, meant in (
        (r"\bgood (?:morning|afternoon|evening|night|day)\b", " "),
        (r"\b(?:happy|merry) (?:holidays?|thanksgiving|christmas|easter|new year|birthday)\b", " "),
        (r"\bi am\b", "i'm"),
        (r"\b([ap]) m\b", r"\1m"),
        (r"\b(?:noon|midday)\b", "12 pm"),
        (r"\b(?:instead of|rather than|other than|apart from|besides|any day but)\b", "except"),
        (r"\b(?:in )?a fortnight(?: (?:from )?(?:now|today)| time)?\b(?! (?:from|on))", "within 14 days"),
        (r"\b(?:a )?week (?:from )?today\b|\btoday week\b", "within 7 days"),
        (r"\b(?:a )?week (?:from )?tomorrow\b|\btomorrow week\b", "within 8 days"),
        (
            rf"\b({'|'.join(DAYS)}) (?:week|after next(?! (?:week|month|year)))\b(?! (?:after|on|of|but))",
            r"nextbutone \1",
        ),
        (r"\bthree quarters of an hour\b", "45 minutes"),
        (r"\b(?:a )?quarter of an hour\b", "15 minutes"),
        (r"\bin the next (?=(?:\w+ )?(?:days?|weeks?|months?)\b)", "some "),
        (r"\ba (hundred|thousand)\b", r"one \1"),
        (r"\b(\d{1,2})[:.h](\d{2})\b", r"clock \1 \2"),
        (rf"\b({NUMBER_WORD}) o'?clock\b", r"clock \1"),
        (rf"\b(\d{{1,2}})(?:st|nd|rd|th)\b{_NO_DAY}", r"ordinal \1"),
        (rf"\b(?:the|on) ({ORDINAL})\b{_NO_DAY}", r"ordinal \1"),
        (r"\bminutes past\b", "past"),
        (rf"\b(quarter|{NUMBER_WORD})(?: minutes)? (?:to|before|till) (?={NUMBER_WORD}\b)", r"\1 ahead "),
        (r"\bafter(?: about| another)? (?=(?:\w+[ -]){1,5}(?:minutes?|mins?|hours?|hrs?)\b)", "within "),
        (rf"\bmake (?:it|that) (?={NUMBER_WORD}\b)", "clock "),
        (
            rf"\b(?:is|would|does|will) (?={NUMBER_WORD} (?:ok|okay|fine|good|be|work|suit|better|alright|all right|possible)\b)",
            "clock ",
        ),
        (rf"\b(?:at|around|about|by|after|from|approximately)(?: about| around)? (?={NUMBER_WORD}\b)", "clock "),
        (r"\b(?:in|after)(?: about| another)? (?=(?:a|an|half|the next) )", "within "),
        (rf"\bin(?: about| another| the next| clock)? (?=(?:clock )?{_COUNT}\b|couple\b)", "within "),
        (r"[;!?]|,(?!\d)|\.(?!\d)|\s[-\u2013]\s", " comma "),
    )
)
_NAMES = frozenset(DAYS)
_UNITS = {"minute": 1, "minutes": 1, "min": 1, "mins": 1, "hour": 60, "hours": 60, "hr": 60, "hrs": 60}
_LONG_UNITS = {"day": 1, "days": 1, "week": 7, "weeks": 7}
_NO_COUNT = frozenset({"few", "several", "some"})
_COUNTED = frozenset({*_LONG_UNITS, *_UNITS, "people", "persons", "guests", "adults", "children", "kids", "times"})
"""Behind a number: how long or how many, not when."""

_NUMERIC = re.compile(
    r"\b(?P<y>20\d\d)-(?P<m>\d{1,2})-(?P<d>\d{1,2})\b"
    r"|\b(?!24/7\b)(?P<a>\d{1,2})/(?P<b>\d{1,2})\b(?! (?:of )?(?:an? )?hour)(?:/(?P<c>\d{4}|\d{2})\b)?"
    r"|\bon (?:the )?(?P<e>\d{1,2})\.(?P<f>\d{1,2})\b(?:\.(?P<g>20\d\d)\b)?"
)
_OF_MONTH = re.compile(r"\bof (this|next) month\b")
_VAGUE = re.compile(
    r"\b(?:next|this|some|the following|within|in an?|in the|during the|(?:end|middle|beginning) of the|over the|on the|at the|after the)"
    r" (?:\w+ )?(?:weekend|week|month|year|days)s?\b|\b(?:some|any|another|every|each)(?: other)? day\b|\bone of th[eo]se days\b"
    r"|\b(?:few|several) (?:days|weeks|months)\b|\bweekdays?\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days\b|"
    r"\b(?:christmas|xmas|easter|thanksgiving|new years?|boxing day|payday|half term|midweek|fortnights?)\b"
    rf"|\bunreadable\b|\bin (?:march|may)\b|\b(?:{'|'.join(month for month in MONTHS if month not in _VERBS)})\b|\bordinal\b"
)
"""A day is spoken of, and none is said by these words alone."""
_THINGS = r"(?:meeting|appointment|class|lesson|interview|flight|train|bus|shift|exam|session|conference|game|dinner|lunch|visit)"
_ASIDE = re.compile(
    rf"\b(?:(?:i have|i've got|i've|i had|we have|we've got|there is|there's) (?:an?|my|the|another) (?:\w+ ){{0,2}}?(?:{_THINGS}|call)"
    rf"|(?:my|the) (?:\w+ )?{_THINGS} (?:is|on|at|leaves|starts|begins|ends))\b"
    r".*?(?=[,;!?]|\.(?!\d)|\bso\b|\bbut\b|\bcall\b|\bplease\b|$)"
)
"""What else there is at some time: why the speaker is not free then."""

_DENIES = frozenset({
    "not", "except", "until", "till", "before", "since", "can't", "cannot", "won't", "couldn't", "isn't", "aren't", "doesn't",
    "don't", "never", "unless", "without", "busy", "away", "closed", "than", "unavailable",
})  # fmt: skip
_TURNS = frozenset({
    "but", "call", "phone", "ring", "wait", "sorry", "maybe", "perhaps", "so", "just", "then", "let's", "say", "mind",
    "problem", "now", "yet", "later", "no", "am", "pm", "why",
})  # fmt: skip
"""Words at which a denial ends."""
_DENIAL_REACHES = 5
"""Words behind which a denial ends in any case."""
_UNFIT = frozenset({
    "good", "possible", "working", "work", "free", "convenient", "ok", "okay", "great", "suitable", "home", "available",
})  # fmt: skip
_CORRECTS = frozenset({
    "no", "nope", "or", "actually", "sorry", "rather", "better", "wait", "mean", "instead", "make", "but", "maybe", "scratch",
})  # fmt: skip

_NOW_DAYS = frozenset({"today", "tonight", "yesterday"})
_CALLS, _CALLED = frozenset({"call", "ring", "phone"}), frozenset({"me", "us", "back", "you"})
_ONE_DAY_TOKENS = 3
"""Words so near to each other say one day: "Monday the fourth", "the fourth, a Friday"."""


@dataclass(frozen=True, slots=True)
class Said:
    """What of a time was said. ``minutes`` since midnight, of a clock that may be of either half of the day while ``half`` is empty.

    ``not_days`` were ruled out. ``day_unclear``, ``clock_unclear``: one was spoken of, and which is not to be told. ``zone``: the time zone
    that was named, as ``named_zone.without_zone`` gives it.
    """

    day: date | None = None
    minutes: int | None = None
    half: str = ""
    offset_min: int | None = None
    not_days: frozenset[date] = field(default_factory=frozenset)
    day_unclear: bool = False
    clock_unclear: bool = False
    zone: str = ""

    def and_then(self, later: Said) -> Said:
        """Both, the later words where they say the same thing."""
        if later.offset_min is not None:
            return later
        found = replace(self, zone=later.zone or self.zone)
        if later.minutes is not None or later.clock_unclear:
            found = replace(
                found, minutes=later.minutes, half=later.half, offset_min=None, clock_unclear=later.clock_unclear
            )
        elif later.half:
            found = replace(found, half=later.half)
        if later.day is not None or later.day_unclear:
            return replace(found, day=later.day, offset_min=None, day_unclear=later.day_unclear)
        if later.not_days and (found.day is None or found.day in later.not_days):
            return replace(found, day=None, day_unclear=True)
        return found

    @property
    def nothing(self) -> bool:
        """Whether there was no word of a time."""
        spoken = self.day is not None or self.minutes is not None or self.offset_min is not None
        return not (spoken or self.zone or self.not_days or self.day_unclear or self.clock_unclear)

    @property
    def whole(self) -> bool:
        """Whether a day and a clock time, or how long from now, are said."""
        return self.offset_min is not None or (self.day is not None and self.minutes is not None)


def told_time(text: str, now: datetime) -> tuple[date | None, int | None] | None:
    """The day and the minutes since midnight that a text tells, each None where it tells none; None altogether when it leaves a doubt: a
    clock time that may be of either half of the day, or what is unclear. ``now`` is the local time from which days are counted."""
    said = read_time(text, now)
    if said.offset_min is not None:
        then = elapsed(now, said.offset_min)
        return then.date(), then.hour * 60 + then.minute
    unsure = said.minutes is not None and not said.half and said.minutes < 13 * 60
    if unsure or said.zone or said.day_unclear or said.clock_unclear or said.not_days:
        return None
    return said.day, said.minutes


def elapsed(now: datetime, minutes: int) -> datetime:
    """So many minutes after ``now`` (aware), also where the clocks are changed between."""
    return (now.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(now.tzinfo)


def read_time(text: str, now: datetime, answers: bool = False) -> Said:
    """What a line says of a time. ``now``: the local time from which days are counted; ``answers``: it answers a question for the time, so
    that a number at its beginning is one."""
    plain = text.lower().replace("\u2019", "'").replace("a.m.", "am").replace("p.m.", "pm")
    plain, zone = without_zone(_NUMERIC.sub(_in_words, _ASIDE.sub(" ", plain)))
    plain = _OF_MONTH.sub(lambda found: f"of {MONTHS[(now.month - 1 + (found[1] == 'next')) % 12]}", plain)
    short, stretches = _STRETCH.subn(" ", plain)
    for pattern, meant in _SPELLING:
        short = pattern.sub(meant, short)
    line = _Line.of(words_of(short), answers)
    day = _day(line, short, now.date())
    offset, clock = _offset(line), _clock(line)
    if offset is None and day_not_understood(short, answers):
        day = Said(not_days=day.not_days, day_unclear=True)
    if offset is not None:
        then = elapsed(now, min(offset, 525_600)).date()
        if clock.minutes is None and not clock.clock_unclear and day.day in (None, then):
            return Said(offset_min=offset)
        return replace(day, clock_unclear=True)
    unclear = clock.clock_unclear or (stretches > 0 and clock.minutes is None)
    return replace(day, minutes=clock.minutes, half=clock.half, clock_unclear=unclear, zone=zone)


@dataclass(frozen=True, slots=True)
class _Line:
    """The words of a line; a pause was heard, or written, before those at ``breaks``."""

    tokens: Sequence[str]
    breaks: frozenset[int]

    @classmethod
    def of(cls, words: Sequence[str], answers: bool) -> _Line:
        tokens: list[str] = []
        breaks: set[int] = set()
        for word in words:
            if word == "comma":
                breaks.add(len(tokens))
            else:
                tokens.append(word)
        if answers and tokens and tokens[0].isdecimal():
            return cls(["clock", *tokens], frozenset(at + 1 for at in breaks if at))
        return cls(tokens, frozenset(breaks))

    def denied(self, at: int) -> bool:
        """Whether the day or the number at ``at`` stands behind a word that rules it out, with no more than days and some words between."""
        left = _DENIAL_REACHES
        while at > 0 and left > 0 and at not in self.breaks:
            at, left = at - 1, left - 1
            word = self.tokens[at]
            if word in _DENIES:
                return not (at and self.tokens[at - 1] == "why")
            if word in DAYS or word == "or":
                # "Not on Monday or Tuesday": as the one before it.
                at, left = at - (word == "or"), _DENIAL_REACHES
            elif word in _TURNS or word.isdecimal():
                return False
        return False

    def denied_after(self, at: int) -> bool:
        """Whether "doesn't work", "I can't" or their like stands behind the day at ``at``."""
        rest = [word for word in self.tokens[at + 1 : at + 5] if word not in ("i", "i'm", "i'll", "we", "we're", "be")]
        if rest[:1] == ["not"] or rest[:1] == ["no"]:
            return bool(rest[1:]) and rest[1] in _UNFIT
        return rest[:1] in (["busy"], ["away"], ["bad"], ["impossible"]) or (
            rest[:1] in (["doesn't"], ["isn't"], ["won't"], ["can't"], ["cannot"]) and rest[1:2] != ["problem"]
        )


def _offset(line: _Line) -> int | None:
    """ "in half an hour", "in 20 minutes", "an hour and a half from now", "in two hours and ten minutes": in minutes."""
    tokens = line.tokens
    found: int | None = None
    done = 0
    for index, token in enumerate(tokens):
        unit = _UNITS.get(token)
        if unit is None or index < done:
            continue
        more, rest = _rest_of(unit, tokens[index + 1 :])
        before = [one for one in tokens[:index] if one != "clock"]
        if before[-1:] == ["half"] and before[-2:-1] and before[-2].isdecimal():
            more += unit // 2  # "two and a half hours"
            before.pop()
        if "within" not in before[-2:] and rest[:2] != ["from", "now"]:
            continue
        count = before[-1] if before else ""
        if count in _NO_COUNT or line.denied(index - tokens[index - 1].isdecimal()):
            continue
        # Five digits are longer ahead than any call-back can be; with many more there would be no such date.
        number = int(count[:5]) if count.isdecimal() else 2 if count == "couple" else 1
        amount = (unit // 2 if count == "half" else unit * number) + more
        found, done = amount or None, len(tokens) - len(rest)
    return found


def _rest_of(unit: int, tokens: Sequence[str]) -> tuple[int, Sequence[str]]:
    """What is said behind hours or minutes of the same stretch ("and a half", "and 20 minutes"), in minutes, and the words behind it."""
    if tokens[:1] in (["half"], ["quarter"]):
        return unit // (2 if tokens[0] == "half" else 4), tokens[1:]
    if unit == 60 and len(tokens) > 1 and tokens[0].isdecimal() and _UNITS.get(tokens[1]) == 1:
        return int(tokens[0][:3]), tokens[2:]
    return 0, tokens


@dataclass(frozen=True, slots=True)
class _Clock:
    """A clock time as it stands in a line, from word ``begin`` to before ``end``. ``lead``: minutes before the hour."""

    begin: int
    end: int
    hour: str
    minute: str = "0"
    lead: int = 0


def _clock(line: _Line) -> Said:
    """The clock time of a line, and the half of the day if one was said ("tonight" says one too)."""
    tokens, clocks = line.tokens, list(_clocks(line))
    ends = {one.end for one in clocks}
    free = [token for at, token in enumerate(tokens) if token in ("am", "pm") and at not in ends]
    general = free[-1] if free else "pm" if "tonight" in tokens else ""
    meant: list[tuple[int, int, str]] = []
    for one in clocks:
        half = next((token for token in tokens[one.end : one.end + 1] if token in ("am", "pm")), general)
        # "Five or six pm"
        half = half or next((token for token in tokens[one.end :] if token in ("am", "pm")), "")
        minutes = _minutes(one.hour, one.minute, half)
        if minutes is not None and not line.denied(one.begin):
            meant.append((one.begin, (minutes - one.lead) % 1_440, half))
    if not meant:
        return Said(half=general or next((token for token in tokens if token in ("am", "pm")), ""))
    for (begin, before, _), (end, after, _) in pairwise(meant):
        if before != after and (_are_choices(tokens[begin:end]) or not _CORRECTS.intersection(tokens[begin:end])):
            return Said(clock_unclear=True)
    return Said(minutes=meant[-1][1], half=meant[-1][2])


def _clocks(line: _Line) -> Iterator[_Clock]:
    tokens = line.tokens
    index = 0
    while index < len(tokens):
        found = _worded(tokens, index) or _figured(line, index)
        if found is None:
            index += 1
            continue
        if found.hour:
            yield found
        index = found.end


def _worded(tokens: Sequence[str], index: int) -> _Clock | None:
    """ "Half past three", "quarter to six", "twenty past four"."""
    first, rest = tokens[index], tokens[index + 1 : index + 3]
    if len(rest) < 2 or rest[0] not in ("past", "ahead") or not rest[1].isdecimal():
        return None
    minutes = {"half": "30", "quarter": "15"}.get(first, first)
    if not minutes.isdecimal():
        return None
    begin = index - 1 if index and tokens[index - 1] == "clock" else index
    if rest[0] == "past":
        return _Clock(begin, index + 3, rest[1], minutes)
    return _Clock(begin, index + 3, rest[1], lead=int(minutes[:3]))


def _figured(line: _Line, index: int) -> _Clock | None:
    """ "At five", "5 30 pm", "10 am"; a run of more numbers is a telephone's: a clock without an hour, to be passed over."""
    tokens = line.tokens
    before = tokens[index - 1] if index else ""
    if not tokens[index].isdecimal() or before in ("ordinal", "within", *MONTHS):
        return None
    end = index + 1
    while end < len(tokens) and tokens[end].isdecimal() and end not in line.breaks:
        end += 1
    if end - index > 2:
        return _Clock(index, end, "")
    minute = tokens[index + 1] if end - index == 2 and len(tokens[index + 1]) == 2 else "0"
    end = index + 2 if minute != "0" else index + 1
    behind = tokens[end] if end < len(tokens) else ""
    if behind in _COUNTED or not (before == "clock" or behind in ("am", "pm")):
        return None
    return _Clock(index - 1 if before == "clock" else index, end, tokens[index], minute)


def _minutes(hour: str, minute: str, half: str) -> int | None:
    hours, minutes = int(hour[:3]), int(minute[:3])
    if hours > 23 or minutes > 59 or (half and hours > 12):
        return None
    if half:
        hours = hours % 12 + (12 if half == "pm" else 0)
    return hours * 60 + minutes


def _day(line: _Line, plain: str, today: date) -> Said:
    """The last day that a line says, what it rules out, and whether it speaks of one that is not understood."""
    spoken = sorted((*_near_days(line, today), *_dates(line, today)), key=lambda one: one[0])
    denied = frozenset(day for at, day in spoken if day is not None and _is_denied(line, at))
    meant = [(at, day) for at, day in spoken if not _is_denied(line, at)]
    if not meant:
        return Said(not_days=denied, day_unclear=_VAGUE.search(plain) is not None)
    while len(meant) > 1 and _is_in_passing(line, meant[-2][0], meant[-1][0]):
        meant.pop()
    if len(meant) > 1 and _are_choices(line.tokens[meant[-2][0] + 1 : meant[-1][0]]):
        return Said(not_days=denied, day_unclear=True)
    at, day = meant[-1]
    name = line.tokens[at]
    same = [one for _, one in meant[:-1] if name in DAYS and one is not None and one.weekday() == DAYS.index(name)]
    if same:
        day = same[0]  # "the fourth, a Friday"
    elif len(meant) > 1 and at - meant[-2][0] == 1 and line.tokens[at - 1] in DAYS and day is not None:
        # "Monday the fourth", which is a Friday
        day = day if day.weekday() == DAYS.index(line.tokens[at - 1]) else None
    return Said(day=day, day_unclear=day is None)


def _are_choices(between: Sequence[str]) -> bool:
    """Whether two times are said as either of two: "Thursday or Friday", which is no correction."""
    return [word for word in between if not word.isdecimal() and word not in ("am", "pm", "clock")] == ["or"]


def _is_in_passing(line: _Line, before: int, at: int) -> bool:
    """Whether the day at ``at`` is not said in place of the one before it: "call me tomorrow at two, I'm swamped today"."""
    tokens = line.tokens
    near = at - before <= _ONE_DAY_TOKENS and tokens[at] not in _NOW_DAYS
    if near or not _CORRECTS.isdisjoint(tokens[before:at]):
        return False
    asked = max((one for one in range(before) if tokens[one] in _CALLS and tokens[one + 1] in _CALLED), default=-1)
    asked_between = any(tokens[one] in _CALLS and tokens[one + 1] in _CALLED for one in range(before, at - 1))
    return not asked_between and (asked >= 0 or tokens[at] in _NOW_DAYS)


def _is_denied(line: _Line, at: int) -> bool:
    return line.denied(at) or line.denied_after(at)


def _near_days(line: _Line, today: date) -> Iterator[tuple[int, date | None]]:
    """Days by their name or their distance, each with where it stands."""
    tokens = line.tokens
    weeks = any(token in ("week", "weeks") and tokens[at - 1 : at] != ["this"] for at, token in enumerate(tokens))
    for at, token in enumerate(tokens):
        before = tokens[max(0, at - 2) : at]
        if token in ("today", "tonight", "yesterday") and before[-1:] != ["from"]:
            yield at, today - timedelta(days=token == "yesterday")
        elif token == "tomorrow":
            ahead = 2 if list(before) == ["day", "after"] else 1
            yield at, None if before[-1:] == ["from"] else today + timedelta(days=ahead)
        elif token in DAYS:
            yield at, _weekday(line, at, today, weeks)
        elif token in _LONG_UNITS and ("within" in before or list(tokens[at + 1 : at + 2]) == ["from"]):
            count = tokens[at - 1] if at else ""
            from_then = tokens[at + 1 : at + 2] == ["from"] and tokens[at + 2 : at + 3] not in (["now"], ["today"])
            of_week = _LONG_UNITS[token] == 7 and not _NAMES.isdisjoint(tokens)
            if count in _NO_COUNT or from_then or of_week:
                yield at, None
            elif count.isdecimal() or count in ("within", "couple") or "within" not in before:
                number = int(count[:3]) if count.isdecimal() else 2 if count == "couple" else 1
                yield at, today + timedelta(days=_LONG_UNITS[token] * number)


def _weekday(line: _Line, at: int, today: date, weeks: bool) -> date | None:
    """The next day of that name; of next week where that is said; none beside other weeks ("a week from Monday")."""
    tokens, ahead = line.tokens, DAYS.index(line.tokens[at]) - today.weekday()
    if tokens[max(0, at - 1) : at] == ["nextbutone"]:
        return today + timedelta(days=(ahead % 7 or 7) + 7)
    if tokens[max(0, at - 1) : at] == ["last"]:
        return today - timedelta(days=-ahead % 7 or 7)
    if ["next", "week"] in (list(tokens[max(0, at - 2) : at]), list(tokens[at + 1 : at + 3])):
        return today + timedelta(days=7 + ahead)
    return None if weeks else today + timedelta(days=ahead % 7 or 7)


def _dates(line: _Line, today: date) -> Iterator[tuple[int, date | None]]:
    """ "December 3rd", "the third of May", "the 5th", "december 3 2026": the next one, or that of the year. None: there is no such date."""
    tokens = line.tokens
    at = 0
    while at < len(tokens):
        begin, month, number = at, 0, ""
        if tokens[at] in MONTHS:
            month = MONTHS.index(tokens[at]) + 1
            at += 1 + (tokens[at + 1 : at + 2] == ["ordinal"])
            number = tokens[at] if at < len(tokens) else ""
        elif tokens[at] == "ordinal":
            number = tokens[at + 1] if at + 1 < len(tokens) else ""
            at += 1
            month = _month(tokens, at + 1)
        elif tokens[at].isdecimal() and _month(tokens, at + 1) and tokens[max(0, at - 1) : at] != ["clock"]:
            number, month = tokens[at], _month(tokens, at + 1)
        at += 1
        if not number.isdecimal():
            at = begin + 1
            continue
        at += bool(month) and begin + 1 < len(tokens) and tokens[begin] not in MONTHS
        year = tokens[at] if at < len(tokens) and len(tokens[at]) == 4 and tokens[at][:2] == "20" else ""
        yield begin, _date(number, month, int(year) if year.isdecimal() else 0, today)


def _month(tokens: Sequence[str], at: int) -> int:
    return MONTHS.index(tokens[at]) + 1 if at < len(tokens) and tokens[at] in MONTHS else 0


def _date(number: str, month: int, year: int, today: date) -> date | None:
    """The date of a year, or (at 0) the next one; ``month`` 0 is whichever comes first."""
    if len(number) > 2:
        return None
    for ahead in range(14):
        later, index = divmod(today.month - 1 + ahead, 12)
        try:
            found = date(year or today.year + later, (month or index + 1), int(number))
        except ValueError:
            continue
        if year or (found >= today and month in (0, index + 1)):
            return found
    return None


def _in_words(found: re.Match[str]) -> str:
    """A date in figures as one in words; "unreadable" where it is none, or may be two."""
    part = {name: int(figures) for name, figures in found.groupdict().items() if figures}
    year = part.get("y") or part.get("c") or part.get("g") or 0
    year += 2000 if 0 < year < 100 else 0
    if "a" in part:
        pairs = {(part["a"], part["b"]), (part["b"], part["a"])}
    else:
        # With points the day comes first, with lines the year and the month.
        pairs = {(part.get("e") or part["d"], part.get("f") or part["m"])}
    fit = [(day, month) for day, month in pairs if 1 <= day <= 31 and 1 <= month <= 12]
    if len(fit) != 1:
        return " unreadable "
    day, month = fit[0]
    return f" {MONTHS[month - 1]} {day} {year or ''} "
