"""Where a call stands, by events and effects alone: what every account may look up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import ACTIVITY_STALE_MS, COVER_SLACK_MS, WORDS_STILL_MS
from callwright.conversation.plan import CallPlan
from callwright.domain.limits import MAX_CALL_SECONDS
from callwright.domain.variables import render
from proof.accounts.replies import Replies
from proof.accounts.work import Work

FOR_EVER_US = 1 << 62
LATE_US = 8_000
"""A simulated runner wakes up at most 3 ms late; the steps in between count a little more."""

Handlers = dict[type, Callable[[Any], None]]


class ContradictionError(Exception):
    """The record says something else than what happened. The message is the rule, then a colon and the case."""


def contradict(rule: str, case: object) -> NoReturn:
    """The conversation breaks ``rule``."""
    raise ContradictionError(f"{rule}: {case}")


class Reading:
    """How the recogniser tells the caller's words. ``settled``: all are final, and they certainly were told as they were spoken while the
    agent was silent: where a sound goes on behind them, it is nobody's who speaks to the agent. ``perhaps``: it may be so."""

    __slots__ = ("_ever", "_over", "_read", "_shown", "_stands", "_streams", "_taken", "_told", "_unread")

    def __init__(self) -> None:
        self._read: set[int] = set()  # segments of the call that were final
        self._shown: set[int] = (
            set()
        )  # of which words were told before, while the agent was silent, and no other final came since
        self._ever = False  # there was one
        self._told: dict[int, list[str]] = {}  # segment -> its words as they were told last
        self._taken: dict[int, int] = {}  # segment -> how many of its words are in a turn, or were none
        self._unread: set[int] = set()  # that were told and not final yet
        self._streams = False  # the newest final words had been told as they were spoken
        self._over = False  # the words are in a turn, or were none
        self._stands = False  # something final was told of the present turn, or of the last one if no sound began since

    def told(self, event: ev.TranscriptPartial | ev.TranscriptFinal, alone: bool) -> None:
        """Words; ``alone`` while the agent was silent."""
        segment, words = event.segment, event.text.split()
        before, self._told[segment] = self._told.get(segment, []), words
        more = len(words) > self._taken.get(segment, 0)
        if isinstance(event, ev.TranscriptPartial):
            if segment in self._read:
                self._streams = False  # whether the core takes it for old words or new ones is not certain
            else:
                self._unread.add(segment)
                self._ever = self._ever or (alone and bool(words))
                if alone and more and words != before:  # else they were told over the agent, and are only told again
                    self._shown.add(segment)
            return
        if more or segment not in self._taken:  # else they come too late to stand for anything
            self._streams = bool(words) and segment in self._shown and segment not in self._read
        if event.text:
            self.enter()
        if segment not in self._shown:
            self._shown.clear()
        self._read.add(segment)
        self._unread.discard(segment)

    def enter(self) -> None:
        """Words that are final, be it an entry by the keys."""
        self._stands, self._over = True, False

    def lose(self) -> None:
        """Some of the words were none."""
        self._streams = False

    def close(self) -> None:
        """Words were none, or are in a turn."""
        self._streams, self._over = False, True
        self._taken.update((segment, len(words)) for segment, words in self._told.items())

    def begin_sound(self) -> None:
        """A new sound, which is no television if there are no words before it."""
        self._stands = self._stands and not self._over

    @property
    def perhaps(self) -> bool:
        """Whether all of it may be final, and more might have been told."""
        return self._stands and self._ever

    @property
    def settled(self) -> bool:
        """Whether nothing more is to come, for certain."""
        return self._streams and not self._unread


class Caller:
    """What the core was told of the caller's sounds. Times of steps, -1 for none; positions in the caller's audio."""

    __slots__ = (
        "began_ms",
        "end_ms",
        "known_ms",
        "moved_us",
        "newest_ms",
        "newest_us",
        "reading",
        "talking_us",
        "told_us",
        "unsure",
        "zero_us",
    )

    def __init__(self) -> None:
        self.talking_us = -1
        self.began_ms = 0
        self.newest_ms = 0  # where the latest sound began that the core may have taken for a new one
        self.newest_us = -1  # when a sound was told to begin last, of one that goes on, too
        self.end_ms = 0  # the last voiced audio that was certainly taken in
        self.known_ms = 0  # the latest position that anything was told of
        self.unsure = False  # a sound began that the core may or may not have taken for a new one
        self.told_us = 0  # when words were told of last
        self.moved_us = 0  # when a sound certainly began or ended last
        # When the caller's audio began, at the latest: nothing is told of before it was spoken.
        self.zero_us = FOR_EVER_US
        self.reading = Reading()

    def began(self, event: ev.ActivityBegan) -> None:
        """A sound, unless anything later is known already."""
        self._spoken(event.audio_ms, event.at_us)
        self.newest_us = event.at_us
        if event.audio_ms < self.known_ms:
            self.unsure = True
        elif self.talking_us < 0 and not self.unsure:
            self.talking_us = self.moved_us = event.at_us
            self.began_ms = event.audio_ms
            self.reading.begin_sound()
        self.newest_ms = max(self.newest_ms, event.audio_ms)
        self.known_ms = max(self.known_ms, event.audio_ms)

    def ended(self, event: ev.ActivityEnded) -> None:
        """The end of a sound, unless a later one has begun."""
        self._spoken(event.audio_ms, event.at_us)
        if event.audio_ms >= max(self.began_ms, self.newest_ms):
            self.unsure = False
            if self.talking_us >= 0:
                self.moved_us = event.at_us
                self.end_ms = max(self.end_ms, event.audio_ms)
            self.talking_us = -1
        else:
            self.talking_us = -1  # sounds that overlap: which of them goes on is not certain
            self.unsure = True
        self.known_ms = max(self.known_ms, event.audio_ms)

    def told(self, audio_ms: int, at_us: int) -> None:
        """Something else about the caller's audio up to ``audio_ms``."""
        self._spoken(audio_ms, at_us)
        self.known_ms = max(self.known_ms, audio_ms)
        self.told_us = at_us

    def _spoken(self, audio_ms: int, at_us: int) -> None:
        self.zero_us = min(self.zero_us, at_us - audio_ms * 1000)

    @property
    def waited_ms(self) -> int:
        """How long a sound that goes on without new words is taken for the caller's, at most."""
        return WORDS_STILL_MS if self.reading.settled else ACTIVITY_STALE_MS

    def talks(self, at_us: int) -> bool:
        """Whether the core certainly takes the sound for the caller's. What a step does may come of a deadline before its event."""
        least_ms = WORDS_STILL_MS if self.reading.perhaps else ACTIVITY_STALE_MS
        return self.talking_us >= 0 and LATE_US < at_us - self.talking_us < least_ms * 1000 - LATE_US

    def speaks(self, at_us: int) -> bool:
        """Whether the caller may be speaking: a sound without words for too long is none, until it is told to begin anew."""
        since_us = max(self.talking_us, self.newest_us, self.told_us)
        return self.talking_us >= 0 and at_us - since_us < self.waited_ms * 1000 + LATE_US


class Book:
    """The call as far as it was read. It is brought up to date before the accounts see an event or effect."""

    __slots__ = (
        "answered_us",
        "at_us",
        "caller",
        "deaf",
        "effects",
        "ending",
        "event",
        "handed",
        "heard",
        "held_us",
        "hung_up",
        "machine",
        "over",
        "plan",
        "question",
        "replies",
        "revocable",
        "started",
        "variables",
        "work",
    )

    def __init__(self, heard: Mapping[int, frozenset[str]]) -> None:
        self.heard = heard
        self.replies = Replies()
        self.work = Work(self.replies)
        self.caller = Caller()
        self.plan = CallPlan()
        self.variables: dict[str, str] = {}
        self.at_us = 0
        self.event: ev.Event = ev.DeadlineReached(0)
        self.effects: tuple[fx.Effect, ...] = ()
        self.started = False
        self.answered_us = -1
        self.ending = False  # last words, a goodbye or the end: the caller is not answered any more
        self.revocable = False  # the agent says goodbye because nobody spoke
        self.hung_up = False
        self.handed = False  # somebody else has the caller
        self.over = False
        self.held_us = -1
        self.machine = False  # a machine was found: nothing is said but the message
        self.deaf = False  # the recogniser has failed
        self.question = 0  # whether the call is over: the request that was not answered

    def reads(self) -> Handlers:
        """What it follows."""
        return {
            ev.Started: self._begin,
            ev.Answered: self._answered,
            ev.ActivityBegan: self._sounds,
            ev.ActivityEnded: self._sounds,
            ev.TranscriptPartial: self._told,
            ev.TranscriptFinal: self._told,
            ev.RecogniserEnd: self._recogniser_end,
            ev.KeyPressed: self._key,
            ev.LineHeld: self._held,
            ev.ProviderFailed: self._failed,
            ev.ClassifierVerdict: self._judged,
            ev.StopRequested: self._stop,
            ev.LegEnded: self._leg_ended,
            fx.Speak: self._speak,
            fx.UserSaid: self._user_said,
            fx.Release: self._release,
            fx.AgentSaid: self._agent_said,
            fx.Note: self._note,
            fx.HangUp: self._hang_up,
            fx.OptedOut: self._stop,
            fx.AskClassifier: self._ask_whether_over,
            fx.TransferSettled: self._handed_over,
        }

    def turn_page(self, event: ev.Event, effects: tuple[fx.Effect, ...]) -> None:
        """The next step."""
        self.event, self.effects = event, effects
        self.at_us = self.replies.at_us = max(self.at_us, event.at_us)
        self._end_deaf()

    @property
    def live(self) -> bool:
        """Whether the caller is being answered."""
        audible = self.replies.audible
        return self.open and (audible is None or not audible.farewell or audible.answering)

    @property
    def open(self) -> bool:
        """Whether the call was answered and nothing but perhaps the model's own last words ends it."""
        ends = self.ending or self.hung_up or self.over or self.at_us >= self.maximum_us
        return self.answered_us >= 0 and not ends

    @property
    def listens(self) -> bool:
        """Whether the caller is listened to: being answered, or over a goodbye that may be taken back."""
        return self.live or (self.revocable and not (self.hung_up or self.over or self.at_us >= self.maximum_us))

    @property
    def maximum_us(self) -> int:
        """When the call has reached its longest duration."""
        wanted_ms, most_ms = self.plan.call_terminate_ms, MAX_CALL_SECONDS * 1000
        return self.answered_us + (wanted_ms if 0 < wanted_ms < most_ms else most_ms) * 1000

    def rendered(self, template: str) -> list[str]:
        """The words of a message of the plan."""
        return render(template, self.variables).split()

    def emits(self, *kinds: type) -> bool:
        """Whether the present step has such an effect."""
        return any(type(one) in kinds for one in self.effects)

    def notes(self, *kinds: str) -> bool:
        """Whether the present step has such a note."""
        return any(isinstance(one, fx.Note) and one.kind in kinds for one in self.effects)

    def _begin(self, event: ev.Started) -> None:
        if not self.started:
            self.started = True
            self.plan, self.variables = event.plan, dict(event.variables)

    def _answered(self, event: ev.Answered) -> None:
        if self.answered_us < 0 and self.started and not (self.over or self.hung_up):
            self.answered_us = event.at_us

    def _sounds(self, event: ev.ActivityBegan | ev.ActivityEnded) -> None:
        if not self.listens:
            return
        if isinstance(event, ev.ActivityBegan):
            self.caller.began(event)
        else:
            self.caller.ended(event)

    def _told(self, event: ev.TranscriptPartial | ev.TranscriptFinal) -> None:
        self.caller.told(event.audio_ms, event.at_us)
        if self.answered_us >= 0:  # before, it was somebody else
            self.caller.reading.told(event, self.replies.audible is None)

    def _user_said(self, effect: fx.UserSaid) -> None:
        # What was said before a service took the transfer on ends no wait; when exactly the caller's audio began is not known.
        if self.answered_us + effect.to_ms * 1000 > self.work.accepted_us:
            self.work.accepted_us = -1
        elif self.caller.zero_us + effect.to_ms * 1000 > self.work.accepted_us:
            self.work.perhaps_heard = True
        self.caller.known_ms = max(self.caller.known_ms, effect.to_ms)  # a sound from before it is of that turn
        self.caller.reading.close()

    def _recogniser_end(self, event: ev.RecogniserEnd) -> None:
        if event.audio_ms + COVER_SLACK_MS >= self.caller.began_ms:  # else it is about an earlier sound
            self.caller.talking_us = -1  # the recogniser may know better than the detector
        self.caller.told(event.audio_ms, event.at_us)

    def _key(self, _event: ev.KeyPressed) -> None:
        if self.plan.keys:
            self.caller.reading.enter()

    def _held(self, event: ev.LineHeld) -> None:
        if self.listens:
            self.held_us = (event.at_us if self.held_us < 0 else self.held_us) if event.on else -1

    def _failed(self, event: ev.ProviderFailed) -> None:
        if event.kind == "model" and event.request == self.question:
            self.question = 0  # nobody answers it any more
        self.deaf = self.deaf or (event.kind == "transcriber" and self.started)
        self._end_deaf()

    def _end_deaf(self) -> None:
        """A call that cannot hear ends, but for a machine that is left its message and a transfer that was asked for, or taken on."""
        rung = self.work.requested or self.at_us < self.work.rung_until_us
        self.ending = self.ending or (self.deaf and not (self.machine or rung))

    def _ask_whether_over(self, effect: fx.AskClassifier) -> None:
        if effect.purpose == "hangup":
            self.question = effect.request

    def _judged(self, event: ev.ClassifierVerdict) -> None:
        if self.live and event.purpose == "hangup" and event.request == self.question != 0:
            self.question = 0
            self.ending = event.verdict and not (self.machine or self.notes("hangup_voided"))

    def _stop(self, _item: ev.StopRequested | fx.OptedOut) -> None:
        self.ending = True

    def _leg_ended(self, _event: ev.LegEnded) -> None:
        self.over = True

    def _speak(self, effect: fx.Speak) -> None:
        if effect.purpose == "goodbye":
            said = effect.index == 0 and self.rendered(self.plan.hangup_message)
            silent = not (self.ending or self.replies.ends_call() or self.at_us >= self.maximum_us)
            if said and silent and said[0] == effect.text.split()[0]:
                self.revocable = True
            self.ending = True

    def _release(self, effect: fx.Release) -> None:
        """Last words of which nobody had heard a word when the voice failed are last words still."""
        first = self.replies.get(effect.resumes)
        self.ending = self.ending or (first.farewell and not first.answering)

    def _agent_said(self, effect: fx.AgentSaid) -> None:
        utterance = self.replies.get(effect.generation)
        self.ending = self.ending or (utterance.farewell and not utterance.answering)

    def _note(self, effect: fx.Note) -> None:
        if effect.kind == "goodbye_taken_back":
            if not self.revocable:
                contradict("only the goodbye of a silence is taken back", self.at_us)
            self.revocable = self.ending = False
        elif effect.kind == "echo":
            self.caller.reading.lose()
        elif effect.kind in ("back_channel", "discarded_words", "words_unconfirmed"):
            self.caller.reading.close()
        self.over = self.over or effect.kind == "leg_unconfirmed"
        if effect.kind in ("voicemail_found", "voicemail_taken_back"):
            self.machine = effect.kind == "voicemail_found"
            self.ending = self.ending or (self.machine and not self.rendered(self.plan.voicemail_message))

    def _hang_up(self, _effect: fx.HangUp) -> None:
        self.hung_up = True

    def _handed_over(self, effect: fx.TransferSettled) -> None:
        self.handed = self.handed or effect.transferred
        self.ending = self.ending or self.handed
