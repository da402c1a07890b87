"""A voice that fails: what it has made is heard, what it has not is said again, and a voice that always fails ends the call. And a filler,
which nobody but the caller cuts."""

from __future__ import annotations

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import RESUME_MS, VOICE_FAILURES_IN_A_ROW
from callwright.conversation.lanes import FILLER
from proof.accounts.book import LATE_US, Book, Handlers, contradict

SAID_AGAIN = frozenset({"welcome", "silence", "apology", "reply"})
"""What is due although its voice failed. What is said for a tool or a transfer may be out of date."""


class UnheardAccount:
    """Words whose voice failed before anybody heard them are said again, or asked for again, before a silence counts as one."""

    __slots__ = ("_book", "_due")

    def __init__(self, book: Book) -> None:
        self._book = book
        self._due = 0  # the utterance of which something was not heard

    def reads(self) -> Handlers:
        """What it judges."""
        excuses: tuple[type, ...] = (fx.AskModel, fx.UserSaid, fx.CallTool, fx.SendKeys, fx.Transfer)
        return {
            fx.Note: self._note,
            fx.AgentSaid: self._said,
            fx.Speak: self._speak,
            fx.HangUp: self._hang_up,
            **dict.fromkeys(excuses, self._excuse),
        }

    def close(self) -> None:
        """Nothing is left to judge."""

    def _note(self, effect: fx.Note) -> None:
        audible, effects = self._book.replies.audible, self._book.effects
        if effect.kind in ("voicemail_found", "resume_given_up"):
            self._due = 0  # nobody is there to hear it, or it was cut by nothing again and again
        elif effect.kind == "voice_failed" and audible is not None and self._book.live:
            number = audible.number
            failed = effect.text == f"generation {number}" and audible.purpose in SAID_AGAIN
            if failed and (audible.sound.lost or fx.Clear(number) in effects):
                self._due = number

    def _excuse(self, _item: object) -> None:
        self._due = 0

    def _said(self, effect: fx.AgentSaid) -> None:
        whole = not effect.cut or effect.text.split() == self._book.replies.get(effect.generation).sound.spoken
        if effect.generation == self._due and whole:
            self._due = 0  # it was heard after all, as far as can be told, and only nobody told of it

    def _speak(self, effect: fx.Speak) -> None:
        due = self._book.replies.get(self._due)
        if self._due and effect.purpose == "silence" != due.purpose:
            contradict("words nobody heard are said again", f"{due.purpose} {due.number}")
        self._due = 0

    def _hang_up(self, effect: fx.HangUp) -> None:
        if self._due and effect.reason == "inactivity_timeout":
            contradict("words nobody heard are said again", self._due)


class VoiceAccount:
    """A voice that fails at a clause silences none before it, and one that fails again and again ends the call."""

    __slots__ = ("_book", "_failed", "_in_a_row")

    def __init__(self, book: Book) -> None:
        self._book = book
        self._failed: set[int] = set()  # utterances whose voice failed
        self._in_a_row = 0  # failures since a clause was heard that was made whole after them

    def reads(self) -> Handlers:
        """What it judges."""
        return {
            **dict.fromkeys((ev.VoiceFinished, ev.PlayoutStarted, ev.MarkPlayed), self._sound),
            fx.Clear: self._clear,
            fx.Note: self._note,
        }

    def close(self) -> None:
        """Nothing is left to judge."""

    def _sound(self, event: ev.VoiceFinished | ev.PlayoutStarted | ev.MarkPlayed) -> None:
        one = self._book.replies.audible
        if one is None or one.number != event.generation:
            return
        if one.number in self._failed and one.sound.cleared_us < 0:
            return  # it was made before that; what comes whole while the line is cleared came late, and shows that the voice works
        if one.sound.marked or (one.sound.playout_us >= 0 and 0 in one.sound.lengths):
            self._in_a_row = 0

    def _clear(self, effect: fx.Clear) -> None:
        event, one = self._book.event, self._book.replies.get(effect.generation)
        if not isinstance(event, ev.ProviderFailed) or event.kind != "voice" or event.generation != one.number:
            return
        if one.sound.marked < event.index < one.sound.clauses:
            contradict("what a voice has made is heard to its end", f"clause {event.index} of {one.number}")

    def _note(self, effect: fx.Note) -> None:
        if effect.kind != "voice_failed":
            return
        book, event, number = self._book, self._book.event, int(effect.text.split()[-1])
        one = book.replies.audible
        later = isinstance(event, ev.ProviderFailed) and event.generation == number and event.index > 0
        made = later and one is not None and one.number == number
        self._failed.add(number)
        self._in_a_row = 0 if made else self._in_a_row + 1
        if self._in_a_row >= VOICE_FAILURES_IN_A_ROW and book.live and not book.emits(fx.HangUp):
            contradict("a voice that always fails ends the call", f"{self._in_a_row} failures")


class FillerAccount:
    """A filler is said to its end, unless the caller goes on, or the agent is silenced."""

    __slots__ = ("_book",)

    def __init__(self, book: Book) -> None:
        self._book = book

    def reads(self) -> Handlers:
        """What it judges."""
        return {fx.StopAsset: self._stop}

    def close(self) -> None:
        """Nothing is left to judge."""

    def _stop(self, effect: fx.StopAsset) -> None:
        book = self._book
        words = isinstance(book.event, ev.TranscriptPartial | ev.TranscriptFinal)
        silenced = book.emits(fx.Withdrawn, fx.Clear) or any(
            isinstance(one, fx.AgentSaid) and one.cut for one in book.effects
        )
        if effect.lane == FILLER and not (words or silenced or self._talked_over() or book.notes("voicemail_found")):
            contradict("a filler is said to its end", book.at_us)

    def _talked_over(self) -> bool:
        """Whether the caller's sound may have gone on for so long that somebody speaks."""
        book, caller = self._book, self._book.caller
        lasts = caller.talking_us >= 0 and book.at_us + LATE_US >= caller.talking_us + RESUME_MS * 1000
        return lasts or caller.unsure
