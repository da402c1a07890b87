"""How a synthetic caller gets its words spoken: through a voice plugin, prepared while the telephone rings."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Coroutine, Iterable
from contextlib import aclosing

from callwright.media.framing import MULAW_FRAME_BYTES, MULAW_SILENCE
from callwright.media.g711 import mulaw_of
from callwright.ports.failures import ProviderError
from callwright.ports.speech import Voice, VoiceSettings

MOST_CACHED_LINES = 512
_log = logging.getLogger(__name__)


class SpokenLines:
    """Lines as mu-law audio, synthesised once per voice; the least recently used are forgotten first."""

    def __init__(self) -> None:
        self._lines: OrderedDict[tuple[str, VoiceKey, str], asyncio.Task[bytes]] = OrderedDict()

    async def line(self, voice: Voice, settings: VoiceSettings, text: str) -> bytes:
        """The audio of ``text``. Raises ProviderError when the voice fails; the next request tries again."""
        key = (
            voice.name,
            (settings.voice, settings.model, settings.language, repr(sorted(settings.options.items()))),
            text,
        )
        task = self._lines.get(key)
        if task is None or task.cancelled() or (task.done() and task.exception() is not None):
            task = self._lines[key] = asyncio.create_task(_synthesise(voice, settings, text))
        self._lines.move_to_end(key)
        while len(self._lines) > MOST_CACHED_LINES:
            self._lines.popitem(last=False)
        # Shielded: several calls may wait for the same line, and the end of one of them is no reason to stop.
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        """Stop what is being synthesised."""
        tasks = [task for task in self._lines.values() if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._lines.clear()


VoiceKey = tuple[str, str, str, str]


async def _synthesise(voice: Voice, settings: VoiceSettings, text: str) -> bytes:
    pcm = bytearray()
    async with aclosing(voice.speak(text, settings)) as chunks:  # type: ignore[type-var]
        async for chunk in chunks:
            pcm += chunk.pcm
    return mulaw_of(bytes(pcm))


class Mouth:
    """One caller's speech, as frames of 20 ms. Not for two lines at once: a second one follows the first."""

    def __init__(self, lines: SpokenLines, voice: Voice, settings: VoiceSettings) -> None:
        self._lines = lines
        self._voice = voice
        self._settings = settings
        self._frames: deque[bytes] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._order = asyncio.Lock()
        self._promised = 0

    @property
    def busy(self) -> bool:
        """Whether something is being said or about to be."""
        return bool(self._frames) or self._promised > 0

    @property
    def sounding(self) -> bool:
        """Whether something is being said."""
        return bool(self._frames)

    def prepare(self, texts: Iterable[str]) -> None:
        """Have these lines ready before they are needed."""
        self._start(self._prepare(tuple(texts)))

    def say(self, text: str) -> None:
        """Say ``text`` as soon as its audio is there. A voice that fails leaves the caller silent; it is logged."""
        self._promised += 1
        self._start(self._say(text))

    def sound(self, mulaw: bytes) -> None:
        """Make a sound that needs no voice, after what was said before."""
        self._promised += 1
        self._start(self._sound(mulaw))

    def frame(self) -> bytes | None:
        """The frame of this tick, or None for silence."""
        return self._frames.popleft() if self._frames else None

    async def aclose(self) -> None:
        """Stop speaking and preparing."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._frames.clear()

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _prepare(self, texts: tuple[str, ...]) -> None:
        for text in texts:
            await self._audio(text)

    async def _say(self, text: str) -> None:
        async with self._order:
            self._queue(await self._audio(text))

    async def _sound(self, mulaw: bytes) -> None:
        async with self._order:
            self._queue(mulaw)

    def _queue(self, mulaw: bytes) -> None:
        size = MULAW_FRAME_BYTES
        for at in range(0, len(mulaw), size):
            frame = mulaw[at : at + size]
            self._frames.append(frame + MULAW_SILENCE[len(frame) :])
        self._promised -= 1

    async def _audio(self, text: str) -> bytes:
        try:
            return await self._lines.line(self._voice, self._settings, text)
        except ProviderError as error:
            _log.warning("the synthetic caller cannot say %r: %s", text, error)
            return b""
