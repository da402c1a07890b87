"""Requests not to be called, drawn at random with what they mean, are told from those that only begin like one.

What is meant is known from the parts of the sentence: a request that is complete, or explained, or made for ever, is one; a request that
the following words limit to something else is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import pytest

from callwright.conversation.opt_out import said

_BEFORE = ("", "", "hello", "look", "no thank you", "okay", "I said")
_NEVER = ("don't call me", "please don't contact us", "do not ring me", "don't phone this number", "don't bother us")
_STOP = (
    "stop calling me",
    "quit phoning us",
    "please stop contacting me",
    "would you stop ringing me",
    "stop bothering me",
)
_EXPLAINED = (
    "",
    "please",
    "I'm not interested",
    "I've told you before",
    "it's annoying",
    "it makes me angry",
    "this is harassment",
    "you have the wrong number",
    "we don't need anything",
    "there's nobody here by that name",
    "because I don't want it",
    "leave me alone",
    "and take me off your list",
    "and never write to me",
    "or I'll report you",
    "so goodbye",
)
_OFFERS = ("about your offers", "with these sales calls", "with your surveys", "about any products", "about marketing")
_MATTERS = ("about this", "about the house", "about that loan", "with offers like that")
_FOR_EVER = ("ever again", "anymore", "any more", "again")
_BUSINESS = ("about the invoice", "with the details", "regarding my order")
_LIMITED = (
    "so I can think",
    "so that the baby sleeps",
    "until Monday",
    "during the lesson",
    "about the invoice",
    "about my appointment",
    "with the details",
    "with questions and book it",
    "about the delivery, call my wife",
    "it's loud here, text me when you're outside",
    "text me instead",
    "contact my accountant",
    "or the dog barks",
    "and start working",
    "only about my order",
    "about advertising, only about my delivery",
)
_NAMED = ("calling it a fee", "calling this a loan", "calling them names", "calling it a fee, it's a tax")
_BEHIND = ("", "", "thank you", "okay")


@dataclass(frozen=True, slots=True)
class Request:
    """What a caller says. ``asks``: for no more calls."""

    text: str
    asks: bool


def request_of(seed: int) -> Request:
    """The request of the caller of ``seed``."""
    random = Random(seed + 2_000_003)
    parts, asks = random.choice(
        (
            (((*_NEVER, *_STOP), _EXPLAINED), True),
            (((*_NEVER, *_STOP), _OFFERS), True),
            ((_NEVER, _MATTERS, _FOR_EVER), True),
            (((*_NEVER, *_STOP), _LIMITED), False),
            ((_NEVER, _FOR_EVER, _BUSINESS), False),
            ((("stop", "would you please stop"), _NAMED), False),
        )
    )
    spoken = [part for part in map(random.choice, (_BEFORE, *parts, _BEHIND)) if part]
    mark = random.choice((" ", ", "))  # not every recogniser writes marks
    return Request(mark.join(spoken), asks)


@pytest.mark.parametrize("first", range(0, 2_000, 500))
def test_a_drawn_request_is_understood(first: int) -> None:
    requests = [request_of(seed) for seed in range(first, first + 500)]
    assert [one.text for one in requests if said(one.text, "en") != one.asks] == []


def test_some_ask_for_no_more_calls_and_some_do_not() -> None:
    assert {request_of(seed).asks for seed in range(100)} == {True, False}
