"""Recognisers that are sent whole utterances: one HTTP request for each, answered with its words."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2 as httpx

from callwright.media.wav import write_wav
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.registry import PluginContext
from callwright.ports.speech import TranscriberSettings, TranscriberSink
from callwright.providers.cloud.bridge import Bridge, Order
from callwright.providers.cloud.failures import VendorBoundary
from callwright.providers.cloud.hearing import given
from callwright.providers.cloud.session import CONNECT_SECONDS
from callwright.providers.cloud.speech_http import SpeechHttp, refusal
from callwright.providers.cloud.vendor import Vendor
from callwright.providers.utterances import UtteranceStream

ANSWER_SECONDS = 6.0
"""Longest wait for the words of an utterance."""


class PostedTranscriber:
    """``ports.speech.Transcriber`` over HTTP. The address is first reached with the first utterance."""

    def __init__(self, vendor: Vendor, context: PluginContext) -> None:
        self.name = vendor.name
        self._bridge = Bridge(vendor, context)
        http = context.shared.get(SpeechHttp, lambda: SpeechHttp(context.settings))
        self._client = http.streaming(moved=self._bridge.moved)

    def check(self, settings: TranscriberSettings) -> None:
        """Raises ProviderError when it could not hear with these settings (``ports.speech.CheckingTranscriber``)."""
        self._bridge.check(settings.model, given(settings), settings.access)

    def billed_model(self, settings: TranscriberSettings) -> str:
        """See ``ports.billing.NamesBilledModel``."""
        return self._bridge.billed_model(settings.model, given(settings))

    async def open(self, settings: TranscriberSettings, sink: TranscriberSink) -> UtteranceStream:
        """Open one call's stream. Raises ProviderError for settings that cannot be used."""
        order = self._bridge.order(settings.model, given(settings), settings.access)
        return UtteranceStream(_Reader(self.name, order, self._client), settings, sink, self.name, order.billed)


class _Reader:
    """``utterances.UtteranceReader`` of one call."""

    def __init__(self, provider: str, order: Order, client: httpx.AsyncClient) -> None:
        self._provider = provider
        self._order = order
        self._client = client
        self._asking = 0

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being asked."""
        return not self._asking

    async def read(self, pcm: bytes, *, final: bool) -> str:
        """Raises ProviderError."""
        text = ""
        boundary = VendorBoundary(self._provider, lambda: False)
        self._asking += 1
        try:
            with boundary:
                async with asyncio.timeout(ANSWER_SECONDS):
                    text = self._text(await self._answer(write_wav(pcm)))
        finally:
            self._asking -= 1
        if boundary.failed is not None:
            raise boundary.failed
        return text

    async def _answer(self, wav: bytes) -> httpx.Response:
        assert self._order.client.transcribe is not None, "a recogniser that is sent utterances has it"
        asked = self._order.client.transcribe(self._order.arguments, wav)
        times = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
        answer = await self._client.post(asked.url, headers=asked.headers, content=asked.body, timeout=times)
        if answer.status_code != httpx.codes.OK:
            raise await refusal(self._provider, answer)
        return answer

    def _text(self, answer: httpx.Response) -> str:
        found: Any = None
        try:
            found = self._order.client.text(answer.json())
        except (LookupError, TypeError, ValueError, RecursionError):
            found = None
        if not isinstance(found, str):
            raise ProviderError(FailureKind.BROKEN_STREAM, self._provider, "its answer is no transcript")
        return found.strip()
