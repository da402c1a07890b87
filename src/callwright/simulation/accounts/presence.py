"""Whoever only asks whether somebody is there, or makes a sound without words, does not lose the answer that is being made."""

from __future__ import annotations

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.phrases import NODS, PRESENCE
from callwright.conversation.stops import base_language, normalised
from callwright.simulation.accounts.book import Book, Handlers, contradict
from callwright.simulation.accounts.words import keyed


def only_asks(text: str, language: str) -> bool:
    """Whether ``text`` asks whether somebody is there, perhaps beside an "oh", and says nothing else."""
    spoken = dict.fromkeys(("en", base_language(language)))
    asks = _known(PRESENCE, spoken)
    return _is_row(normalised(text), (*asks, *_known(NODS, spoken)), frozenset(asks), False)


def _known(table: object, spoken: dict[str, None]) -> tuple[str, ...]:
    assert isinstance(table, dict)
    return tuple(normalised(phrase) for language in spoken for phrase in table.get(language, ()))


def _is_row(text: str, known: tuple[str, ...], asks: frozenset[str], asked: bool) -> bool:
    """Whether ``text`` is a row of ``known`` phrases, one of which ``asks``, unless one was ``asked`` before."""
    if not text:
        return asked
    begins = [phrase for phrase in known if f"{text} ".startswith(f"{phrase} ")]
    return any(_is_row(text[len(one) :].lstrip(), known, asks, asked or one in asks) for one in begins)


class PresenceAccount:
    """The words told since a reply was asked for, and whether the reply was given up for them."""

    __slots__ = ("_asked", "_book", "_final", "_read_ms", "_told")

    def __init__(self, book: Book) -> None:
        self._book = book
        self._told: dict[int, list[str]] = {}  # segment -> its newest words
        self._asked: dict[int, list[str]] = {}  # the same when the reply was certainly asked for
        self._final: set[int] = set()
        self._read_ms: dict[int, int] = {}  # segment -> up to where in the audio its finals reach

    def reads(self) -> Handlers:
        """What it judges."""
        return {
            ev.TranscriptPartial: self._hear,
            ev.TranscriptFinal: self._hear,
            fx.AskModel: self._ask,
            fx.Committed: self._ask,
            fx.Withdrawn: self._withdrawn,
            fx.Note: self._note,
        }

    def close(self) -> None:
        """Nothing is left to judge."""

    def _hear(self, event: ev.TranscriptPartial | ev.TranscriptFinal) -> None:
        segment, read_ms = event.segment, self._read_ms.get(event.segment, -1)
        if isinstance(event, ev.TranscriptFinal):
            self._read_ms[segment] = max(event.audio_ms, read_ms)
            if event.text:
                self._final.add(segment)
        elif segment in self._final or event.audio_ms <= read_ms:
            return  # it was overtaken by its own final
        self._told[segment] = normalised(event.text).split()

    def _ask(self, _effect: fx.AskModel | fx.Committed) -> None:
        self._asked = dict(self._told)

    def _note(self, effect: fx.Note) -> None:
        """Words that were none: those of an echo are not heard again, those that nobody confirmed may be."""
        if effect.kind == "echo":
            echo = normalised(effect.text).split()
            gone = {segment: words for segment, words in self._told.items() if echo and words[-len(echo) :] == echo}
            self._asked.update(gone)
        elif effect.kind == "words_unconfirmed":
            self._told.clear()

    def _withdrawn(self, effect: fx.Withdrawn) -> None:
        book, one = self._book, self._book.replies.get(effect.generation)
        if effect.reason != "caller_continued" or one.speculative or not one.asked or not book.live:
            return
        if keyed(one.asked):
            return  # words that are read late may have been said before the keys: they stand in front of them, and are new
        if isinstance(book.event, ev.RecogniserResumed) or book.notes("echo") or book.replies.audible is not None:
            return
        behind: list[str] = []
        for segment in sorted(self._told):
            before, now = self._asked.get(segment, []), self._told[segment]
            if now[: len(before)] != before or (behind and before):
                return  # what was answered is read as other words now
            behind += now[len(before) :]
        if not behind:
            contradict("a sound without words takes no answer back", effect.generation)
        if only_asks(" ".join(behind), book.plan.language):
            contradict(
                "who asks whether somebody is there gets the answer", f"{' '.join(behind)!r} to {effect.generation}"
            )
