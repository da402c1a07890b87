"""How a call begins and ends: greeted, recorded, said goodbye to, and for the reason it has."""

from __future__ import annotations

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import (
    FAILURES_IN_A_ROW,
    FALSE_WAIT_MS,
    MS_PER_CHARACTER,
    VOICE_FAILURES_IN_A_ROW,
)
from callwright.conversation.stops import phrasebook
from proof.accounts.book import LATE_US, Book, Handlers, contradict
from proof.accounts.replies import FAILED
from proof.accounts.words import is_numbered

SAYS_GOODBYE = frozenset({"inactivity_timeout", "max_duration_reached", "llm_prompted_hangup"})
"""Reasons for which the hang-up message is said."""

NEVER = 1 << 62
READ_LATE_MS = 1_000
"""A recogniser may say that it knows the words of a sound up to so long after it."""

UTTERANCE_PAUSE_MS = 600
"""Sounds that are less apart may be one utterance."""

FAST_MS_PER_CHARACTER = 40
"""Words that would be spoken faster than this within a sound may have begun in the one before it."""

_KEPT_SOUNDS = 32


class _Start:
    """When the caller began to speak, by the goodbye of a silence: ``goodbye`` is its utterance. ``_sounds`` are the caller's newest: where
    each began and ended in the caller's audio, and when its end was told (NEVER while it goes on)."""

    __slots__ = ("_book", "_earliest_us", "_goodbye", "_sound_us", "_sounds", "_unsure")

    def __init__(self, book: Book) -> None:
        self._book = book
        self._goodbye = 0
        self._earliest_us = NEVER  # when the words told since it was spoken may have been begun, at the earliest
        self._sound_us = -1  # the step of the newest sound that certainly began before any of it was heard
        self._sounds: list[tuple[int, int, int]] = []
        self._unsure = False  # beginnings and ends were told out of order since it was spoken

    def anew(self, goodbye: int) -> None:
        """Another goodbye is spoken."""
        self._goodbye, self._earliest_us, self._sound_us, self._unsure = goodbye, NEVER, -1, False

    def began(self, event: ev.ActivityBegan) -> None:
        """A sound of the caller's."""
        began_ms, ended_ms, _ = self._sounds[-1] if self._sounds else (-1, -1, 0)
        if event.audio_ms != began_ms:
            self._unsure = self._unsure or event.audio_ms < ended_ms
            self._sounds = [*self._sounds[-_KEPT_SOUNDS:], (event.audio_ms, NEVER, NEVER)]
        if self._playout_us < 0 and self._book.caller.talking_us == event.at_us:
            self._sound_us = event.at_us

    def ended(self, event: ev.ActivityEnded) -> None:
        """The caller pauses."""
        began_ms, ended_ms, _ = self._sounds[-1] if self._sounds else (NEVER, -1, 0)
        if ended_ms == NEVER and event.audio_ms >= began_ms:
            self._sounds[-1] = (began_ms, event.audio_ms, event.at_us)
        elif event.audio_ms != ended_ms:
            self._unsure = True

    def told(self, event: ev.TranscriptPartial | ev.TranscriptFinal) -> None:
        """Words, begun in the sound that is where they are if they were spoken slowly, or in one just before it; where there is none, or
        one that ended too long before them to be read only now, they say where they were begun."""
        from_ms = event.audio_ms - len(event.text) * MS_PER_CHARACTER
        reach_ms = READ_LATE_MS
        for began_ms, ended_ms, _ in reversed([sound for sound in self._sounds if sound[0] <= from_ms]):
            if from_ms > ended_ms + reach_ms:
                break
            from_ms, reach_ms = began_ms, UTTERANCE_PAUSE_MS
        if len(self._sounds) > 1 and event.audio_ms - self._sounds[-1][0] < len(event.text) * FAST_MS_PER_CHARACTER:
            from_ms = min(from_ms, self._sounds[-2][0])  # nobody says so much in the last one
        self._earliest_us = min(self._earliest_us, self._us(from_ms))

    def _us(self, audio_ms: int) -> int:
        return self._book.answered_us + audio_ms * 1000

    @property
    def certainly_before(self) -> bool:
        """Whether the caller certainly speaks since before any of the goodbye was heard."""
        caller = self._book.caller
        return 0 <= self._sound_us == caller.talking_us and caller.talks(self._book.at_us)

    @property
    def certainly_over(self) -> bool:
        """Whether some of the goodbye had certainly been heard when the caller began to speak. A sound that ended before, of which no words
        were told, was a cough; one that went on into it may have been a beginning."""
        plays_us = self._playout_us
        into = any(self._us(began_ms) < plays_us <= over_us for began_ms, _, over_us in self._sounds)
        return 0 <= plays_us <= self._earliest_us and not (into or self._unsure)

    @property
    def _playout_us(self) -> int:
        return self._book.replies.get(self._goodbye).sound.playout_us


class EndingAccount:
    """Beginning and end of a call."""

    __slots__ = (
        "_book",
        "_broken",
        "_failures",
        "_fresh",
        "_goodbye",
        "_goodbye_heard",
        "_known",
        "_over_asked",
        "_over_goodbye",
        "_read",
        "_silent_us",
        "_start",
        "_verdict",
        "_voice_failures",
    )

    def __init__(self, book: Book) -> None:
        self._book = book
        self._start = _Start(book)
        self._goodbye = ""
        self._goodbye_heard = False
        self._silent_us = 0  # when the goodbye was over
        self._broken = False  # the goodbye could not be said
        self._known: set[int] = set()  # segments of which words were told
        self._over_asked = 0
        self._over_goodbye: dict[int, str] = {}  # segment -> what the caller said since the goodbye began
        self._fresh: set[int] = set()  # the segments of it that began over the goodbye
        self._read: set[int] = set()  # segments that were final
        self._verdict = False
        self._failures = 0
        self._voice_failures = 0

    def reads(self) -> Handlers:
        """What it judges."""
        return {
            ev.Answered: self._answered,
            ev.StopRequested: self._stop,
            ev.ClassifierVerdict: self._classified,
            ev.PlayoutStarted: self._plays,
            ev.MarkPlayed: self._plays,
            ev.ActivityBegan: self._start.began,
            ev.ActivityEnded: self._start.ended,
            ev.TranscriptPartial: self._words,
            ev.TranscriptFinal: self._words,
            fx.Speak: self._speak,
            fx.AskModel: self._ask,
            fx.AgentSaid: self._said,
            fx.AskClassifier: self._ask_whether_over,
            fx.Note: self._note,
            fx.HangUp: self._hang_up,
        }

    def close(self) -> None:
        """Nothing is left to judge."""

    def _answered(self, event: ev.Answered) -> None:
        if self._book.answered_us == event.at_us and not self._book.emits(fx.StartRecording):
            contradict("a call is recorded from its answer on", event.at_us)

    def _stop(self, event: ev.StopRequested) -> None:
        book = self._book
        if (
            book.started
            and not (book.hung_up or book.over or book.handed)
            and fx.HangUp(event.by, event.reason) not in book.effects
        ):
            contradict("a call that is stopped is hung up at once", event.reason)

    def _classified(self, event: ev.ClassifierVerdict) -> None:
        answers = event.purpose == "hangup" and event.request == self._over_asked
        self._verdict = self._verdict or (answers and event.verdict)

    def _ask_whether_over(self, effect: fx.AskClassifier) -> None:
        if effect.purpose == "hangup":
            self._over_asked, self._verdict = effect.request, False

    def _plays(self, event: ev.PlayoutStarted | ev.MarkPlayed) -> None:
        audible = self._book.replies.audible
        if audible is None or audible.number != event.generation or audible.sound.cleared_us >= 0:
            return
        if isinstance(event, ev.MarkPlayed) and event.index >= audible.sound.clauses:
            return  # no clause of it
        if audible.sound.marked or 0 in audible.sound.lengths:  # a clause that sounds and breaks off proves nothing
            self._voice_failures = 0

    def _words(self, event: ev.TranscriptPartial | ev.TranscriptFinal) -> None:
        """Who speaks over the goodbye of a silence stays on the line, if it may be interrupted or they began before any of it was heard."""
        book, audible = self._book, self._book.replies.audible
        self._start.told(event)
        final = isinstance(event, ev.TranscriptFinal)
        new = event.segment not in self._known
        self._known.add(event.segment)
        if not final and event.segment in self._read:
            return  # it comes late
        if final:
            self._read.add(event.segment)
        self._over_goodbye[event.segment] = event.text
        if book.emits(fx.HangUp):
            self._fresh.discard(event.segment)  # the end may have come before these words
            return
        if not (new and book.revocable and book.listens):
            return
        over = audible is not None and audible.purpose == "goodbye"
        unheard = (over and audible is not None and audible.sound.playout_us < 0) or self._start.certainly_before
        if not (over or self._goodbye_heard) or not (unheard or book.plan.interruptible_goodbye):
            return
        self._fresh.add(event.segment)
        counts = (final or not book.plan.written) and any(map(is_numbered, event.text.split()))
        if counts and not (self._may_be_echo() or book.notes("goodbye_taken_back")):
            contradict("who speaks over the goodbye of a silence is not hung up on", event.text)

    def _may_be_echo(self) -> bool:
        """Whether two words in three of what was told over the goodbye are not the caller's, and some of those are not read yet: then it is
        not certain that a few others are more than the agent's own words misheard."""
        told = [self._over_goodbye[segment] for segment in self._fresh]
        words = [word for text in told for word in text.split()]
        others = sum(not is_numbered(word) for word in words)
        unread = any(self._over_goodbye[segment] for segment in self._fresh - self._read)
        return unread and 3 * others >= 2 * len(words)

    def _wait_for_words(self) -> None:
        """The agent does not hang up on a caller of whom words were told over the goodbye before it has waited for the rest of them."""
        book = self._book
        if not (book.revocable and self._goodbye_heard) or book.at_us >= book.maximum_us or book.plan.written:
            return
        said = [self._over_goodbye[segment] for segment in sorted(self._fresh)]
        waited = book.at_us >= self._silent_us + FALSE_WAIT_MS * 1000 - LATE_US
        if any(map(is_numbered, " ".join(said).split())) and not (waited and self._may_be_echo()):
            contradict("whose words over the goodbye are not read yet is not hung up on", said)

    def _take_back(self) -> None:
        """Nothing but words takes a goodbye back, and no nod over it one that is heard."""
        book, event, heard = self._book, self._book.event, self._start.certainly_over
        words = isinstance(event, ev.TranscriptPartial | ev.TranscriptFinal)
        if not words or not book.plan.hangup_after_silence_ms or book.at_us >= book.maximum_us + LATE_US:
            contradict("a goodbye is taken back by words alone", type(event).__name__)
        if heard and not book.plan.interruptible_goodbye:
            contradict("a goodbye is said to its end where the agent may not be interrupted in it", event.at_us)
        said = " ".join(self._over_goodbye[segment] for segment in sorted(self._over_goodbye))
        nods = phrasebook(book.plan.language).is_backchannel(said, isinstance(event, ev.TranscriptPartial))
        if heard and nods and not book.plan.written:
            contradict("who only says 'go on' does not take a goodbye back", said)
        self._goodbye, self._goodbye_heard = "", False
        self._fresh.clear()

    def _speak(self, effect: fx.Speak) -> None:
        book = self._book
        if effect.purpose == "goodbye":
            if not effect.index:
                self._over_goodbye.clear()
                self._fresh.clear()
                self._start.anew(effect.generation)
            self._goodbye = f"{self._goodbye} {effect.text}".strip()
        elif effect.purpose == "apology" and effect.index == 0 and self._failures > 2 * FAILURES_IN_A_ROW:
            contradict("a model that always fails ends the call", f"{self._failures} failures")
        elif (
            effect.purpose == "welcome" and book.at_us + LATE_US < book.answered_us + book.plan.welcome_delay_ms * 1000
        ):
            contradict("the welcome has its delay", book.at_us)

    def _ask(self, effect: fx.AskModel) -> None:
        """Nobody is answered who was not greeted, and nobody after the model has ended the call."""
        book = self._book
        written = book.plan.welcome_by_model
        if (
            book.rendered(book.plan.welcome_message)
            and not written
            and not any(one.purpose == "welcome" for one in book.replies.all.values())
        ):
            contradict("a caller is greeted before being answered", effect.request)
        ended = [
            one.number
            for one in book.replies.all.values()
            if one.farewell and one.sound.released_us >= 0 and not one.answering
        ]
        if ended:
            contradict("the model is not asked after it has ended the call", f"{effect.request} after {ended}")

    def _said(self, effect: fx.AgentSaid) -> None:
        if effect.purpose == "goodbye" and not effect.cut:
            self._goodbye_heard = True
            self._silent_us = self._book.at_us
        one = self._book.replies.get(effect.generation)
        if effect.purpose == "reply" and not (effect.cut or one.broken_off or one.sound.cleared_us >= 0):
            self._failures = 0

    def _note(self, effect: fx.Note) -> None:
        if effect.kind in FAILED:
            self._failures += 1
        elif effect.kind == "goodbye_taken_back":
            self._take_back()
        elif effect.kind in ("goodbye_cut", "voice_failed"):
            self._broken = True
            self._voice_failures += effect.kind == "voice_failed"

    def _hang_up(self, effect: fx.HangUp) -> None:
        book = self._book
        if isinstance(book.event, ev.StopRequested) or book.over:
            return
        self._wait_for_words()
        reason, failed = effect.reason, self._broken or book.notes("voice_failed", "goodbye_cut")
        # Who was handed over late, over the goodbye, is with somebody else.
        if self._goodbye and not (self._goodbye_heard or failed or book.handed):
            contradict("a goodbye is said to its end", self._goodbye)
        if reason in SAYS_GOODBYE and book.rendered(book.plan.hangup_message) and not (self._goodbye or failed):
            contradict("the hang-up message is said", reason)
        if reason == "opted_out" and self._goodbye.split() != book.rendered(book.plan.opt_out_message) and not failed:
            contradict("who does not want to be called is promised it", reason)
        self._for_a_reason(reason)

    def _for_a_reason(self, reason: str) -> None:
        book = self._book
        voice_failures = self._voice_failures + book.notes("voice_failed")
        believable = {
            "end_call_tool": book.replies.ends_call(),
            "llm_prompted_hangup": self._verdict,
            "llm_error": self._failures >= FAILURES_IN_A_ROW,
            "synthesizer_error": voice_failures >= VOICE_FAILURES_IN_A_ROW and not self._goodbye,
            "not_answered": book.answered_us < 0,
        }
        if not believable.get(reason, True):
            contradict("a call ends for the reason it has", reason)
