"""What all contract suites share: the plugin is made, tried and closed within one event loop of each test."""

from __future__ import annotations

import asyncio
import os
import unittest
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from callwright.media.resample import resample
from callwright.media.tonetext import spoken
from callwright.media.wav import read_wav
from callwright.net.client import GuardedClient
from callwright.ops.clock import SystemClock
from callwright.ports.billing import Billing, BillingSettings, billed_as
from callwright.ports.failures import ProviderError
from callwright.ports.registry import Closable, HttpClient, Plugin, PluginContext, Registry
from callwright.ports.speech import FRAME_BYTES, SAMPLE_RATE_HZ, UsageAmount

TWO_TONE_TEXT = "yes at ten"
"""What is said where a suite has no recording: text in two tones, which the scripted providers speak and hear."""

CANCEL_SECONDS = 2.0
"""Longest time until cancelled work has ended."""
_TRIES = 3
_TICK_SECONDS = 0.01
_LONGEST_STALL_MS = 400
_ROUNDS = 12
_SETTLE_TICKS = 200
_SPARE_DESCRIPTORS = 6
"""Connections that are kept for the next time, both ends of which may be in this process."""

_Suite = TypeVar("_Suite", bound="PluginContract")
_Made = TypeVar("_Made")


def must(holds: object, sentence: str) -> None:
    """Raises AssertionError with the sentence, which says what is wrong, unless ``holds``."""
    if not holds:
        raise AssertionError(sentence)


def with_plugin(test: Callable[[_Suite, Any], Awaitable[None]]) -> Callable[[_Suite], None]:
    """A test method that gets the plugin's instance. It runs in an event loop of its own, within ``seconds``."""

    def run(self: _Suite) -> None:
        async def whole() -> None:
            try:
                async with asyncio.timeout(self.seconds), self.opened() as made:
                    await test(self, made)
            except TimeoutError as error:
                raise AssertionError(f"the test did not end within {self.seconds} seconds") from error

        asyncio.run(whole())

    # Without functools.wraps: pytest would read the arguments of the inner function and look for a fixture.
    run.__name__, run.__qualname__, run.__doc__ = test.__name__, test.__qualname__, test.__doc__
    return run


class PluginContract:
    """Base of the suites. Set ``plugin``; override the rest where the plugin needs it."""

    kind: ClassVar[str]
    """The kind of plugin the suite is for."""
    plugin: Plugin
    """The plugin under test."""
    settings: Mapping[str, str] = {}
    """The server's settings as the factory gets them."""
    models_folder = Path("~/.cache/callwright/models").expanduser()
    """Where model files are."""
    seconds: float = 30.0
    """Longest time one test may take."""
    secret: str = ""
    """The key in the suite's settings. It must be in no message, repr or line of the log. Empty: that is not tested."""

    def context(self, client: HttpClient) -> PluginContext:
        """What the factory gets."""
        return PluginContext(self.settings, self.models_folder, http=client)

    def opened(self) -> AbstractAsyncContextManager[Any]:
        """The plugin's instance, closed afterwards."""
        return self._made()

    @asynccontextmanager
    async def _made(self) -> AsyncIterator[Any]:
        async with GuardedClient(allow_private=True) as client:
            context = self.context(client)
            made = self.plugin.factory(context)
            try:
                yield made
            finally:
                if isinstance(made, Closable):
                    await made.aclose()
                await context.shared.aclose()

    def test_the_descriptor_can_be_registered(self) -> None:
        """The descriptor has the kind of the suite, a name without spaces and a summary, and the registry takes it."""
        plugin = self.plugin
        must(plugin.kind == self.kind, f"the plugin's kind is {plugin.kind!r}; this suite is for a {self.kind}")
        must(
            plugin.name and not set(plugin.name) & set(" \t\n"), f"the name {plugin.name!r} is empty or contains spaces"
        )
        must(plugin.summary, f"{plugin.name} has no summary")
        must(
            all(key == key.upper() for key in plugin.keys),
            f"{plugin.name}: names of provider keys are written in capitals, not {plugin.keys}",
        )
        Registry([plugin])


def must_be_billed_as_foreseen(used: UsageAmount, plugin: Billing, settings: BillingSettings) -> None:
    """Raises AssertionError where the usage has other names than those by which the price was looked up before (``ports.billing``)."""
    provider, model = billed_as(plugin, settings)
    must(
        used.provider == provider and model in ("", used.model),
        f"the usage is of {used.provider!r} and {used.model!r}, where {provider!r} and {model!r} were foreseen; see"
        " callwright.ports.billing",
    )


async def must_leave_nothing(work: Callable[[], Awaitable[Any]], what: str) -> None:
    """Raises AssertionError when ``work``, done time and again, leaves tasks running or files and sockets open."""
    await work()
    await asyncio.sleep(_TICK_SECONDS)
    tasks, descriptors = len(asyncio.all_tasks()), open_descriptors()
    for _ in range(_ROUNDS):
        await work()
    for _ in range(_SETTLE_TICKS):
        more_tasks, more = len(asyncio.all_tasks()) - tasks, open_descriptors() - descriptors
        if more_tasks <= 0 and more <= _SPARE_DESCRIPTORS:
            return
        await asyncio.sleep(_TICK_SECONDS)
    raise AssertionError(
        f"after {_ROUNDS} times {what} {more_tasks} tasks more run and {more} files or sockets more are open"
    )


def open_descriptors() -> int:
    """How many files and sockets this process has open."""
    return len(os.listdir("/dev/fd"))


class SpeechContract(PluginContract):
    """Base of the suites that play speech to a plugin."""

    recording: Path | None = None
    """A WAV file with speech, one channel. None: two-tone text, which only the scripted providers hear."""

    def speech(self) -> bytes:
        """The speech: 16-bit mono PCM at 8,000 Hz."""
        if self.recording is None:
            return spoken(TWO_TONE_TEXT)
        wav = read_wav(self.recording.read_bytes())
        return resample(wav.channel(0), wav.rate_hz, SAMPLE_RATE_HZ)


def frames_of(pcm: bytes) -> list[bytes]:
    """The whole frames of 20 ms in ``pcm``."""
    return [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES)]


def silence(ms: int) -> bytes:
    """So many milliseconds of silence."""
    return bytes(ms * SAMPLE_RATE_HZ // 1000 * 2)


def left_out(what: str) -> unittest.SkipTest:
    """The skip of a test for which the suite lacks something."""
    return unittest.SkipTest(f"set {what} to have this tested")


async def close_soon(iterator: AsyncIterator[Any], what: str) -> None:
    """Close what ``what`` returned. Raises AssertionError when that is not possible or takes long."""
    if not isinstance(iterator, Closable):
        raise AssertionError(f"{what} returns an iterator that cannot be closed; write it as an async generator")
    try:
        await asyncio.wait_for(iterator.aclose(), CANCEL_SECONDS)
    except TimeoutError as error:
        raise AssertionError(f"closing the iterator of {what} takes longer than {CANCEL_SECONDS:g} seconds") from error


async def failure_of(work: Awaitable[_Made], what: str) -> ProviderError:
    """The ProviderError that ``work`` raises. Raises AssertionError when it succeeds."""
    try:
        await work
    except ProviderError as error:
        must(str(error.message).strip(), f"{what}: the ProviderError has no message; say what to do")
        return error
    raise AssertionError(f"{what} succeeds; it must raise ProviderError")


async def must_not_block(work: Callable[[], Awaitable[Any]], what: str) -> None:
    """Raises AssertionError when ``work`` keeps the event loop from other calls. The best of three tries counts: a machine may be busy."""
    clock = SystemClock()
    stalls_ms = []
    for _ in range(_TRIES):
        stalled_us = 0
        task = asyncio.ensure_future(work())
        while not task.done():
            asked_us = clock.monotonic_us()
            await asyncio.wait([task], timeout=_TICK_SECONDS)
            stalled_us = max(stalled_us, clock.monotonic_us() - asked_us)
        await task
        stalls_ms.append(stalled_us // 1000)
    must(
        min(stalls_ms) <= _LONGEST_STALL_MS,
        f"{what} blocks the event loop for {min(stalls_ms)} ms, and with it the audio of all calls; work in a thread or a process",
    )
