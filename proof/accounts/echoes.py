"""The agent's own words, which the line gives back and the recogniser reads: nobody has said them, and nobody answers them."""

from __future__ import annotations

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.bounds import WORD_LONGEST_MS
from proof.accounts.book import Book, Handlers, contradict

LEAST_WORDS = 4
"""Of fewer words it is not certain whose they are: a caller repeats a word or two."""

NEAR_US = 250_000
"""How far sound and clause may lie apart: the line's delay, the detector's, and that of what is reported."""

CLAUSES_KEPT = 2


class EchoAccount:
    """Whole clauses that come back just where they were played, by the reports of the loudspeaker and of the detector."""

    __slots__ = ("_book", "_echoes", "_lag_us", "_last", "_next", "_played", "_since_us", "_texts")

    def __init__(self, book: Book) -> None:
        self._book = book
        self._texts: dict[tuple[int, int], str] = {}
        self._since_us = -1  # when the clause that is being played began
        self._next = 0  # and which it is
        self._last = 0  # the utterance that was heard before the present one: older ones are not looked for
        self._played: list[
            tuple[int, str, int, int]
        ] = []  # the last clauses played as long as they are: of what, and when
        self._lag_us = 1 << 40  # the least time from a position in the caller's audio to an event about it
        self._echoes: list[str] = []

    def reads(self) -> Handlers:
        """What it judges."""
        return {
            ev.ActivityBegan: self._told,
            ev.ActivityEnded: self._told,
            ev.TranscriptPartial: self._told,
            ev.TranscriptFinal: self._final,
            ev.PlayoutStarted: self._began,
            ev.MarkPlayed: self._mark,
            fx.Speak: self._speak,
            fx.AgentSaid: self._over,
            fx.Withdrawn: self._over,
            fx.UserSaid: self._user_said,
        }

    def close(self) -> None:
        """Nothing is left to judge."""

    def _speak(self, effect: fx.Speak) -> None:
        self._texts[effect.generation, effect.index] = effect.text

    def _began(self, event: ev.PlayoutStarted) -> None:
        audible = self._book.replies.audible
        if audible is not None and audible.number == event.generation and audible.sound.playout_us == self._book.at_us:
            self._since_us, self._next = self._book.at_us, 0

    def _mark(self, event: ev.MarkPlayed) -> None:
        book, audible = self._book, self._book.replies.audible
        if audible is None or audible.number != event.generation or audible.sound.cleared_us >= 0:
            return
        length = audible.sound.lengths.get(event.index)
        if length is not None and event.index == self._next and self._since_us >= audible.sound.playout_us >= 0:
            late_us = book.at_us - self._since_us - length.audio_ms * 1000
            words = len(self._texts[event.generation, event.index].split())
            # Of words that take longer than a caller's ever do the core does not look for the beginning so far back.
            if abs(late_us) < NEAR_US and length.audio_ms <= words * WORD_LONGEST_MS:
                text = self._texts[event.generation, event.index]
                self._played.append((event.generation, text, self._since_us, book.at_us))
                del self._played[:-CLAUSES_KEPT]
        if event.index >= self._next:
            self._since_us, self._next = book.at_us, event.index + 1

    def _over(self, effect: fx.AgentSaid | fx.Withdrawn) -> None:
        if self._book.replies.get(effect.generation).sound.playout_us >= 0:
            self._last = effect.generation

    def _told(self, event: ev.ActivityBegan | ev.ActivityEnded | ev.TranscriptPartial | ev.TranscriptFinal) -> None:
        self._lag_us = min(self._lag_us, event.at_us - event.audio_ms * 1000 - self._book.answered_us)

    def _final(self, event: ev.TranscriptFinal) -> None:
        self._told(event)
        book = self._book
        words = event.text.split()
        certain = len(words) >= LEAST_WORDS and any(map(_is_numbered, words)) and self._lag_us < NEAR_US
        if not (certain and book.live) or book.plan.written:
            return
        ended_us = book.answered_us + event.audio_ms * 1000
        began_us = book.answered_us + book.caller.newest_ms * 1000
        for generation, text, from_us, to_us in self._played:
            there = abs(ended_us - to_us) < NEAR_US and abs(began_us - from_us) < NEAR_US
            # A model's words may come twice, also inside a longer clause, whose echo says them again.
            once = sum(f" {text} " in f" {one} " for one in self._texts.values()) == 1
            if text == event.text and there and once and generation >= self._last:
                self._echoes.append(text)

    def _user_said(self, effect: fx.UserSaid) -> None:
        for echo in self._echoes:
            if f" {echo} " in f" {effect.text} ":
                contradict("the agent's own words are nobody's turn", f"{echo!r} in turn {effect.turn}")


def _is_numbered(word: str) -> bool:
    """Whether it is one of the simulated agent's words, each of which is said once (a17): others may come again."""
    return word[:1] == "a" and word[1:].rstrip(",.?").isdigit()
