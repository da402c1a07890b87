"""One clause while a voice makes it: its sound, its words, and what it cost."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

from callwright.call.live.fixed_speech import KeptClause
from callwright.call.live.metering import voices_used
from callwright.conversation.effects import Speak
from callwright.domain.limits import VOICE_PIECE_SECONDS
from callwright.media.g711 import mulaw_of, pcm_of_mulaw
from callwright.media.no_speech import no_speech
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
