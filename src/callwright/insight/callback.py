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
from datetime import UTC, datetime, time, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from callwright.conversation.stops import normalised
from callwright.domain.limits import MAX_CALLBACK_DAYS
from callwright.insight.assent import confirms
from callwright.insight.day_words import DAYS
from callwright.insight.named_zone import UNKNOWN_ZONE
from callwright.insight.spoken_time import Said, elapsed, read_time

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
    r"|\b(?:i'll|i will) (?:just )?(?:come|drop|stop|pass|swing) (?:by|in|over|round|past)(?: \w+)? instead\b"
    r"|(?<!don't )(?<!not )(?<!won't )(?<!never )(?<!you )\bforget (?:about )?(?:it\b|that$)"
    r"|\b(?:forget(?: about)?|cancel|skip|drop) (?:the|that|my) call ?(?:back)?\b"
    r"|\bnever mind (?:about )?(?:it|that|calling|(?:the|that|my) (?:call|call ?back))\b"
    r"|\bno call ?back\b|\b(?:don't|do not) (?:want|need) (?:a|the|any) call ?back\b"
)
_DROPS = re.compile(r"\b(?:forget (?:about )?(?:it|that)|never ?mind)\b")
"""Refuses whatever was spoken of last."""
_LEAD = (
    r"(?:(?:no|nope|oh|ok|okay|actually|well|yes|yeah|please|sorry|and|but|then|just|hm+|uh|um|thanks|so|wait|you know what"
    r"|on second thoughts?) )*"
)
_BARE_DROP = re.compile(
    rf"{_LEAD}(?:(?:don't|do not|dont)(?: (?:do (?:that|it)|bother))?|(?:cancel|scrap|scratch|drop|skip) (?:that|it)|leave it"
    r"|no need(?: for (?:that|it))?|(?:it's |that's )?(?:not|no longer) (?:needed|necessary)|i don't need (?:it|that|one)"
    r"|i'd rather you (?:didn't|did not|don't))"
    r"(?: (?:please|thanks|thank you|then|be|with (?:it|that)|any ?more|any longer|at all|after all|for now))*"
)
"""Refuses whatever was spoken of last, where it is all that is said."""
_EXPRESSLY = re.compile(r"\b(?:actually|on second thoughts?|cancel|scrap|forget|never ?mind)\b")
_ANYTHING_ELSE = re.compile(r"\b(?:any|some)(?:thing|one|body) (?:else|more)\b|\banything\b")
"""Asked by the agent: "no need" is an answer to it."""
_CALL_YOU = re.compile(rf"\b{_CALL} you (?:back )?(?:up )?{_WHEN}\b")
_OWN = re.compile(
    r"(?:\b(?:i|we|me|us|i'll|we'll|i'd|we'd|i'm|we're|i am|we are|let me)"
    r"(?: (?:will|shall|can|could|may|might|should|would|to|going|gonna|like|love|prefer|happy|glad|able|pleased|be|just|then|also"
    r"|gladly|again|definitely|certainly|simply|try|have|need|want|plan|both|personally|either|rather|better|not))*"
    r"|\b(?:okay|ok|fine|good|possible|convenient|best|better|time|idea|suit you|for you) to"
    r") $"
)
"""Before "call you": it is the agent who does."""
_SUBJECTLESS = re.compile(
    r"(?:(?:ok|okay|sure|great|fine|then|so|good|and|or|yes|perfect|will|gladly|happy to|going to|to|please|again|just|also) )*"
)
"""All that stands before "call you" where the clause names nobody."""
_THEIR_CALL = re.compile(
    rf"\byou(?:'ll| will)?(?: then)? (?:get|receive|have) (?:a|another|my|our) call(?: back)? (?:from (?:us|me)\b )?{_WHEN}\b"
)
_NAMED_OTHER = re.compile(
    r"\b(?:(?:s?he|they)(?:'ll|'d)?|some(?:one|body)|(?:the|our|your|my|an?) (?!call|time|day|moment|number)[\w']+)\b"
)
"""Somebody in front of a clause that names nobody: "our technician, Bob, will call you"."""

_MEANS = r"(?:e ?mails?|emailing|text|texting|sms|whatsapp|letter|post|messages?|in person|write|writing)"
_ALTERNATIVE = re.compile(rf"\b(?:{_MEANS}|visit|come|wait)\b")
"""Behind "or", in an offer of a call: something else is offered as well."""
_DECLINES = re.compile(
    rf"\b(?:{_MEANS}|too (?:late|early|soon)|i'm (?:out|travell?ing|asleep|working) then"
    r"|(?:busy|away|unavailable)"
    rf"(?! (?:(?:right )?now|just now|at the moment|today|tonight|tomorrow|on|until|till|before|{'|'.join(DAYS)})\b)"
    r"|(?:i'll|i will) (?:just )?(?:come|drop|stop|pass|swing) (?:by|in|over|round|past))\b"
)
"""A call is not what the caller says yes to."""
_BESIDES = re.compile(r"\btoo(?: please| thanks)?$|\b(?:and|also|as well|both|my|details|confirmation|reminder)\b")
_CHECKS = re.compile(
    r"^(?:(?:is|are|was|does|would) (?:that|this|it)|that's|that is)(?: (?:all|be|still|sound|time|then))* "
    r"(?:right|correct|ok|okay|fine|good|work|suit|alright|possible)\b"
)
_YOUR_TIME = re.compile(r"\b(?:in |on )?your (?:local )?time\b", re.IGNORECASE)
"""As the agent says it: the call's own time."""
_CHECK_WORDS = 6
"""Most words of a question that only says the time again."""

_CORRECTS = re.compile(
    r"^(?:(?:oh|hm+|uh|um|well|yes|yeah|ok|okay|please|never mind) )*(?:no|nope|or|actually|sorry|wait|better|rather|maybe|not"
    r"|on second thoughts?|let's|how about|what about|hold on|scratch|scrap|cancel)\b"
    r"|\b(?:actually|i mean|i meant|i said|instead|rather|better|prefer|suits|but|make (?:it|that)|change (?:it|that)|move it)\b"
)
_OTHER_MATTER = re.compile(
    r"\b(?:birth|born|tables?|book|bookings?|appointments?|reservations?|orders?|delivery|delivered|party|people|guests|price|pay)\b"
)
_OTHER_QUESTION = re.compile(r"\bhow (?:many|much|old|long)\b|\b(?:names?|numbers?|address|e ?mail|code)\b")
_OF_TIME = re.compile(
    rf"\b(?:when|times?|days?|date|suits?|works?|convenient|{_CALL}|o'?clock|morning|afternoon|evening|tomorrow|today|tonight|instead|later"
    rf"|else|minutes?|hours?|{'|'.join(DAYS)}|\d+|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|thirty|noon|half past"
    r"|one(?= (?:okay|ok|fine|good|better|alright|all right|possible|then|pm))|quarter (?:to|past))\b"
)
_ASKS_WHEN = re.compile(r"\b(?:when|(?:what|which) (?:time|day|date)|(?:good|best) time|suits?)\b")
_OF_CALL = re.compile(rf"\b{_CALL} you\b")
_SENTENCE = re.compile(r"[.?!;](?!\d)")
_CLAUSE = re.compile(r",(?!\d)")

_NEVER_MIND = re.compile(r"^(?:no |oh |actually |ok )*never ?mind$")

_WITHDRAWN = "the caller took it back"
_SOMEBODY_ELSE = "somebody else is to call"
_UNSURE = "it was not clear which time was meant"


@dataclass(frozen=True, slots=True)
class Callback:
    """A wish to be called back. ``said``: the words it was understood from; ``due_at`` is aware, or None with the ``reason`` why it
    cannot be kept; ``hours``: calls are made from the first to before the second, in the zone of ``due_at``."""

    said: str
    due_at: datetime | None
    reason: str = ""
    hours: tuple[int, int] = (0, 24)


def callback(spoken: Sequence[tuple[str, str]], now: datetime, hours: tuple[int, int]) -> Callback | None:
    """The wish in the lines of a call (``insight.transcript.lines``), or None when there is none. ``now`` is the caller's local time,
    aware; calls are made from the first of ``hours`` to before the second."""
    wish = _Wish(now)
    for at, (role, text) in enumerate(spoken):
        before = spoken[at - 1] if at else ("", "")
        if role == "user":
            wish.hear(text, before[1] if before[0] == "assistant" else "")
        else:
            # Who says yes and then no behind a pause has said no.
            following = takewhile(lambda line: line[0] == "user", islice(spoken, at + 1, None))
            wish.offer(text, ". ".join(said for _, said in following))
    if not wish.words:
        return None
    due_at, reason = (None, wish.gone) if wish.gone else _resolve(wish.time, now, hours)
    return Callback(" / ".join(wish.words), due_at, reason, hours)


@dataclass(slots=True)
class _Wish:
    """What is known of a wish while the lines go by. ``gone``: why there is none for now; ``offered``: the agent's last line that
    may name a day."""

    now: datetime
    time: Said = field(default_factory=Said)
    words: list[str] = field(default_factory=list)
    gone: str = ""
    offered: str = ""

    def hear(self, text: str, before: str) -> None:
        """A line of the caller, and the agent's before it."""
        intent = _intent(text)
        if not intent and not self.words:
            return
        found = read_time(text, self.now, not {"time", "when"}.isdisjoint(normalised(before).split()))
        if intent == "refuses" and _drops_other(text, before, found):
            intent = ""
        if intent == "refuses" and self.words:
            self.words.append(text)
            self.gone = _WITHDRAWN
        if intent == "asks" or (not intent and self._concerns(text, before, found)):
            self._take(text, found)

    def offer(self, text: str, answer: str) -> None:
        """A line of the agent, and the caller's answer to it."""
        text = _YOUR_TIME.sub(" ", text)
        by, accepted = _caller(text), _accepts(answer, text)
        if not self.words and (by == "another" or not accepted):
            # Without a wish no more of the line matters than the day it may name.
            if by != "another":
                self.offered = text
            return
        found = self._read(text)
        agreed = accepted and found.day not in read_time(answer, self.now).not_days
        if by == "another":
            if agreed and self.words and not self.gone and not (self.time.whole and self._agrees(found)):
                self.gone = _SOMEBODY_ELSE
        elif not agreed:
            # "Tomorrow at four?" "No, at six": the day was not what was wrong with it.
            self.offered = text
            bare = _CORRECTS.search(normalised(answer)) is not None and read_time(answer, self.now).nothing
            if self.words and not self.gone and bare and self._is_disputed(text, found, by == "us"):
                self.gone = _UNSURE
        elif by == "us":
            self._take(text, found)
        elif self.words and not self.gone and not _is_elsewhere(text):
            found = self._proposed(text) if self.time.whole else found
            if self._is_open(text, found):
                self._take(text, found)

    def _is_disputed(self, text: str, found: Said, offers: bool) -> bool:
        """Whether a no to the agent's line leaves open when to call: it named another time, or asked whether this one is right."""
        asked = _question(text)
        if not self._agrees(found):
            return offers or (bool(asked) and not _is_elsewhere(text))
        again = _names(read_time(asked, self.now)) and len(asked.split()) <= _CHECK_WORDS and not _is_elsewhere(asked)
        return again or _CHECKS.search(normalised(asked)) is not None

    def _take(self, text: str, found: Said) -> None:
        if self.gone == _WITHDRAWN:
            self.time = Said()
        self.gone = ""
        if found.minutes is not None and found.day is None and self.time.day is None and not found.day_unclear:
            found = replace(found, day=self._read(self.offered).day)
        self.words.append(text)
        self.time = self.time.and_then(found)

    def _concerns(self, text: str, before: str, found: Said) -> bool:
        """Whether a line that asks for nothing says when. One of which that is not to be told leaves the wish unclear."""
        if not self.words or found.nothing or self.gone == _WITHDRAWN:
            return False
        elsewhere, asked, plain = _is_elsewhere(before), normalised(before), normalised(text)
        if not self.time.whole and not self.gone:
            return not elsewhere
        if found.zone and found.minutes is None and found.day is None and not elsewhere:
            return True
        answers = _caller(before) == "us" or (_ASKS_WHEN.search(asked) and not elsewhere)
        if answers or self.time.day in found.not_days:
            return True
        choices = read_time(_question(before), self.now)
        if not elsewhere and (choices.clock_unclear or choices.day_unclear):
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

    def _read(self, text: str) -> Said:
        """The time in a line of the agent, of whose days one may not be understood."""
        found = read_time(text, self.now)
        return self._proposed(text) if found.day_unclear else found

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
        return not self.time.whole or (("?" in text or bool(found.zone)) and not self._agrees(found))

    def _agrees(self, other: Said) -> bool:
        """Whether a time that the agent named is no other than the wish's."""
        if self.time.offset_min is not None or other.offset_min is not None:
            return other.nothing or other.offset_min == self.time.offset_min
        if other.zone not in ("", self.time.zone):
            return False
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
            plain = normalised(clause)
            intent = _intent_of_clause(plain) or ("refuses" if _BARE_DROP.fullmatch(plain) else intent)
    return intent


def _drops_other(text: str, before: str, found: Said) -> bool:
    """Whether words that refuse what was spoken of last refuse something else than a call: what the agent has asked, or only a time."""
    plain, asked = normalised(text), _question(before)
    clauses = [normalised(one) for one in re.split(r"[.?!;,]", text)]
    bare = any(_BARE_DROP.fullmatch(one) for one in clauses)
    if any(_intent_of_clause(one) == "refuses" and not _DROPS.search(one) for one in clauses):
        return False
    if bare and (_names(found) or (_ANYTHING_ELSE.search(normalised(asked)) and not _EXPRESSLY.search(plain))):
        return True
    return (bare or _DROPS.search(plain) is not None) and _is_elsewhere(asked)


def _question(text: str) -> str:
    """The last question in a line, or nothing."""
    return next((one.strip() for one in reversed(re.split(r"(?<=[.?!;])", text)) if one.endswith("?")), "")


def _caller(text: str) -> str:
    """Who is to call by a line of the agent that speaks of calling at some time: ``us``, ``another``, or nobody."""
    callers: set[str] = set()
    for sentence in _SENTENCE.split(text):
        begun = ""
        for clause in _CLAUSE.split(sentence):
            plain = normalised(clause)
            if _THEIR_CALL.search(plain):
                callers.add("us")
            for found in _CALL_YOU.finditer(plain):
                before = plain[: found.start()]
                own = _OWN.search(before) or (_SUBJECTLESS.fullmatch(before) and not _NAMED_OTHER.search(begun))
                callers.add("us" if own else "another")
            begun = f"{begun} {plain}"
    return "another" if "another" in callers else next(iter(callers), "")


def _accepts(answer: str, offer: str) -> bool:
    """Whether the caller says yes to the agent's line as to a call, and not to something else that it offers."""
    if not confirms(answer) or _intent(answer) == "refuses":
        return False
    clauses = [normalised(one) for one in re.split(r"[.?!;,]", answer)]
    if any(_DECLINES.search(one) and not _BESIDES.search(one) for one in clauses):
        return False
    chosen = re.search(rf"\b{_CALL}\b", normalised(answer)) is not None
    return chosen or _ALTERNATIVE.search(normalised(offer).partition(" or ")[2]) is None


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
    reason = _unclear(wish, now)
    if reason:
        return None, reason
    begin, end = hours
    # In a zone that was named it has to be within the hours as well: whoever names it may be there.
    zones = {now.tzinfo, *((ZoneInfo(wish.zone),) if wish.zone not in ("", "UTC", UNKNOWN_ZONE) else ())}
    allowed = [at for at in _readings(wish, now) if all(begin <= at.astimezone(zone).hour < end for zone in zones)]
    if not allowed:
        return None, f"it is outside the hours of calls ({begin} to {end} o'clock)"
    ahead = [at for at in allowed if at.astimezone(UTC) > now.astimezone(UTC)]
    if not ahead:
        return None, "it is in the past"
    # Where both halves of the day are possible, people mean the one they are awake in: seven to noon, and the afternoon up to six.
    usual = [at for at in ahead if 7 <= at.hour <= 18]
    due_at = (usual or ahead)[0]
    if due_at > now + timedelta(days=MAX_CALLBACK_DAYS):
        return None, f"it is more than {MAX_CALLBACK_DAYS} days ahead"
    return due_at, ""


def _unclear(wish: Said, now: datetime) -> str:
    """Why it is not to be told when the caller meant; empty when it is."""
    if wish.offset_min is not None:
        return ""
    if wish.clock_unclear:
        return "no one clock time was said"
    if wish.minutes is None:
        return "no clock time was said"
    if wish.day_unclear:
        return "the day was not understood"
    # Where another day has begun, "tomorrow" may be either.
    if wish.zone == UNKNOWN_ZONE or (wish.zone and now.astimezone(ZoneInfo(wish.zone)).date() != now.date()):
        return "it was not clear which time zone was meant"
    return ""


def _readings(wish: Said, now: datetime) -> list[datetime]:
    """When a wish that is clear may be meant, in the time of the call."""
    if wish.offset_min is not None:
        return [elapsed(now, wish.offset_min).replace(second=0, microsecond=0)]
    minutes = wish.minutes or 0
    either = not wish.half and minutes < 13 * 60
    clocks = [minutes % 720, minutes % 720 + 720] if either else [minutes]
    if either and wish.zone:
        # The half in which people there are awake.
        clocks = [clock for clock in clocks if 7 * 60 <= clock < 19 * 60]
    days = [wish.day] if wish.day is not None else [now.date(), now.date() + timedelta(days=1)]
    zone = ZoneInfo(wish.zone) if wish.zone else now.tzinfo
    return [
        datetime.combine(day, time(*divmod(clock, 60)), zone).astimezone(now.tzinfo) for day in days for clock in clocks
    ]
