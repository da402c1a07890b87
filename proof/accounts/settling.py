"""The words as they were told last, and by when it is known whether the caller has finished."""

from __future__ import annotations

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import COVER_SLACK_MS, FINAL_WAIT_MS, VERDICT_WAIT_MS
from callwright.conversation.stops import normalised
from proof.accounts.book import Book, Handlers

LEAST_MOST_PERCENT, PATIENCE_MOST_PERCENT = 110, 250
"""What is dictated letter by letter has the longest pauses: before the first nobody has finished, behind the second everybody has."""


class Told:
    """The newest words of each segment. A partial that its own final has overtaken says nothing."""

    __slots__ = ("_final", "_read_ms", "final_ms", "unread", "words")

    def __init__(self) -> None:
        self.words: dict[int, list[str]] = {}
        self.unread: set[int] = set()  # segments whose words may still change, and are in no turn
        self.final_ms = -1  # up to where in the caller's audio finals reach
        self._final: set[int] = set()
        self._read_ms: dict[int, int] = {}  # segment -> the same

    def hear(self, event: ev.TranscriptPartial | ev.TranscriptFinal) -> None:
        """Words."""
        segment, read_ms = event.segment, self._read_ms.get(event.segment, -1)
        final = isinstance(event, ev.TranscriptFinal)
        if final:
            self.final_ms = max(self.final_ms, event.audio_ms)
            self._read_ms[segment] = max(event.audio_ms, read_ms)
            if event.text:
                self._final.add(segment)
        elif segment in self._final or event.audio_ms <= read_ms:
            return
        if final or not event.text:
            self.unread.discard(segment)
        else:
            self.unread.add(segment)
        self.words[segment] = normalised(event.text).split()


class Settling:
    """When the caller's turn is over at the latest, by what was told: somebody says so, or nobody does for long enough, and its words are
    final, or are not waited for any longer."""

    __slots__ = ("_asked_us", "_book", "_denied", "_over_us", "_request", "_said", "due_us", "told")

    def __init__(self, book: Book) -> None:
        self._book = book
        self.told = Told()
        self._request = 0  # the newest question to the turn model
        self._asked_us = -1
        self._denied = False  # it says that the caller goes on
        self._said = False  # it says that the caller has finished, or the recogniser does
        self._over_us = 0  # when a sound that has not ended is none of the caller's any more, at the latest
        self.due_us = 0  # of the turn that was taken last

    def reads(self) -> Handlers:
        """What it follows."""
        return {
            ev.ActivityBegan: self._sounds,
            ev.ActivityEnded: self._sounds,
            ev.TranscriptPartial: self._hears,
            ev.TranscriptFinal: self._hears,
            ev.RecogniserEnd: self._ends,
            ev.TurnVerdict: self._judged,
            fx.AskTurnModel: self._asks,
            fx.UserSaid: self._taken,
        }

    def _hears(self, event: ev.TranscriptPartial | ev.TranscriptFinal) -> None:
        self.told.hear(event)
        self._wait()

    def _wait(self) -> None:
        caller = self._book.caller
        since_us = max(caller.talking_us, caller.newest_us, caller.told_us)
        sounds = caller.talking_us >= 0 or caller.unsure
        self._over_us = since_us + caller.waited_ms * 1000 if sounds else 0

    def _sounds(self, _event: ev.Event) -> None:
        """A new pause is a new question, whatever was said of the one before."""
        self._said = self._denied = False
        self._wait()

    def _ends(self, event: ev.RecogniserEnd) -> None:
        caller = self._book.caller
        self._said = event.audio_ms + COVER_SLACK_MS >= max(caller.end_ms, caller.newest_ms)
        self._wait()

    def _asks(self, effect: fx.AskTurnModel) -> None:
        self._request, self._asked_us = effect.request, self._book.at_us
        self._said = self._denied = False

    def _judged(self, event: ev.TurnVerdict) -> None:
        if event.request == self._request:
            self._said = event.probability_ppm >= self._book.plan.turn_threshold_ppm
            self._denied = not self._said

    def _taken(self, _effect: fx.UserSaid) -> None:
        self.due_us = self._reckon_us()
        self.told.unread.clear()

    def _reckon_us(self) -> int:
        book, plan, caller = self._book, self._book.plan, self._book.caller
        zero_us = max(book.answered_us, caller.zero_us)
        ended_us = max(zero_us + caller.known_ms * 1000, self._over_us)
        most_ms = plan.patience_ms * PATIENCE_MOST_PERCENT // 100
        waits_ms = plan.patience_ms * LEAST_MOST_PERCENT // 100
        judged_us = 0
        if self._said:
            pass
        elif not plan.turn_model:
            waits_ms = max(waits_ms, min(plan.endpointing_ms, most_ms))
        elif self._denied:
            waits_ms = most_ms
        else:
            judged_us = self._asked_us + VERDICT_WAIT_MS * 1000
        if self.told.unread or self.told.final_ms + COVER_SLACK_MS < caller.known_ms:
            waits_ms = most_ms + FINAL_WAIT_MS
        return max(ended_us + waits_ms * 1000, judged_us)
