"""What questions about a call cost is noted, also of those that were not answered to the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from callwright.call.afterwards.examiner import Examiner
from callwright.domain.limits import POST_QUESTION_SECONDS
from callwright.lab.virtual_loop import VirtualClock, VirtualLoop
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import Message, ModelDelta, ModelRequest, ModelSettings

ASKED = ModelRequest((Message("user", "w" * 400),), ModelSettings("m"), "summary")


class Mind:
    """A model that gives a piece of its answer, and then what it is told: an error, or nothing for ever (None)."""

    name = "mind"

    def __init__(self, then: ProviderError | None, piece: str) -> None:
        self._then = then
        self._piece = piece

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        if self._piece:
            yield ModelDelta(self._piece)
        if self._then is not None:
            raise self._then
        await asyncio.Event().wait()

    async def warm(self, request: ModelRequest) -> None:
        """Nothing."""


class Paper:
    """Notes that keep what was used."""

    def __init__(self) -> None:
        self.used: list[tuple[int, int, bool]] = []

    def fact(self, name: str, values: dict[str, Any]) -> None:
        if name == "usage":
            self.used.append((values["amount"], values["amount_output"], values.get("estimated", False)))

    def failed(self, what: str, reason: str) -> None:
        """Not looked at."""

    async def keep(self) -> None:
        """Nowhere."""


def used_by(mind: Mind, cancelled_after_s: float = 10 * POST_QUESTION_SECONDS) -> list[tuple[int, int, bool]]:
    paper = Paper()
    whatever: Any = mind

    async def ask() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        examiner = Examiner(lambda kind, name: whatever, VirtualClock(loop))
        async with asyncio.timeout(cancelled_after_s):
            await examiner.ask(mind, "mind", ASKED, paper)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        try:
            runner.run(ask())
        except TimeoutError:
            assert cancelled_after_s < POST_QUESTION_SECONDS
    return paper.used


def test_a_question_that_was_not_answered_in_time_is_billed_and_not_asked_again() -> None:
    assert used_by(Mind(None, "")) == [(100, 0, True)]


def test_a_question_that_is_cut_off_when_the_time_for_the_work_is_over_is_billed() -> None:
    assert used_by(Mind(None, "Well, ok"), 1) == [(100, 2, True)]


@pytest.mark.parametrize(("piece", "used"), [("Well, ok", [(100, 2, True)]), ("", [])])
def test_an_answer_that_broke_off_is_billed_and_one_that_was_refused_is_not(
    piece: str, used: list[tuple[int, int, bool]]
) -> None:
    assert used_by(Mind(ProviderError(FailureKind.BAD_REQUEST, "mind", "no"), piece)) == used
