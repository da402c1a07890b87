"""Answering machines: found for a reason and in time, not talked to, left their message after the beep; people who were taken for one."""

from __future__ import annotations

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import (
    MS_PER_CHARACTER,
    VOICEMAIL_ANSWER_MS,
    VOICEMAIL_BEEP_MS,
    VOICEMAIL_QUIET_MS,
    VOICEMAIL_REPEATED_MS,
)
from callwright.conversation.voicemail import ANSWER_WORDS
from proof.accounts.book import LATE_US, Book, Handlers, contradict

CALLS_OUT = "Hello, are you there?"
"""What the simulated far end says who waits for somebody."""

TONE = "after the tone"
"""What no person says, also in the simulated greetings."""


class MachineAccount:
    """The watch over the first seconds of a call, and what follows from it."""

    __slots__ = (
        "_answered",
        "_asked_us",
        "_beeped",
        "_book",
        "_found_us",
        "_greeted_us",
        "_left",
        "_request",
        "_suspected",
        "_texts",
    )

    def __init__(self, book: Book) -> None:
        self._book = book
        self._request = 0  # the question to the model that is open
        self._asked_us = 0
        self._found_us = -1
        self._beeped = False
        self._left = False  # the message was begun
        self._answered = False  # a reply was heard to its end
        # When the welcome was heard to its end, and nothing of the far end before; -1 where that may have spoken.
        self._greeted_us = -1
        self._texts: dict[int, str] = {}  # what it has said since, by segment
        self._suspected = False  # a suspicion broke the welcome off, and it was not said again

    def reads(self) -> Handlers:
        """What it judges."""
        return {
            ev.MachineDetected: self._sensed,
            ev.ActivityBegan: self._sounded,
            ev.ActivityEnded: self._sounded,
            ev.TranscriptPartial: self._read,
            ev.TranscriptFinal: self._heard,
            ev.ClassifierVerdict: self._judged,
            ev.ProviderFailed: self._failed,
            fx.AskClassifier: self._question,
            fx.AgentSaid: self._said,
            fx.Note: self._note,
            fx.Speak: self._speak,
            fx.AskModel: self._ask,
            fx.HangUp: self._hang_up,
        }

    def close(self) -> None:
        """Nothing is left to judge."""

    def _sensed(self, event: ev.MachineDetected) -> None:
        book = self._book
        if event.kind == "beep":
            self._beeped = True
        elif event.kind == "likely" and book.live and not self._suspected:
            given_up = {one.generation for one in book.effects if isinstance(one, fx.Clear | fx.Withdrawn)}
            self._suspected = any(book.replies.get(number).purpose == "welcome" for number in given_up)

    def _sounded(self, event: ev.ActivityBegan | ev.ActivityEnded) -> None:
        self._place(event.audio_ms)

    def _read(self, event: ev.TranscriptPartial | ev.TranscriptFinal) -> None:
        # Those without a sound may have been begun as long before as it takes to say them.
        unheard_ms = 0 if self._book.caller.began_ms else len(event.text) * MS_PER_CHARACTER
        self._place(event.audio_ms - unheard_ms)
        self._texts[event.segment] = event.text

    def _place(self, audio_ms: int) -> None:
        """The far end made a sound there: one that may have begun while the welcome was heard is no answer to it."""
        if self._book.answered_us + audio_ms * 1000 <= self._greeted_us:
            self._greeted_us = -1

    def _heard(self, event: ev.TranscriptFinal) -> None:
        self._read(event)
        book = self._book
        # Behind a beep the message is due: nobody but a machine beeps.
        waits = book.live and book.machine and not (self._left or self._beeped or book.emits(fx.Speak))
        if waits and event.text == CALLS_OUT and not book.notes("voicemail_taken_back"):
            contradict("a person who calls out is talked to", book.at_us)

    def _judged(self, event: ev.ClassifierVerdict) -> None:
        if event.purpose == "voicemail" and event.request == self._request:
            self._request = 0

    def _failed(self, event: ev.ProviderFailed) -> None:
        if event.kind == "model" and event.request == self._request:
            self._request = 0

    def _question(self, effect: fx.AskClassifier) -> None:
        if effect.purpose != "voicemail":
            return
        if self._request and self._book.at_us + LATE_US < self._asked_us + VOICEMAIL_ANSWER_MS * 1000:
            contradict("one question about a machine at a time", f"{effect.request} after {self._request}")
        self._request, self._asked_us = effect.request, self._book.at_us

    def _said(self, effect: fx.AgentSaid) -> None:
        utterance = self._book.replies.get(effect.generation)
        silenced = utterance.sound.cleared_us >= 0
        heard = effect.purpose == "reply" and len(effect.text.split()) >= ANSWER_WORDS
        self._answered = self._answered or (heard and not effect.cut and not silenced)
        if effect.purpose == "welcome":
            whole = len(utterance.said.split()) >= ANSWER_WORDS and not (effect.cut or silenced)
            quiet = not (self._book.caller.told_us or self._book.caller.known_ms)
            self._greeted_us = self._book.at_us if whole and quiet else -1

    def _note(self, effect: fx.Note) -> None:
        book, event = self._book, self._book.event
        if effect.kind != "voicemail_found":
            return
        self._found_us, self._suspected = book.at_us, False
        self._beeped = effect.text == "beep"
        if book.at_us > book.answered_us + book.plan.voicemail_window_ms * 1000 + LATE_US:
            contradict("a machine is found while it is watched for", book.at_us)
        yes = isinstance(event, ev.ClassifierVerdict) and event.purpose == "voicemail" and event.verdict
        if effect.text == "words" and self._answered:
            contradict("who has listened to an answer is no machine for words alone", book.at_us)
        if effect.text == "words" and self._greeted_us >= 0 and TONE not in " ".join(self._texts.values()):
            contradict("who answers the welcome is no machine for words that a person may say", book.at_us)
        if effect.text == "model" and not yes:
            contradict("a machine is found by a model that says yes", book.at_us)

    def _speak(self, effect: fx.Speak) -> None:
        if effect.purpose == "welcome":
            self._suspected = False
        elif effect.purpose == "voicemail" and not self._left:
            self._left = True
            self._begins()

    def _begins(self) -> None:
        """The message: after the beep, or when the machine has been silent or has spoken for long."""
        book = self._book
        quiet_us = book.answered_us + (book.caller.end_ms + VOICEMAIL_QUIET_MS) * 1000
        due_us = max(self._found_us + VOICEMAIL_REPEATED_MS * 1000, quiet_us)
        waited = book.at_us + LATE_US >= min(due_us, self._found_us + VOICEMAIL_BEEP_MS * 1000)
        if not (self._beeped or waited):
            contradict("a machine's beep is waited for", f"found at {self._found_us}, left at {book.at_us}")

    def _ask(self, effect: fx.AskModel) -> None:
        if effect.purpose == "welcome":
            self._suspected = False
        elif self._suspected:
            contradict("who was suspected is greeted before being answered", effect.request)

    def _hang_up(self, effect: fx.HangUp) -> None:
        book = self._book
        detected = effect.reason == "voicemail_detected" and not isinstance(book.event, ev.StopRequested)
        due = bool(book.rendered(book.plan.voicemail_message)) and book.at_us + LATE_US < book.maximum_us
        if detected and due and not self._left:
            contradict("a machine is left its message", book.at_us)

    def step(self) -> None:
        """After each step: a machine that was just found hears nothing any more."""
        book, audible = self._book, self._book.replies.audible
        if self._found_us != book.at_us or audible is None or not book.notes("voicemail_found"):
            return
        if audible.sound.cleared_us < 0 and audible.purpose != "voicemail":
            contradict("a machine is not talked to", audible.number)
