"""One clause of a vendor's voice: PCM at 8,000 Hz in time, or a failure of the five kinds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from callwright.media.resample import StreamResampler
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.speech import SAMPLE_RATE_HZ, UsageAmount, VoiceChunk, Word
from callwright.providers.cloud.bridge import Order
from callwright.providers.cloud.failures import VendorBoundary
from callwright.providers.cloud.session import VendorSession

FIRST_AUDIO_SECONDS = 4.0
"""Longest wait for the first audio of a clause."""

NEXT_AUDIO_SECONDS = 4.0
"""Longest wait for the next piece of it."""

MAX_BEHIND_SECONDS = 2.0
"""How much longer than the audio lasts the vendor may be waited for once it began. The caller would have heard silence for so long."""

_WEB_PAGES = (b"<!doctype", b"<html", b'{"error')
_BYTES_PER_MS = SAMPLE_RATE_HZ * 2 // 1000


@dataclass(frozen=True, slots=True)
class Piece:
    """Audio as a vendor sends it: 16-bit PCM. ``words``: texts with ``start_time`` and ``end_time`` in seconds."""

    pcm: bytes
    rate_hz: int
    channels: int = 1
    words: Sequence[Any] = ()


class Clause:
    """One clause being spoken. ``heard``: whether some of its audio came."""

    def __init__(self, provider: str, order: Order) -> None:
        self._provider = provider
        self._order = order
        self._words: list[Any] = []
        self._ms = 0.0
        self._waited_s = 0.0
        self.heard = False

    async def spoken(
        self, pieces: AsyncGenerator[Piece, None], text: str, session: VendorSession | None = None
    ) -> AsyncGenerator[VoiceChunk, None]:
        """The clause's chunks. Raises ProviderError."""
        resampler: StreamResampler | None = None
        boundary = VendorBoundary(self._provider, lambda: self.heard, session)
        with boundary:
            async with aclosing(self._in_time(pieces)) as timely:
                async for piece in timely:
                    resampler = resampler or StreamResampler(piece.rate_hz, SAMPLE_RATE_HZ)
                    pcm = resampler.feed(self._checked(piece))
                    self._words.extend(piece.words)
                    if pcm:
                        yield self._chunk(pcm)
        if boundary.failed is not None:
            raise boundary.failed
        rest = resampler.flush() if resampler is not None else b""
        if rest:
            yield self._chunk(rest)
        if not self.heard:
            raise ProviderError(FailureKind.BROKEN_STREAM, self._provider, "it ended without any audio")
        words = tuple(_in_order(self._words, round(self._ms)))
        usage = UsageAmount("voice", self._provider, self._order.billed or self._provider, len(text))
        yield VoiceChunk(last=True, words=words, estimated=not words, usage=usage)

    async def _in_time(self, pieces: AsyncGenerator[Piece, None]) -> AsyncGenerator[Piece, None]:
        """The pieces, within the time a caller waits. Raises TimeoutError, and ProviderError where they are slower than speech."""
        loop = asyncio.get_running_loop()
        async with aclosing(pieces):
            while True:
                asked_s = loop.time()
                async with asyncio.timeout(NEXT_AUDIO_SECONDS if self.heard else FIRST_AUDIO_SECONDS):
                    piece = await anext(pieces, None)
                if piece is None:
                    return
                # Only this is waited for: whoever plays the audio takes it when it wants.
                self._waited_s += loop.time() - asked_s if self.heard else 0
                if self._waited_s > self._ms / 1000 + MAX_BEHIND_SECONDS:
                    why = "its audio comes more slowly than it is played"
                    raise ProviderError(FailureKind.BROKEN_STREAM, self._provider, why)
                yield piece

    def _checked(self, piece: Piece) -> bytes:
        """Raises ProviderError for what is no audio of the rate that was asked for."""
        if not self.heard and piece.pcm[:16].lstrip().lower().startswith(_WEB_PAGES):
            raise ProviderError(FailureKind.BROKEN_STREAM, self._provider, "it answered with a page instead of audio")
        if piece.rate_hz != (self._order.client.rate_hz or piece.rate_hz) or piece.channels != 1:
            why = f"it sent {piece.channels} channels at {piece.rate_hz} Hz"
            raise ProviderError(FailureKind.BROKEN_STREAM, self._provider, why)
        return piece.pcm

    def _chunk(self, pcm: bytes) -> VoiceChunk:
        self.heard = True
        self._ms += len(pcm) / _BYTES_PER_MS
        return VoiceChunk(pcm)


def _in_order(timed: list[Any], length_ms: int) -> list[Word]:
    """The words with their times, in order and within the audio. Clients give times in seconds, and texts with blanks."""
    words: list[Word] = []
    before_ms = 0
    for one in timed:
        start, end = getattr(one, "start_time", None), getattr(one, "end_time", None)
        if not str(one).strip() or not isinstance(start, int | float) or not isinstance(end, int | float):
            continue
        start_ms = min(max(before_ms, round(start * 1000)), length_ms)
        words.append(Word(str(one).strip(), start_ms, min(max(start_ms, round(end * 1000)), length_ms)))
        before_ms = start_ms
    return words
