"""Voices of vendors that no kept client speaks to: one HTTP request for each clause, whose answer is audio while it is made."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, suppress
from typing import Any

import httpx2 as httpx

from callwright.media.wav import PCM16, WavError, read_wav
from callwright.ops.clock import SystemClock
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.catalogue import VoiceOffer
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.registry import PluginContext
from callwright.ports.speech import VoiceChunk, VoiceSettings
from callwright.providers.cloud.bridge import Bridge, Order
from callwright.providers.cloud.catalogue import CatalogueReader
from callwright.providers.cloud.clause import FIRST_AUDIO_SECONDS, Clause, Piece
from callwright.providers.cloud.session import CONNECT_SECONDS
from callwright.providers.cloud.speech_http import SpeechHttp, refusal
from callwright.providers.cloud.vendor import Vendor

_FIRST_CHUNK_AT, _CHUNK_HEAD_BYTES, _MAX_HEAD_BYTES = 12, 8, 4_096
"""Where a WAV file's chunks begin, and what stands before the content of each; the longest that may come before the audio."""
_RATES_HZ = frozenset({8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000})
_TIMES = httpx.Timeout(FIRST_AUDIO_SECONDS + 1, connect=CONNECT_SECONDS)


class HttpVoice:
    """``ports.speech.Voice`` over HTTP."""

    def __init__(self, vendor: Vendor, context: PluginContext) -> None:
        self.name = vendor.name
        self._bridge = Bridge(vendor, context)
        self._catalogue = CatalogueReader(self._bridge, context)
        self._clock = SystemClock()
        http = context.shared.get(SpeechHttp, lambda: SpeechHttp(context.settings))
        self._client = http.streaming(moved=self._bridge.moved)

    def check(self, settings: VoiceSettings) -> None:
        """Raises ProviderError when it could not speak with these settings (``ports.speech.CheckingVoice``)."""
        self._bridge.check(settings.model, _given(settings), settings.access)

    def billed_model(self, settings: VoiceSettings) -> str:
        """See ``ports.billing.NamesBilledModel``."""
        return self._bridge.billed_model(settings.model, _given(settings)) or self.name

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        """Stream one clause."""
        order = self._bridge.order(settings.model, _given(settings), settings.access)
        clause = Clause(self.name, order)
        async with aclosing(clause.spoken(self._pieces(order, text), text)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def voices(self, access: Access) -> tuple[VoiceOffer, ...]:
        """What the vendor lists of the account (``ports.catalogue.VoiceCatalogue``)."""
        return await self._catalogue.voices(access)

    async def voice(self, voice_id: str, access: Access) -> VoiceOffer:
        """What the vendor says of one voice (``ports.catalogue.VoiceImports``)."""
        return await self._catalogue.voice(voice_id, access)

    async def warm(self, settings: VoiceSettings) -> None:
        """Nothing to load."""

    async def _pieces(self, order: Order, text: str) -> AsyncGenerator[Piece, None]:
        assert order.client.ask is not None, "an own voice has it"
        asked = order.client.ask(order.arguments, text, self._clock.now())
        rate_hz = order.client.rate_hz
        async with self._client.stream(
            "POST", asked.url, headers=asked.headers, content=asked.body, timeout=_TIMES
        ) as answer:
            if answer.status_code != 200:
                raise await refusal(self.name, answer)
            events = _is_events(answer)
            made = _events(answer.aiter_lines(), order.client.audio) if events else answer.aiter_bytes()
            head = odd = b""
            async for received in made:
                if not rate_hz:
                    head += received
                    rate_hz, received = self._without_head(head)
                whole = odd + received
                odd = whole[len(whole) & ~1 :]
                if len(whole) > 1:
                    yield Piece(whole[: len(whole) & ~1], rate_hz)

    def _without_head(self, wav: bytes) -> tuple[int, bytes]:
        """The rate and the audio of a WAV file that has begun; (0, b"") while its head is not whole. Raises ProviderError."""
        begins = wav.find(b"data", _FIRST_CHUNK_AT) + _CHUNK_HEAD_BYTES
        is_whole = _CHUNK_HEAD_BYTES <= begins <= len(wav)
        if not is_whole and len(wav) < _MAX_HEAD_BYTES and wav.startswith(b"RIFF"[: len(wav)]):
            return 0, b""
        with suppress(WavError):
            found = read_wav(wav[:begins])
            if is_whole and (found.encoding, found.channels) == (PCM16, 1) and found.rate_hz in _RATES_HZ:
                return found.rate_hz, wav[begins:]
        raise ProviderError(FailureKind.BROKEN_STREAM, self.name, "its answer is no WAV file of 16-bit mono PCM")


def _given(settings: VoiceSettings) -> dict[str, Any]:
    return {**settings.options, "language": settings.language, "voice": settings.voice}


def _is_events(answer: httpx.Response) -> bool:
    return bool(answer.headers.get("content-type", "").startswith("text/event-stream"))


async def _events(lines: AsyncIterator[str], audio_of: Callable[[Any], Any]) -> AsyncIterator[bytes]:
    """The audio of events that have some in Base64; others are left out."""
    async for line in lines:
        data = line.removeprefix("data:").strip()
        if data == "[DONE]":
            return
        try:
            audio = base64.b64decode(audio_of(json.loads(data))) if line.startswith("data:") else b""
        except (LookupError, TypeError, ValueError, binascii.Error):
            continue
        yield audio
