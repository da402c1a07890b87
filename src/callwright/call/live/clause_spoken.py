"""One clause while a voice makes it: its sound, its words, and what it cost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from callwright.call.live.fixed_speech import KeptClause
from callwright.call.live.metering import voices_used
from callwright.conversation.effects import Speak
from callwright.domain.limits import VOICE_PIECE_SECONDS
from callwright.media.g711 import mulaw_of, pcm_of_mulaw
from callwright.media.no_speech import no_speech
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.speech import UsageAmount, Voice, VoiceChunk, VoiceSettings

_LOG = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class ClauseSpoken:
    """One clause being synthesised, and what the voice told of it."""

    effect: Speak
    asked: bool = False
    head: bytes = b""
    """Its first piece."""
    pcm_bytes: int = 0
    words: tuple[tuple[str, int, int], ...] = ()
    estimated: bool = True
    used: list[UsageAmount] = field(default_factory=list)
    """One amount for each voice that was asked."""
    sound: bytearray = field(default_factory=bytearray)
    _untaken: list[bytes] = field(default_factory=list)
    """Pieces that :meth:`mulaw` has not returned yet."""

    def add(self, chunk: VoiceChunk) -> None:
        """The next piece."""
        self.head = self.head or chunk.pcm
        self.pcm_bytes += len(chunk.pcm)
        self._untaken.append(chunk.pcm)
        if chunk.usage is not None:
            self.used = voices_used(self.used, chunk)
        if chunk.last:
            self.words = tuple((word.text, word.start_ms, word.end_ms) for word in chunk.words)
            self.estimated = chunk.estimated

    def mulaw(self) -> bytes:
        """The sound that was added since this was asked last."""
        mulaw = mulaw_of(b"".join(self._untaken))
        self._untaken.clear()
        self.sound += mulaw
        return mulaw

    def repeat(self, kept: KeptClause, used: UsageAmount) -> None:
        """Be a clause that was kept: its sound is there, and was found to be speech."""
        self.pcm_bytes = 2 * len(kept.mulaw)
        self.words, self.estimated = kept.words, kept.estimated
        self.used = [used]

    @contextmanager
    def billed(self, billed_as: tuple[str, str], report: Callable[[Speak, UsageAmount], None]) -> Iterator[None]:
        """Report what was used within, where the voice was asked: all of the text if the voice tells nothing, finished or not; none of it
        if the voice refused the text, or never got it."""
        characters = len(self.effect.text)
        try:
            yield
        except ProviderError as error:
            if not self.pcm_bytes and error.kind is not FailureKind.BROKEN_STREAM:
                characters = 0
            raise
        finally:
            if self.asked:
                for amount in self.used or [UsageAmount("voice", *billed_as, characters)]:
                    report(self.effect, amount)

    async def spoken_by(self, voice: Voice, settings: VoiceSettings) -> None:
        """Have the whole clause, for nobody who listens now. Raises ProviderError, or TimeoutError after VOICE_PIECE_SECONDS."""
        async with asyncio.timeout(VOICE_PIECE_SECONDS):
            async for chunk in voice.speak(self.effect.text, settings):
                self.add(chunk)
        self.mulaw()

    def kept(self, voice: str) -> KeptClause | None:
        """The whole clause for later calls, None where the sound of ``voice`` is no speech."""
        found = no_speech(self.head) or no_speech(pcm_of_mulaw(bytes(self.sound)))
        if found:
            _LOG.warning("a clause of the voice %s is not kept: it is %s", voice, found)
            return None
        return KeptClause(bytes(self.sound), self.words, self.estimated)


class PieceLimit:
    """Raises TimeoutError when the next piece of a voice does not come within VOICE_PIECE_SECONDS: the caller hears nothing then, and the
    conversation, which waits as long as the words may take, cannot know.

    One timer for all pieces of a clause, which looks when the last one came: a timer for each costs more than the piece.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._scope = asyncio.timeout(None)
        self._came_s = self._loop.time()
        self._timer = self._loop.call_later(VOICE_PIECE_SECONDS, self._look)

    async def __aenter__(self) -> Self:
        await self._scope.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        await self._scope.__aexit__(kind, error, trace)

    def came(self) -> None:
        """A piece came: the wait for the next begins."""
        self._came_s = self._loop.time()

    def _look(self) -> None:
        until_s = self._came_s + VOICE_PIECE_SECONDS
        if self._loop.time() < until_s:
            self._timer = self._loop.call_at(until_s, self._look)
        else:
            self._scope.reschedule(self._loop.time())
