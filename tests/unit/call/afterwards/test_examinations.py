"""Dispositions tried on a transcript: what they find and cost is told, nothing is kept, and few run at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.call.afterwards.test_postcall_dispositions import ALONE, Answering, bench

from callwright.call.afterwards import examinations
from callwright.call.afterwards.examinations import Examinations
from callwright.domain.errors import RateLimitedError
from callwright.domain.limits import EXAMINATION_SECONDS, MAX_EXAMINATIONS
from callwright.platform.prices.rules import Price, PriceBook
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import ModelDelta, ModelRequest
from callwright.ports.questions import Examination

MOOD = {"name": "Mood", "question": "How was it?", "is_subjective": True, "category": "Feelings"}
BOOK = PriceBook({("model_input", "counting", "m"): Price(5)})


class Waiting(Answering):
    """A model that answers when it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        await self.go.wait()
        async for delta in super().answer(request):
            yield delta


def examination(transcript: str = "user: Fine.", **body: Any) -> Examination:
    return Examination("t", transcript, datetime(2026, 3, 1, tzinfo=UTC), ALONE, [{**MOOD, **body}])


def over(model: Any) -> Examinations:
    made = bench()
    return Examinations(replace(made.deps, plugin=lambda kind, name: model, book=BOOK))


async def test_what_is_found_and_spent_is_told() -> None:
    found = await over(Answering()).examine(examination(model="counting"))
    assert found.extracted_data["Feelings"]["Mood"]["subjective"] == "Ann"
    assert found.extracted_data["General"]["Call Summary"]["answered"]
    assert (found.cost_nano, len(found.usage), found.failures) == (500, 1, [])


async def test_what_a_model_refuses_is_told() -> None:
    model = Answering()
    model.breaks = [ProviderError(FailureKind.REFUSED, "counting", "the key was refused")]
    found = await over(model).examine(examination())
    assert found.extracted_data["Feelings"]["Mood"]["error"] == "the key was refused"
    assert found.failures[0] == {"what": "disposition Feelings / Mood", "reason": "the key was refused"}


async def test_nobody_is_asked_about_an_empty_transcript() -> None:
    model = Answering()
    found = await over(model).examine(examination(""))
    assert found.extracted_data["Feelings"]["Mood"]["error"] == "nobody said anything in this call"
    assert model.requests == []


class Stuck(Answering):
    """A model that never answers a request with the word ``Stuck``."""

    name = "stuck"

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        if any("Stuck" in message.content for message in request.messages):
            await asyncio.Event().wait()
        async for delta in super().answer(request):
            yield delta


async def test_what_is_not_answered_in_time_says_so_beside_what_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examinations, "EXAMINATION_SECONDS", 0.05)
    trying = over(Stuck())
    asked = replace(examination(), bodies=[MOOD, {**MOOD, "name": "Stuck", "question": "Stuck?", "model": "stuck"}])
    found = await trying.examine(asked)
    late = "not answered within 0.05 s; try a shorter transcript, or name a faster model"
    told = found.extracted_data["Feelings"]
    assert (told["Mood"]["subjective"], told["Stuck"]["error"], told["Stuck"]["answered"]) == ("Ann", late, False)
    assert found.failures == [{"what": "dispositions", "reason": late}]
    assert (await trying.examine(examination())).extracted_data, "its place is free again"


async def test_only_few_are_under_way_at_once() -> None:
    model = Waiting()
    trying = over(model)
    accounts = [replace(examination(), tenant_id=f"t{number}") for number in range(MAX_EXAMINATIONS)]
    under_way = [asyncio.create_task(trying.examine(account)) for account in accounts]
    await asyncio.sleep(0)
    with pytest.raises(RateLimitedError) as refused:
        await trying.examine(examination())
    assert 1 <= refused.value.retry_after_s <= EXAMINATION_SECONDS
    model.go.set()
    await asyncio.gather(*under_way)
    assert (await trying.examine(examination())).extracted_data


async def test_one_account_does_not_take_the_place_of_another() -> None:
    model = Waiting()
    trying = over(model)
    first = asyncio.create_task(trying.examine(examination()))
    await asyncio.sleep(0)
    with pytest.raises(RateLimitedError, match=f"of this account .* within {EXAMINATION_SECONDS} s") as refused:
        await trying.examine(examination())
    assert refused.value.retry_after_s == EXAMINATION_SECONDS
    model.go.set()
    assert (await first).extracted_data
