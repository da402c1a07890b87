"""How long an ending may take: its words are heard to their end, and nobody waits for ever for what does not come."""

from __future__ import annotations

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import (
    CLEARED_WAIT_MS,
    ENDING_MOST_MS,
    FALSE_WAIT_MS,
    GOODBYE_MOST_MS,
    MS_PER_CHARACTER,
    PLAYOUT_SLACK_MS,
    SLOW_MS_PER_CHARACTER,
    VOICE_WAIT_MS,
)
from proof.accounts.book import LATE_US, Book, Handlers, contradict
from proof.accounts.replies import Sound, Utterance


def rest_ms(sound: Sound) -> int:
    """How long what is not known to have been heard may take: as long as the voice told, and what it has not told of, by its letters."""
    return sum(_clause_ms(sound, index) for index in range(sound.marked, sound.clauses))


def _clause_ms(sound: Sound, index: int) -> int:
    told = sound.lengths.get(index)
    if told is not None and told.audio_ms > 0:
        return told.audio_ms
    return len(sound.texts[index]) * (SLOW_MS_PER_CHARACTER if index in sound.begun else MS_PER_CHARACTER)


class GoodbyeAccount:
    """Somebody beside the line who knows how long the last words are. ``step`` is called after each step."""

    __slots__ = ("_book", "_closing_us", "_since_us")

    def __init__(self, book: Book) -> None:
        self._book = book
        self._closing_us = -1  # since when the call is ending
        self._since_us = 0  # when something of the ending was said, or over, last

    def reads(self) -> Handlers:
        """What it judges."""
        settled: tuple[type, ...] = (fx.AgentSaid, fx.Withdrawn, fx.Release, fx.Clear)
        return {fx.Note: self._note, fx.HangUp: self._hang_up, **dict.fromkeys(settled, self._move)}

    def close(self) -> None:
        """Nothing is left to judge."""

    def _move(self, _effect: object) -> None:
        self._since_us = self._book.at_us

    def _note(self, effect: fx.Note) -> None:
        book, audible = self._book, self._book.replies.audible
        if effect.kind == "goodbye_cut":
            maximum_us = book.maximum_us + GOODBYE_MOST_MS * 1000
            longest_us = self._closing_us + ENDING_MOST_MS * 1000
            if self._closing_us < 0 or book.at_us + LATE_US < min(maximum_us, longest_us):
                contradict("what ends a call is cut by its longest time alone", book.at_us)
        elif audible is not None and effect == fx.Note("voice_failed", f"generation {audible.number}"):
            self._given_up(audible)

    def _given_up(self, one: Utterance) -> None:
        """A voice that has begun, and did not say that it failed, has the time its words take."""
        book, sound = self._book, one.sound
        failed = isinstance(book.event, ev.ProviderFailed) or sound.lost
        if failed or sound.voice_us < 0 or not sound.complete:
            return
        if book.at_us + LATE_US < one.sign_us + (rest_ms(sound) + PLAYOUT_SLACK_MS) * 1000:
            contradict("a voice that still speaks is not given up", f"{one.number} since {one.sign_us}")

    def _hang_up(self, _effect: fx.HangUp) -> None:
        book, audible = self._book, self._book.replies.audible
        stopped = isinstance(book.event, ev.StopRequested) or book.over or book.handed
        if stopped or audible is None or not audible.farewell or audible.answering:
            return
        if not book.notes("goodbye_cut", "voice_failed"):
            contradict("the last words of the model are heard to their end", audible.number)

    @property
    def _closing(self) -> bool:
        book, audible = self._book, self._book.replies.audible
        last_words = audible is not None and audible.farewell and not audible.answering
        over = book.hung_up or book.over or book.handed
        return book.answered_us >= 0 and not over and (book.ending or last_words)

    def step(self) -> None:
        """After each step: does the ending go on?"""
        book, audible = self._book, self._book.replies.audible
        if not self._closing:
            self._closing_us = -1
            return
        if self._closing_us < 0:
            self._closing_us = self._since_us = book.at_us
        since_us, wait_ms = self._since_us, FALSE_WAIT_MS
        if audible is not None:
            since_us, wait_ms = max(since_us, audible.sign_us), self._wait_ms(audible)
        if book.at_us > since_us + wait_ms * 1000 + LATE_US:
            contradict("an ending goes on", f"{since_us} to {book.at_us}")

    def _wait_ms(self, one: Utterance) -> int:
        if one.sound.cleared_us >= 0:
            return CLEARED_WAIT_MS
        if one.answering:
            return max(self._book.plan.reply_timeout_ms, VOICE_WAIT_MS)
        return VOICE_WAIT_MS if one.sound.voice_us < 0 else rest_ms(one.sound) + PLAYOUT_SLACK_MS
