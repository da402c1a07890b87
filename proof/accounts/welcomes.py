"""The first words of a call: soon, without tools, and not an apology."""

from __future__ import annotations

from callwright.conversation import effects as fx
from callwright.conversation.bounds import WELCOME_MORE_MS, WELCOME_WAIT_MS
from proof.accounts.book import LATE_US, Book, Handlers, contradict


class WelcomeAccount:
    """Above all the welcome that the model writes, and what the caller hears when it does not."""

    __slots__ = ("_answered", "_book")

    def __init__(self, book: Book) -> None:
        self._book = book
        self._answered = False  # the model was asked for a reply, or the caller has said something

    def reads(self) -> Handlers:
        """What it judges."""
        return {
            fx.AskModel: self._ask,
            fx.UserSaid: self._user_said,
            fx.Speak: self._speak,
            fx.Withdrawn: self._withdrawn,
            fx.HangUp: self._hang_up,
        }

    def close(self) -> None:
        """Nothing is left to judge."""

    def _ask(self, effect: fx.AskModel) -> None:
        if effect.purpose != "welcome":
            self._answered = True
        elif effect.tools:
            contradict("the welcome calls no tools", effect.request)

    def _user_said(self, _effect: fx.UserSaid) -> None:
        self._answered = True

    def _speak(self, effect: fx.Speak) -> None:
        if effect.purpose == "apology" and not self._answered:
            contradict("a call does not begin with an apology", effect.text)
        elif effect.purpose == "silence":
            self._greeted()

    def _withdrawn(self, effect: fx.Withdrawn) -> None:
        if effect.reason == "welcome_late" and self._book.replies.get(effect.generation).purpose != "welcome":
            contradict("only a welcome can come too late", effect.generation)

    def _hang_up(self, effect: fx.HangUp) -> None:
        if effect.reason == "inactivity_timeout":
            self._greeted()

    def _greeted(self) -> None:
        """A silence counts only once the caller was greeted."""
        book = self._book
        if self._answered or not book.rendered(book.plan.welcome_message):
            return
        if not any(one.purpose == "welcome" and one.sound.released_us >= 0 for one in book.replies.all.values()):
            contradict("a caller who says nothing is greeted", book.at_us)

    def step(self) -> None:
        """After each step: a welcome that the model still writes is not waited for, nor is one kept back from a caller who is silent."""
        self._kept_back()
        pending = self._book.replies.pending
        if pending is None or pending.purpose != "welcome":
            return
        book = self._book
        instead = book.rendered(book.plan.welcome_message)  # else nothing is gained by giving up
        most_ms = WELCOME_WAIT_MS
        if not instead:
            most_ms += WELCOME_MORE_MS
        if book.at_us > pending.begun_us + most_ms * 1000 + LATE_US:
            contradict("a welcome that comes too late is not waited for", pending.number)

    def _kept_back(self) -> None:
        book, plan = self._book, self._book.plan
        if not book.live or book.replies.all or plan.voicemail or plan.welcome_by_model:
            return
        due = book.at_us >= book.answered_us + plan.welcome_delay_ms * 1000
        silent = book.caller.talking_us < 0 and not book.caller.unsure
        if due and silent and book.rendered(plan.welcome_message):
            contradict("a welcome that is due is said when the caller is silent", book.at_us)
