"""When a caller wants to be called back, by their own words: asked for, with a day and a clock time, in English.

A rule and no model: a time that nobody said can never be dialled. What counts are the caller's lines from the request on, and the agent's
where the caller's next words confirm them; answers to questions about something else do not. The last day and the last time said stand;
once both are agreed, only words that ask again or correct them change them, and another time that the agent names and the caller says
yes to. A time that is only hinted at ("tomorrow morning", "later"),
that may be one of several, or that was not agreed, is none: then there is a reason and no call. Who takes the wish back has none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from callwright.conversation.stops import normalised
from callwright.domain.limits import MAX_CALLBACK_DAYS
from callwright.insight.extraction import confirms
from callwright.insight.spoken_time import DAYS, Said, read_time

_CALL = r"(?:call|phone|ring)"
_A_BIT = r"(?:bit|little|few|couple|day|week|hour|half|quarter|minute|moment)"
_WHEN = (
    rf"(?:back|again|later|then|tomorrow|tonight|today|now|at|on|in|after|around|about|next|this|another time|some other time"
    rf"|{'|'.join(DAYS)}|the day after|any day|any time|an? {_A_BIT})"
)
_NAMED = (
    rf"(?! (?:by(?! (?:\d|noon|midnight|tomorrow|tonight|{'|'.join(DAYS)}))|an?(?! {_A_BIT})|mr|mrs|miss|ms|doctor)\b)"
)
"""Not behind "call me": "by my first name", "a taxi"."""
_ME = rf"(?:(?:me|us)\b{_NAMED}|back\b)"
_SOMEBODY = r"(?:someone|somebody|anyone|anybody)"
_STRONG = re.compile(
    rf"(?<!why )\b(?:can|could|would|will|can't|couldn't|won't) (?:you|{_SOMEBODY})"
    rf" (?:[\w']+ ){{0,2}}?{_CALL} {_ME}"
    rf"|\b(?:can|could) (?:he|she|they|(?:the|your) [\w']+) {_CALL} {_ME}"
    rf"|\bif you(?:'d| would| could) {_CALL} {_ME}"
    rf"|\bplease (?:[\w']+ )?{_CALL} (?:(?:me|us)(?: (?:up )?{_WHEN}\b|$)|back\b)"
    rf"|\b(?:want|need|like|love|prefer|ask|expect|wait for) (?:you|{_SOMEBODY}|him|her|them) to {_CALL} {_ME}"
    rf"|\byou (?:can|could|should|may|must|have to|need to) {_CALL} back\b"
    r"|\b(?:can|could|would|will) you (?:[\w']+ ){0,2}?give (?:me|us) (?:a|another) (?:call|ring)\b"
    r"|\b(?:reschedule|make|move|change|shift|push) (?:the|this|that|our) (?:call|call ?back)\b"
)
"""A request in any surroundings."""
_WEAK = re.compile(
    rf"\b{_CALL} (?:me|us) (?:up )?{_WHEN}\b|\bgive (?:me|us) (?:a|another) (?:call|ring) {_WHEN}\b"
    r"|\bcall ?back\b"
)
"""A request where it is not what somebody else does, did or was to do."""
_BARE = re.compile(
    r"(?:^|\b(?:a|another|my|the|so|but|please|then|just|okay|ok|well|yes|no|now|sorry|busy|and|talk|speak) )$"
)
"""Before "call back" alone: it begins a request, or is a thing that is asked for."""
_OTHERS = re.compile(
    r"(?:\b(?!you )[\w']+ (?:will|would|won't|might)|\b(?!you'll\b)[\w']+'ll|\b[\w']+'d"
    r"|\b(?:did|didn't|does|doesn't|has|hasn't)(?: [\w']+)?|\b(?:i|we|they|people|who|had))(?: (?:just|always|never|only))? $"
)
"""Directly before "call me": who does so is not asked to, or did."""
_TOLD = re.compile(
    r"\b(?:said|told|promised|supposed|agreed|(?<!second )thought|nobody|no one|got|received|missed"
    r"|waiting|waited|why (?:would|did|do|are|were|will))\b"
)
_TOLD_REACHES = 200
"""Characters before a request in which it is looked for who was to do so."""
_BEGINS = re.compile(r"(?:^|\b(?:so|but|please|then|just|and) )$")
"""Before a request that stands by itself, whatever was told in front of it."""
_NOT_THEN = r"(?! (?:me |us )?(?:before|(?:any )?earlier|(?:any )?later|after|until|my|today|tonight)\b)"
"""Not behind "don't call": when not to call is no refusal."""
_MYSELF = r"(?:(?!but\b|so\b|please\b|then\b|you\b|an?\b|another\b|the\b)[\w']+ ){0,4}?"
"""Between "I will" and "call": not "I would like a call back"."""
_REFUSES = re.compile(
    rf"\b(?:don't|do not|dont|never|no need to|(?<!why )not|needn't) (?:need to |have to |bother to |bother )?"
    rf"(?:{_CALL}|calling|phoning|ringing)\b{_NOT_THEN}"
    rf"|\b(?:don't|do not|dont) (?:want|need|wish) (?:you|{_SOMEBODY}) to {_CALL}\b|\byou (?:didn't|did not) {_CALL}\b"
    r"|(?<!if not )(?<!otherwise )"
    r"\b(?:i'll|i will|i can|i could|let me|i'd|i would|i am going to|i'm going to|i'm gonna|we'll|we will|we can)"
    rf" {_MYSELF}{_CALL} (?:you(?! if\b)|back|(?:[\w']+ )?back|again|myself|instead)\b"
    r"|(?<!don't )(?<!not )(?<!won't )(?<!never )(?<!you )\bforget (?:about )?(?:it\b|that$)"
    r"|\b(?:forget(?: about)?|cancel|skip|drop) (?:the|that|my) call ?(?:back)?\b"
    r"|\bnever mind (?:about )?(?:it|that|calling|(?:the|that|my) (?:call|call ?back))\b"
    r"|\bno call ?back\b|\b(?:don't|do not) (?:want|need) (?:a|the|any) call ?back\b"
)
_DROPS = re.compile(r"\b(?:forget (?:about )?(?:it|that)|never ?mind)\b")
"""Refuses whatever was spoken of last."""
_OFFERED = re.compile(rf"\b{_CALL} you (?:up )?{_WHEN}\b")

_CORRECTS = re.compile(
    r"^(?:(?:oh|hm+|uh|um|well|yes|yeah|ok|okay|please|never mind) )*(?:no|nope|or|actually|sorry|wait|better|rather|maybe|not"
    r"|on second thoughts?|let's|how about|what about|hold on|scratch)\b"
    r"|\b(?:actually|i mean|i meant|i said|instead|rather|better|prefer|suits|but|make (?:it|that)|change (?:it|that)|move it)\b"
)
_OTHER_MATTER = re.compile(
    r"\b(?:birth|born|tables?|book|bookings?|appointments?|reservations?|orders?|delivery|delivered|party|people|guests|price|pay)\b"
)
_OTHER_QUESTION = re.compile(r"\bhow (?:many|much|old|long)\b|\b(?:names?|numbers?|address|e ?mail|code)\b")
_OF_TIME = re.compile(
    rf"\b(?:when|times?|days?|date|suits?|works?|convenient|{_CALL}|o'?clock|morning|afternoon|evening|tomorrow|today|tonight|instead|later"
    rf"|else|minutes?|hours?|{'|'.join(DAYS)}|\d+)\b"
)
_ASKS_WHEN = re.compile(r"\b(?:when|(?:what|which) (?:time|day|date)|(?:good|best) time|suits?)\b")
_OF_CALL = re.compile(rf"\b{_CALL} you\b")
_SENTENCE = re.compile(r"[.?!;](?!\d)")
_CLAUSE = re.compile(r",(?!\d)")

_NEVER_MIND = re.compile(r"^(?:no |oh |actually |ok )*never ?mind$")

_WITHDRAWN = "the caller took it back"
_UNSURE = "it was not clear which time was meant"


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
    wish = _Wish(now)
    nobody = ("", "")
    for before, (role, text), following in zip([nobody, *spoken], spoken, [*spoken[1:], nobody], strict=False):
        if role == "user":
            wish.hear(text, before[1] if before[0] == "assistant" else "")
        else:
            wish.offer(text, following[1] if following[0] == "user" else "")
    if not wish.words:
        return None
    due_at, reason = (None, wish.gone) if wish.gone else _resolve(wish.time, now, hours)
    return Callback(" / ".join(wish.words), due_at, reason)


@dataclass(slots=True)
class _Wish:
    """What is known of a wish while the lines go by. ``gone``: why there is none for now; ``offered``: the day the agent named last."""

    now: datetime
    time: Said = field(default_factory=Said)
    words: list[str] = field(default_factory=list)
    gone: str = ""
    offered: date | None = None

    def hear(self, text: str, before: str) -> None:
        """A line of the caller, and the agent's before it."""
        intent = _intent(text)
        if intent == "refuses" and _is_elsewhere(before) and _DROPS.search(normalised(text)):
            intent = ""
        if intent == "refuses" and self.words:
            self.words.append(text)
            self.gone = _WITHDRAWN
        found = read_time(text, self.now, not {"time", "when"}.isdisjoint(normalised(before).split()))
        if intent == "asks" or (not intent and self._concerns(text, before, found)):
            self._take(text, found)

    def offer(self, text: str, answer: str) -> None:
        """A line of the agent, and the caller's answer to it."""
        found = read_time(text, self.now)
        if found.day_unclear:
            found = self._proposed(text)
        offers = _OFFERED.search(normalised(text)) is not None
        if not confirms(answer):
            # "Tomorrow at four?" "No, at six": the day was not what was wrong with it.
            self.offered = found.day
            bare = _CORRECTS.search(normalised(answer)) is not None and read_time(answer, self.now).nothing
            if offers and self.words and not self.gone and bare and not self._agrees(found):
                self.gone = _UNSURE
        elif offers:
            self._take(text, found)
        elif self.words and not self.gone and not _is_elsewhere(text):
            found = self._proposed(text) if self.time.whole else found
            if self._is_open(text, found):
                self._take(text, found)

    def _take(self, text: str, found: Said) -> None:
        if self.gone == _WITHDRAWN:
            self.time = Said()
        self.gone = ""
        if found.minutes is not None and found.day is None and self.time.day is None and not found.day_unclear:
            found = replace(found, day=self.offered)
        self.words.append(text)
        self.time = self.time.and_then(found)

    def _concerns(self, text: str, before: str, found: Said) -> bool:
        """Whether a line that asks for nothing says when. One of which that is not to be told leaves the wish unclear."""
        if not self.words or found.nothing or self.gone == _WITHDRAWN:
            return False
        elsewhere, asked, plain = _is_elsewhere(before), normalised(before), normalised(text)
        if not self.time.whole and not self.gone:
            return not elsewhere
        answers = _OFFERED.search(asked) or (_ASKS_WHEN.search(asked) and not elsewhere)
        if answers or self.time.day in found.not_days:
            return True
        if not elsewhere and self._repeats(found, self._proposed(before)):
            return True
        if elsewhere or not _CORRECTS.search(plain) or _OTHER_MATTER.search(plain):
            return False
        if not self._agrees(read_time(before, self.now)):
            self.words.append(text)
            self.gone = _UNSURE
            return False
        return True

    def _proposed(self, text: str) -> Said:
        """The time in the last sentence of the agent that names one: "two is taken; would three suit you?"."""
        times = (read_time(one, self.now) for one in reversed(_SENTENCE.split(text)))
        return next((one for one in times if _names(one)), Said())

    def _repeats(self, found: Said, named: Said) -> bool:
        """Whether the caller says the other time that the agent has just named: "two is taken, three is free", "three, please"."""
        same = found.minutes in (None, named.minutes) and found.day in (None, named.day)
        return _names(found) and same and found.offset_min == named.offset_min and not self._agrees(named)

    def _is_open(self, text: str, found: Said) -> bool:
        """Whether the agent's line is still about when: something of it is missing, or it asks for another time instead."""
        return not self.time.whole or ("?" in text and not self._agrees(found))

    def _agrees(self, other: Said) -> bool:
        """Whether a time that the agent named is no other than the wish's."""
        if self.time.offset_min is not None or other.offset_min is not None:
            return other.nothing or other.offset_min == self.time.offset_min
        minutes = other.minutes is None or self.time.minutes is None or (other.minutes - self.time.minutes) % 720 == 0
        return minutes and (other.day is None or self.time.day is None or other.day == self.time.day)


def _names(said: Said) -> bool:
    return said.minutes is not None or said.day is not None or said.offset_min is not None


def _intent(text: str) -> str:
    """``asks`` to be called, ``refuses`` it, or neither; the last word of a line counts."""
    intent = ""
    for sentence in _SENTENCE.split(text):
        if _NEVER_MIND.search(normalised(sentence)):
            intent = "refuses"
        for clause in _CLAUSE.split(sentence):
            intent = _intent_of_clause(normalised(clause)) or intent
    return intent


def _intent_of_clause(plain: str) -> str:
    refusals = [one.span() for one in _REFUSES.finditer(plain)]
    asked = [one.start() for one in _STRONG.finditer(plain)]
    asked += [one.start() for one in _WEAK.finditer(plain) if _is_request(plain, one)]
    asked = [at for at in asked if not any(begin <= at < end for begin, end in refusals)]
    if not asked and not refusals:
        return ""
    return "asks" if max(asked, default=-1) > max((at for at, _ in refusals), default=-1) else "refuses"


def _is_request(plain: str, found: re.Match[str]) -> bool:
    """Whether weak words ask for a call where they stand."""
    before = plain[max(0, found.start() - _TOLD_REACHES) : found.start()]
    if re.fullmatch(r"call ?back", found.group()) and not _BARE.search(before):
        return False
    if _BEGINS.search(before):
        return True
    return not (_OTHERS.search(before) or _TOLD.search(before))


def _is_elsewhere(question: str) -> bool:
    """Whether the agent asks for something else than a time."""
    plain = normalised(question)
    when = _ASKS_WHEN.search(plain) is not None
    if _OTHER_MATTER.search(plain) and not (when and _OF_CALL.search(plain)):
        return True
    if _OTHER_QUESTION.search(plain) and not when:
        return True
    return "?" in question and not _OF_TIME.search(plain)


def _resolve(wish: Said, now: datetime, hours: tuple[int, int]) -> tuple[datetime | None, str]:
    if wish.offset_min is not None:
        at = (now + timedelta(minutes=wish.offset_min)).replace(second=0, microsecond=0)
        readings = [at]
    elif wish.clock_unclear:
        return None, "no one clock time was said"
    elif wish.minutes is None:
        return None, "no clock time was said"
    elif wish.day_unclear:
        return None, "the day was not understood"
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
