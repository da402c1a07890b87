"""How long a call waits for its parts: shortly for the model, longer for voice and recogniser, and never when it is over."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.call.world import Bench, VirtualClock, settle

from callwright.call.live.warming import Warming
from callwright.conversation.plan import CallPlan
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import ModelSettings
from callwright.ports.speech import VoiceSettings

A_MOMENT_S = 0.001
LONG_S = 60.0


class Parts:
    """Model, voice and recogniser, each ready when the test says so."""

    def __init__(self) -> None:
        self.model, self.voice, self.ears = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.over = asyncio.Event()
        self.fails: ProviderError | None = None

    def warming(self) -> Warming:
        """Begin to prepare."""

        async def voice(settings: Any) -> None:
            if self.fails is not None:
                raise self.fails
            await self.voice.wait()

        async def model(request: Any) -> None:
            await self.model.wait()

        async def ears() -> None:
            await self.ears.wait()

        thinker = SimpleNamespace(
            model=SimpleNamespace(warm=model), settings=ModelSettings(model="m"), provider="p", variables={}
        )
        speaker = SimpleNamespace(voice=SimpleNamespace(warm=voice), settings=VoiceSettings(), provider="p")
        equipment: Any = SimpleNamespace(thinker=thinker, speaker=speaker)
        session: Any = SimpleNamespace(open_ears=ears, prepare=lambda _plan: None)
        warming = Warming(Bench().runner, VirtualClock())
        warming.start(session, equipment, CallPlan(), {})
        return warming


@pytest.fixture
def parts() -> Parts:
    return Parts()


async def test_it_does_not_wait_when_everything_is_ready(parts: Parts) -> None:
    for part in (parts.model, parts.voice, parts.ears):
        part.set()
    await parts.warming().wait(LONG_S, parts.over, LONG_S)


async def test_a_slow_model_is_not_waited_for_once_voice_and_recogniser_are_ready(parts: Parts) -> None:
    warming = parts.warming()
    parts.voice.set()
    parts.ears.set()
    await warming.wait(A_MOMENT_S, parts.over, LONG_S)
    await warming.aclose()


@pytest.mark.parametrize("late", ["voice", "ears"])
async def test_a_caller_rings_on_until_voice_and_recogniser_are_ready(parts: Parts, late: str) -> None:
    warming = parts.warming()
    for name in {"voice", "ears"} - {late}:
        getattr(parts, name).set()
    waiting = asyncio.create_task(warming.wait(0, parts.over, LONG_S))
    await settle()
    assert not waiting.done()
    getattr(parts, late).set()
    await waiting
    await warming.aclose()


async def test_it_goes_on_without_what_is_not_ready_in_time(parts: Parts) -> None:
    warming = parts.warming()
    await warming.wait(A_MOMENT_S, parts.over, 2 * A_MOMENT_S)
    await warming.aclose()


async def test_a_caller_who_gives_up_ends_the_waiting(parts: Parts) -> None:
    warming = parts.warming()
    waiting = asyncio.create_task(warming.wait(LONG_S, parts.over, LONG_S))
    await settle()
    parts.over.set()
    await waiting
    await warming.aclose()


async def test_a_voice_that_fails_is_not_waited_for(parts: Parts) -> None:
    parts.fails = ProviderError(FailureKind.UNAVAILABLE, "p", "gone")
    warming = parts.warming()
    parts.ears.set()
    await warming.wait(A_MOMENT_S, parts.over, LONG_S)
    await warming.aclose()
