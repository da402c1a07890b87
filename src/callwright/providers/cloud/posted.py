"""Whole utterances for recognisers: one HTTP request for each, answered with its words."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2 as httpx

from callwright.media.wav import write_wav
from callwright.ports.failures import FailureKind, ProviderError
from callwright.providers.cloud.bridge import Order
from callwright.providers.cloud.failures import VendorBoundary
from callwright.providers.cloud.session import CONNECT_SECONDS
from callwright.providers.cloud.speech_http import refusal

ANSWER_SECONDS = 6.0
"""Longest wait for the words of an utterance."""


class PostedReader:
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
