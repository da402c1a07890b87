"""Preparing a call while nobody is heard yet: the recogniser opens, model and voice are loaded and read the prompt."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from typing import Any

from callwright.call.live.boundary import plugin_boundary
from callwright.call.live.failover import ConnectedProvider, connection_at_work
from callwright.call.live.runner import CallRunner
from callwright.call.live.session import CallSession, Equipment
from callwright.conversation.history import stable_characters, system_text
from callwright.conversation.plan import CallPlan
from callwright.domain.variables import render
from callwright.ports.failures import FailureKind
from callwright.ports.model import Message, ModelRequest
from callwright.ports.world import Clock

_LOG = logging.getLogger(__name__)


class Warming:
    """What prepares one call. A failure is logged only: what is really wrong shows at the first use."""

    def __init__(self, runner: CallRunner, clock: Clock) -> None:
        self._runner = runner
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._speech: set[asyncio.Task[None]] = set()

    def start(self, session: CallSession, equipment: Equipment, plan: CallPlan, variables: Mapping[str, str]) -> None:
        """Begin."""
        thinker, speaker = equipment.thinker, equipment.speaker
        # As the first question of the call will begin: the prompt with its variables, and the welcome message.
        begins = [
            Message("system", system_text(plan, variables)),
            Message("assistant", render(plan.welcome_message, variables)),
        ]
        request = ModelRequest(
            tuple(message for message in begins if message.content),
            thinker.settings,
            "warm",
            plan.tools,
            context=thinker.variables,
            stable_characters=stable_characters(plan, variables),
        )
        voice = speaker.settings
        model = ConnectedProvider("model", thinker.provider, thinker.settings.model, language=voice.language)
        mouth = ConnectedProvider("voice", speaker.provider, voice.model, voice.voice, voice.language)
        self._begin(
            self._time(
                partial(thinker.model.warm, request), lambda ms: connection_at_work(thinker.model, model).fact(ms)
            )
        )
        speaking = self._begin(
            self._time(partial(speaker.voice.warm, voice), lambda ms: connection_at_work(speaker.voice, mouth).fact(ms))
        )
        self._speech = {speaking, self._begin(session.open_ears())}
        session.prepare(plan)

    async def wait(self, seconds: float, over: asyncio.Event, speech_seconds: float = 0.0) -> None:
        """Until all is ready, at most ``seconds``, or ``speech_seconds`` until voice and recogniser are, and no longer than until ``over``;
        what is not ready by then goes on meanwhile. On a warm process this takes milliseconds."""
        await _until_done(self._tasks, seconds, over)
        await _until_done(self._tasks & self._speech, speech_seconds - seconds, over)

    async def aclose(self) -> None:
        """Give up what still prepares."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _time(self, work: Callable[[], Awaitable[None]], fact: Callable[[int], dict[str, Any]]) -> None:
        # Begun here: what is begun outside of a task that is cancelled before it runs is never waited for.
        began_us = self._clock.monotonic_us()
        with plugin_boundary("warm", _cold):
            await work()
        self._runner.fact("core", "provider_connected", fact((self._clock.monotonic_us() - began_us) // 1000))


async def _until_done(tasks: set[asyncio.Task[None]], seconds: float, over: asyncio.Event) -> None:
    """Wait for ``tasks``, so long at most, and not when it is over."""
    if not tasks or seconds <= 0 or over.is_set():
        return
    loop = asyncio.get_running_loop()
    waking = {loop.create_task(over.wait()), loop.create_task(_all(tuple(tasks)))}
    await asyncio.wait(waking, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in waking:
        task.cancel()


async def _all(tasks: tuple[asyncio.Task[None], ...]) -> None:
    await asyncio.wait(tasks)


def _cold(kind: FailureKind, message: str) -> None:
    _LOG.info("a plugin could not prepare for a call: %s", message)
