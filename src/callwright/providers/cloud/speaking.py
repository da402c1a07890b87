"""A vendor's voice as one of ours: PCM at 8,000 Hz, one clause at a time, over connections that calls with the same key share."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any

from callwright.domain.limits import VOICE_CLOSE_SECONDS
from callwright.media.resample import StreamResampler
from callwright.ports.failures import RETRYABLE, FailureKind, ProviderError
from callwright.ports.registry import PluginContext
from callwright.ports.speech import SAMPLE_RATE_HZ, UsageAmount, VoiceChunk, VoiceSettings, Word
from callwright.providers.cloud import library
from callwright.providers.cloud.bridge import CONNECT_SECONDS, Bridge, Order
from callwright.providers.cloud.failures import VendorBoundary, close
from callwright.providers.cloud.provider_table import Vendor

FIRST_AUDIO_SECONDS = 4.0
"""Longest wait for the first audio of a clause."""

NEXT_AUDIO_SECONDS = 4.0
"""Longest wait for the next piece of it."""

MAX_CLIENTS = 100
"""Clients of a vendor that are kept, one for each key and settings."""

_TIMED_WORDS = "lk.timed_transcripts"
_WEB_PAGES = (b"<!doctype", b"<html", b'{"error')
_BYTES_PER_MS = SAMPLE_RATE_HZ * 2 // 1000


@dataclass(slots=True, eq=False)
class _Kept:
    """A client and how many clauses use it. ``used``: its connection is not new; ``dropped``: it is closed after the last."""

    client: Any
    clauses: int = 0
    used: bool = False
    dropped: bool = False


class CloudVoice:
    """``ports.speech.Voice`` over one vendor's clients."""

    def __init__(self, vendor: Vendor, context: PluginContext) -> None:
        self.name = vendor.name
        self._bridge = Bridge(vendor, context)
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    @property
    def clients(self) -> int:
        """How many clients are kept."""
        return len(self._kept)

    def check(self, settings: VoiceSettings) -> None:
        """Raises ProviderError when it could not speak with these settings (``ports.speech.CheckingVoice``)."""
        self._bridge.check(settings.model, _given(settings), settings.access)

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        """Stream one clause. A connection that turns out to have died since the last one is replaced once, if nothing was heard yet."""
        order = self._bridge.order(settings.model, _given(settings), settings.access)
        clause = _Clause(self.name, order)
        while True:
            kept = await self._take(order)
            try:
                async with aclosing(clause.spoken(kept.client, text)) as chunks:
                    async for chunk in chunks:
                        yield chunk
                kept.used = True
                return
            except ProviderError as error:
                self._drop(kept)
                if not kept.used or clause.heard or error.kind not in RETRYABLE - {FailureKind.LIMIT}:
                    raise
            finally:
                await self._give_back(kept)

    async def warm(self, settings: VoiceSettings) -> None:
        """Load the client and, where it can, connect."""
        with suppress(ProviderError):
            order = self._bridge.order(settings.model, _given(settings), settings.access)
            if library.is_installed(order.client.name):
                kept = await self._take(order)
                if kept.clauses == 1 and not kept.used:
                    kept.client.prewarm()
                await self._give_back(kept)

    async def aclose(self) -> None:
        """Close every client."""
        while self._kept:
            await close(self.name, self._kept.popitem()[1].client.aclose, VOICE_CLOSE_SECONDS)

    async def _take(self, order: Order) -> _Kept:
        name = _digest(order)
        kept = self._kept.get(name)
        if kept is None:
            client = await self._bridge.made(order)
            kept = self._kept.get(name)
            if kept is None:
                kept = self._kept[name] = _Kept(client)
        kept.clauses += 1
        self._kept.move_to_end(name)
        while len(self._kept) > MAX_CLIENTS:
            self._drop(next(iter(self._kept.values())))
        return kept

    def _drop(self, kept: _Kept) -> None:
        """Not used by further clauses."""
        kept.dropped = True
        for name in [name for name, one in self._kept.items() if one is kept]:
            del self._kept[name]

    async def _give_back(self, kept: _Kept) -> None:
        kept.clauses -= 1
        if kept.dropped and not kept.clauses:
            await close(self.name, kept.client.aclose, VOICE_CLOSE_SECONDS)


def _given(settings: VoiceSettings) -> dict[str, Any]:
    """The settings by the names that the table has."""
    return {**settings.options, "language": settings.language, "voice": settings.voice}


def _digest(order: Order) -> str:
    """A name of the key and settings that shows neither."""
    return hashlib.sha256(
        json.dumps([order.client.name, *sorted(order.arguments.items())], default=repr).encode()
    ).hexdigest()


class _Clause:
    """One clause being spoken. ``heard``: whether some of its audio came."""

    def __init__(self, provider: str, order: Order) -> None:
        self._provider = provider
        self._order = order
        self._words: list[Any] = []
        self._ms = 0.0
        self.heard = False

    async def spoken(self, client: Any, text: str) -> AsyncGenerator[VoiceChunk, None]:
        """The clause's chunks. Raises ProviderError."""
        resampler = StreamResampler(self._order.client.rate_hz, SAMPLE_RATE_HZ)
        boundary = VendorBoundary(self._provider, lambda: self.heard)
        with boundary:
            async with aclosing(self._frames(client, text)) as frames:
                async for frame in frames:
                    pcm = resampler.feed(self._checked(bytes(frame.data), frame))
                    self._words.extend(frame.userdata.get(_TIMED_WORDS) or ())
                    if pcm:
                        yield self._piece(pcm)
        if boundary.failed is not None:
            raise boundary.failed
        rest = resampler.flush()
        if rest:
            yield self._piece(rest)
        words = tuple(_in_order(self._words, round(self._ms)))
        usage = UsageAmount("voice", self._provider, self._order.model or self._provider, len(text))
        yield VoiceChunk(last=True, words=words, estimated=not words, usage=usage)

    async def _frames(self, client: Any, text: str) -> AsyncGenerator[Any, None]:
        """What the client makes of the text, within the time a caller waits."""
        options = (await library.framework()).options(max_retry=0, timeout=CONNECT_SECONDS)
        if client.capabilities.streaming:
            stream = client.stream(conn_options=options)
            stream.push_text(text)
            stream.end_input()
        else:
            stream = client.synthesize(text, conn_options=options)
        pieces, ended = aiter(stream), False
        try:
            while not ended:
                async with asyncio.timeout(NEXT_AUDIO_SECONDS if self.heard else FIRST_AUDIO_SECONDS):
                    piece = await anext(pieces, None)
                ended = piece is None
                if piece is not None:
                    yield piece.frame
        finally:
            await close(self._provider, stream.aclose, VOICE_CLOSE_SECONDS)
            # The vendor would go on speaking, and billing, where the connection of a clause that was cut off is only put aside.
            drain = getattr(getattr(client, "_pool", None), "_drain_to_close", None)
            if not ended and drain is not None:
                await close(self._provider, drain, VOICE_CLOSE_SECONDS)

    def _checked(self, pcm: bytes, frame: Any) -> bytes:
        """Raises ProviderError for what is no audio of the rate that was asked for."""
        if not self.heard and pcm[:16].lstrip().lower().startswith(_WEB_PAGES):
            raise ProviderError(FailureKind.BROKEN_STREAM, self._provider, "it answered with a page instead of audio")
        if frame.sample_rate != self._order.client.rate_hz or frame.num_channels != 1:
            why = f"it sent {frame.num_channels} channels at {frame.sample_rate} Hz"
            raise ProviderError(FailureKind.BROKEN_STREAM, self._provider, why)
        return pcm

    def _piece(self, pcm: bytes) -> VoiceChunk:
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
