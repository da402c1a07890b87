"""Words that stop the agent at once, however few they are."""

from __future__ import annotations

import re

STOP_PHRASES: frozenset[str] = frozenset(
    {
        "stop",
        "stop it",
        "stop talking",
        "please stop",
        "quit",
        "cancel",
        "wait",
        "wait a minute",
        "wait a moment",
        "wait a second",
        "just a moment",
        "just a second",
        "one moment",
        "one second",
        "hold on",
        "hold on a second",
        "hang on",
        "no",
        "nope",
        "no wait",
        "no stop",
        "excuse me",
        "sorry to interrupt",
        "listen",
        "listen to me",
        "be quiet",
        "shut up",
        "enough",
        "that's enough",
        "bye",
        "goodbye",
        "good bye",
    }
)

_NOT_A_WORD = re.compile(r"[^\w\s']+")


def normalised(text: str) -> str:
    """``text`` without case and punctuation, single spaces."""
    return " ".join(_NOT_A_WORD.sub(" ", text.casefold().replace("’", "'")).split())


def is_stop_phrase(text: str) -> bool:
    """Whether ``text`` says nothing but a stop phrase, once or again and again ("no no no")."""
    words = normalised(text).split()
    once = [word for position, word in enumerate(words) if position == 0 or word != words[position - 1]]
    return " ".join(once) in STOP_PHRASES
