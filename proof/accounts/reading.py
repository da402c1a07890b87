"""Reading a whole conversation against all accounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from proof.accounts.book import Book, ContradictionError, Handlers
from proof.accounts.dues import DuesAccount, FailureAccount, PromptAccount
from proof.accounts.echoes import EchoAccount
from proof.accounts.endings import EndingAccount
from proof.accounts.goodbyes import GoodbyeAccount
from proof.accounts.machines import MachineAccount
from proof.accounts.manners import BargeInAccount, FloorAccount
from proof.accounts.memory import MemoryAccount
from proof.accounts.pauses import PauseAccount
from proof.accounts.presence import PresenceAccount
from proof.accounts.resumes import ResumeAccount
from proof.accounts.settling import Settling
from proof.accounts.speech import SpeechAccount
from proof.accounts.times import LimitsAccount, SilenceAccount
from proof.accounts.tools import ToolAccount, TransferAccount
from proof.accounts.voices import FillerAccount, UnheardAccount, VoiceAccount
from proof.accounts.welcomes import WelcomeAccount
from proof.accounts.words import KeysAccount, WordsAccount


class Account(Protocol):
    """One side of the truth."""

    def reads(self) -> Handlers:
        """What it follows and judges, by type of event or effect."""

    def close(self) -> None:
        """The conversation is over."""


def contradiction(
    steps: Sequence[tuple[ev.Event, tuple[fx.Effect, ...]]], heard: Mapping[int, frozenset[str]], ended: bool
) -> str:
    """The first rule that the record breaks, or nothing. ``heard``: the world's own account of the words that left the loudspeaker."""
    book = Book(heard)
    keys, speech, limits = KeysAccount(book), SpeechAccount(book), LimitsAccount(book)
    words, barge_in = WordsAccount(book, keys), BargeInAccount(book, keys)
    floor, machine, welcome = FloorAccount(book, keys), MachineAccount(book), WelcomeAccount(book)
    silence, goodbye, settling = SilenceAccount(book), GoodbyeAccount(book), Settling(book)
    accounts: tuple[Account, ...] = (
        *(
            speech,
            words,
            keys,
            floor,
            barge_in,
            MemoryAccount(book),
            ToolAccount(book),
            TransferAccount(book),
        ),
        *(
            silence,
            limits,
            EndingAccount(book),
            goodbye,
            PromptAccount(book, settling),
            FailureAccount(book),
            DuesAccount(book),
            UnheardAccount(book),
            VoiceAccount(book),
            FillerAccount(book),
            ResumeAccount(book),
            PauseAccount(book),
            EchoAccount(book),
            PresenceAccount(book),
            machine,
            welcome,
        ),
    )
    followed = (book.replies.reads(), book.work.reads(), book.reads(), settling.reads())
    handlers = _merged([*followed, *(account.reads() for account in accounts)])
    after = (
        *(speech.waits, words.step, keys.step, floor.step, silence.step),
        *(limits.step, machine.step, welcome.step, goodbye.step),
    )
    try:
        for event, effects in steps:
            book.turn_page(event, effects)
            for handler in handlers.get(type(event), ()):
                handler(event)
            for effect in effects:
                for handler in handlers.get(type(effect), ()):
                    handler(effect)
            for judge in after:
                judge()
        if ended:
            for account in accounts:
                account.close()
    except ContradictionError as error:
        return str(error)
    return ""


def _merged(tables: Sequence[Handlers]) -> dict[type, tuple[Callable[[Any], None], ...]]:
    merged: dict[type, list[Callable[[Any], None]]] = {}
    for table in tables:
        for kind, handler in table.items():
            merged.setdefault(kind, []).append(handler)
    return {kind: tuple(handlers) for kind, handlers in merged.items()}
