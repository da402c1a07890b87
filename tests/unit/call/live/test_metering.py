"""Metering: whatever becomes of a question to a model, what it used is reported, and an estimate is told from a report."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from callwright.call.live.metering import metered, question_characters
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import Message, ModelDelta, ModelRequest, ModelSettings, Tool, ToolCall
from callwright.ports.speech import UsageAmount

ASKED = ModelRequest((Message("system", "s" * 80), Message("user", "hello")), ModelSettings("m"))
READ = 85 // 4


class Mind:
    """A model that is not asked here."""

    name = "mind"
    costs_nothing = False

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Nothing."""
        yield ModelDelta()

    async def warm(self, request: ModelRequest) -> None:
        """Nothing."""


def used(*amounts: int) -> UsageAmount:
    return UsageAmount("model", "mind", "m-1", *amounts)


def reported(
    *deltas: ModelDelta, error: BaseException | None = None, asked: ModelRequest = ASKED, free: bool = False
) -> list[tuple[int, int, bool]]:
    """What is reported of an answer of these deltas that ends with ``error``: tokens read, written, and whether by an estimate."""
    found: list[tuple[int, int, bool]] = []
    mind = Mind()
    mind.costs_nothing = free
    with (
        suppress(BaseException),
        metered(mind, asked, lambda one, guess: found.append((one.amount, one.amount_output, guess))) as meter,
    ):
        for delta in deltas:
            meter.take(delta)
        if error is not None:
            raise error
    return found


REFUSED = ProviderError(FailureKind.REFUSED, "mind", "no key")
WORDS, END = ModelDelta("Good day"), ModelDelta(ended="stop")


@pytest.mark.parametrize(
    ("deltas", "error", "found"),
    [
        ((WORDS, ModelDelta(ended="stop", usage=used(21, 4))), None, [(21, 4, False)]),
        ((WORDS, END), None, [(READ, 2, True)]),
        ((END,), None, [(READ, 0, True)]),
        ((WORDS, ModelDelta(ended="stop", usage=used(0, 0))), None, [(READ, 2, True)]),
        ((WORDS, ModelDelta(ended="stop", usage=used(0, 3))), None, [(0, 3, False), (READ, 0, True)]),
        ((WORDS, ModelDelta(ended="stop", usage=used(21, 0))), None, [(21, 0, False), (0, 2, True)]),
        ((ModelDelta(usage=used(21)), WORDS, ModelDelta(usage=used(0, 4))), None, [(21, 0, False), (0, 4, False)]),
        ((), asyncio.CancelledError(), [(READ, 0, True)]),
        ((), TimeoutError(), [(READ, 0, True)]),
        ((WORDS,), asyncio.CancelledError(), [(READ, 2, True)]),
        ((ModelDelta(usage=used(21)), WORDS), asyncio.CancelledError(), [(21, 0, False), (0, 2, True)]),
        ((WORDS,), REFUSED, [(READ, 2, True)]),
        ((ModelDelta(reasoning="Hmmm"),), REFUSED, [(READ, 1, True)]),
        ((ModelDelta(tool_call=ToolCall("c", "book", "{}")),), REFUSED, [(READ, 2, True)]),
        ((), REFUSED, []),
        ((), ValueError("a defect"), []),
    ],
)
def test_what_was_used_is_reported_and_what_is_not_told_is_estimated(
    deltas: tuple[ModelDelta, ...], error: BaseException | None, found: list[tuple[int, int, bool]]
) -> None:
    assert reported(*deltas, error=error) == found


def test_a_model_that_costs_nothing_is_believed() -> None:
    nothing = ModelDelta(ended="stop", usage=used(0, 0))
    assert reported(WORDS, nothing, free=True) == [(0, 0, False)]
    assert reported(WORDS, END, free=True) == [(READ, 2, True)]


def test_a_question_is_all_that_a_model_is_given_to_read() -> None:
    call = Message("assistant", "", (ToolCall("c", "book", '{"day": 1}'),))
    asked = ModelRequest((*ASKED.messages, call), ASKED.settings, tools=(Tool("book", "Books.", "{}"),), schema="{}")
    assert question_characters(asked) == 85 + 14 + 12 + 2


def test_an_estimate_has_the_names_that_the_model_told() -> None:
    found: list[UsageAmount] = []
    with metered(Mind(), ASKED, lambda one, _: found.append(one)) as meter:
        meter.take(ModelDelta("Good day", ended="stop", usage=UsageAmount("model", "vendor", "house", 0)))
    assert found == [UsageAmount("model", "vendor", "house", READ, 2)]
