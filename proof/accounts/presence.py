"""Whoever only asks whether somebody is there, or makes a sound without words, does not lose the answer that is being made."""

from __future__ import annotations

from collections.abc import Mapping

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.conversation.asking import HALF_SAID
from callwright.conversation.phrases import NODS, OPENINGS, PRESENCE
from callwright.conversation.stops import base_language, normalised
from proof.accounts.book import Book, Handlers, contradict
from proof.accounts.settling import Told
from proof.accounts.words import keyed

ANSWERS = frozenset({"right", "all right", "alright"})
"""Openings that answer: beside a call for presence they are something."""


def only_asks(text: str, language: str, perhaps: bool = False) -> bool:
    """Whether ``text`` asks whether somebody is there, beside nothing but an "oh". A yes or a no beside it is an answer, and so it may
    be with what else sentences open with ("sure, hello?"): ``perhaps`` such words count as nothing, too."""
    spoken = dict.fromkeys(("en", base_language(language)))
    asks = _known(PRESENCE, spoken)
    openings = (one for one in _known(OPENINGS, spoken) if perhaps and one not in ANSWERS)
    return _is_row(normalised(text), (*asks, *_known(NODS, spoken), *openings), frozenset(asks), False)


def answers_all(asked: str, said: str, language: str) -> bool:
    """Whether a reply to the words ``asked`` answers all that was ``said``: behind them nothing but a call for presence."""
    told, heard = normalised(asked).split(), normalised(said).split()
    behind = " ".join(heard[len(told) :])
    return told == heard[: len(told)] and (not behind or only_asks(behind, language, perhaps=True))


def _is_half(text: str, language: str) -> bool:
    """Whether something is missing behind ``text``."""
    ends = _known(HALF_SAID, dict.fromkeys(("en", base_language(language))))
    return f" {normalised(text)}".endswith(tuple(f" {end}" for end in ends))


def _known(table: Mapping[str, tuple[str, ...]], spoken: dict[str, None]) -> tuple[str, ...]:
    return tuple(normalised(phrase) for language in spoken for phrase in table.get(language, ()))


def _is_row(text: str, known: tuple[str, ...], asks: frozenset[str], asked: bool) -> bool:
    """Whether ``text`` is a row of ``known`` phrases, one of which ``asks``, unless one was ``asked`` before."""
    if not text:
        return asked
    begins = [phrase for phrase in known if f"{text} ".startswith(f"{phrase} ")]
    return any(_is_row(text[len(one) :].lstrip(), known, asks, asked or one in asks) for one in begins)


class PresenceAccount:
    """The words told since a reply was asked for, and whether the reply was given up for them."""

    __slots__ = ("_asked", "_book", "_told", "_typed")

    def __init__(self, book: Book) -> None:
        self._book = book
        self._told = Told()
        self._typed = False  # since a reply was asked for
        # The words of each segment when the reply was asked for, or was certainly the answer.
        self._asked: dict[int, list[str]] = {}

    def reads(self) -> Handlers:
        """What it judges."""
        return {
            ev.TranscriptPartial: self._told.hear,
            ev.TranscriptFinal: self._told.hear,
            ev.KeyPressed: self._type,
            fx.AskModel: self._ask,
            fx.Committed: self._commit,
            fx.CloseUtterance: self._hear_out,
            fx.UserSaid: self._user_said,
            fx.Withdrawn: self._withdrawn,
            fx.Note: self._note,
        }

    def close(self) -> None:
        """Nothing is left to judge."""

    def _type(self, _event: ev.KeyPressed) -> None:
        self._typed = True

    def _ask(self, _effect: fx.AskModel | fx.Committed) -> None:
        self._typed = False
        self._asked = dict(self._told.words)

    def _commit(self, effect: fx.Committed) -> None:
        """A guess was made before the caller had finished: any words behind it take it back, and be they only a call for presence."""
        behind = self._behind()
        if behind and only_asks(" ".join(behind), self._book.plan.language, perhaps=True):
            contradict("a guess answers all that was said", f"{' '.join(behind)!r} to {effect.generation}")
        self._ask(effect)

    def _hear_out(self, _effect: fx.CloseUtterance) -> None:
        """A reply that nothing was said for, one to a tool's answer, has heard out what was said meanwhile: it answers that now."""
        one = self._book.replies.pending
        if one is not None and one.purpose == "reply" and not (one.asked or one.speculative):
            self._asked = dict(self._told.words)

    def _user_said(self, effect: fx.UserSaid) -> None:
        """The words of a turn are taken, by the reply that is performed, if any is: it answers them, be it by tools without a word."""
        book, one = self._book, self._book.replies.pending
        if one is None or not one.asked or one.turn != effect.turn or book.emits(fx.Withdrawn):
            return
        performed = book.emits(fx.Release, fx.CallTool, fx.SendKeys, fx.Transfer)
        if performed and not answers_all(one.asked, effect.text, book.plan.language):
            contradict(
                "a reply answers all that was said", f"{effect.text!r} in {one.number}, which answers {one.asked!r}"
            )

    def _note(self, effect: fx.Note) -> None:
        """Words that were none: those of an echo are not heard again, those that nobody confirmed may be."""
        told = self._told.words
        if effect.kind == "echo":
            echo = normalised(effect.text).split()
            gone = {segment: words for segment, words in told.items() if echo and words[-len(echo) :] == echo}
            self._asked.update(gone)
        elif effect.kind == "words_unconfirmed":
            told.clear()

    def _behind(self) -> list[str] | None:
        """The words that were told behind those of the reply; None where these are read as other words now."""
        behind: list[str] = []
        for segment in sorted(self._told.words):
            before, now = self._asked.get(segment, []), self._told.words[segment]
            if now[: len(before)] != before or (behind and before):
                return None
            behind += now[len(before) :]
        return behind

    def _withdrawn(self, effect: fx.Withdrawn) -> None:
        book, one = self._book, self._book.replies.get(effect.generation)
        if effect.reason != "caller_continued" or one.speculative or one.purpose != "reply" or not book.live:
            return
        if _is_half(one.asked, book.plan.language):
            return  # whatever is said behind half a sentence may be the rest of it
        if keyed(one.asked) or (self._typed and not one.asked):
            return  # words that are read late may have been said before the keys: they stand in front of them, and are new
        if isinstance(book.event, ev.RecogniserResumed) or book.notes("echo") or book.replies.audible is not None:
            return
        behind = self._behind()
        if behind is None:
            return
        if not behind:
            contradict("a sound without words takes no answer back", effect.generation)
        if only_asks(" ".join(behind), book.plan.language):
            contradict(
                "who asks whether somebody is there gets the answer", f"{' '.join(behind)!r} to {effect.generation}"
            )
