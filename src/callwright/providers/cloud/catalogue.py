"""Reads a vendor's list of an account's voices, through the guarded client and within bounds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from callwright.domain.errors import CallwrightError
from callwright.domain.limits import (
    MAX_CATALOGUE_PAGES,
    MAX_CATALOGUE_VOICES,
    MAX_WEB_ANSWER_BYTES,
    VOICE_CATALOGUE_READ_SECONDS,
)
from callwright.ops.clock import SystemClock
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.catalogue import VoiceOffer
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.registry import HttpClient, PluginContext
from callwright.providers.cloud.bridge import Bridge
from callwright.providers.cloud.failures import failure_of_status
from callwright.providers.cloud.provider_table_catalogues import CATALOGUES, Catalogue
from callwright.providers.cloud.speech_http import SpeechHttp


class CatalogueReader:
    """Reads the list of one vendor."""

    def __init__(self, bridge: Bridge, context: PluginContext) -> None:
        self._bridge = bridge
        self._catalogue = CATALOGUES.get(bridge.vendor.name)
        http = context.shared.get(SpeechHttp, lambda: SpeechHttp(context.settings))
        self._client = http.guarded(moved=bridge.moved)

    async def voices(self, access: Access) -> tuple[VoiceOffer, ...]:
        """The voices that the account with these keys has. Raises ProviderError."""
        if self._catalogue is None:
            return ()
        try:
            async with asyncio.timeout(VOICE_CATALOGUE_READ_SECONDS):
                return tuple(await read_pages(self._catalogue, self._bridge, self._client, access))
        except TimeoutError:
            why = "its list of voices did not come in time"
            raise ProviderError(FailureKind.UNAVAILABLE, self._bridge.vendor.name, why) from None

    async def voice(self, voice_id: str, access: Access) -> VoiceOffer:
        """The voice with this id. Raises ProviderError."""
        name = self._bridge.vendor.name
        unknown = ProviderError(
            FailureKind.BAD_REQUEST, name, f"it has no voice with the id {voice_id!r} for this account"
        )
        if self._catalogue is None or not self._catalogue.one:
            raise unknown
        url = self._bridge.address(self._catalogue.one + quote(voice_id, safe=""))
        try:
            row = await _page(self._catalogue, self._bridge, self._client, self._bridge.keys(access), url)
        except ProviderError as error:
            raise unknown if error.kind is FailureKind.BAD_REQUEST else error from None
        offers = _offers(self._catalogue, name, self._catalogue.page_of(row))
        if not offers or offers[0].voice_id != voice_id or not offers[0].name:
            raise unknown
        return replace(offers[0], custom=True)


async def read_pages(catalogue: Catalogue, bridge: Bridge, http: HttpClient, access: Access) -> list[VoiceOffer]:
    """The voices of all pages, each once. Raises ProviderError."""
    keys = bridge.keys(access)
    first = bridge.address(catalogue.url.format(**{name: keys[name] for name in bridge.vendor.more_keys}))
    found: dict[tuple[str, str], VoiceOffer] = {}
    url = first
    for _ in range(MAX_CATALOGUE_PAGES):
        page = await _page(catalogue, bridge, http, keys, url)
        for offer in _offers(catalogue, bridge.vendor.name, page):
            if offer.voice_id and offer.name:
                found.setdefault((offer.model, offer.voice_id), offer)
        more = catalogue.next_page(page)
        if not more or len(found) >= MAX_CATALOGUE_VOICES:
            break
        url = f"{first}{'&' if '?' in first else '?'}{more}"
    return list(found.values())[:MAX_CATALOGUE_VOICES]


def _offers(catalogue: Catalogue, provider: str, page: Any) -> list[VoiceOffer]:
    try:
        return list(catalogue.read(page))
    except (TypeError, ValueError, AttributeError):
        why = "its list of voices is not what it was"
        raise ProviderError(FailureKind.BROKEN_STREAM, provider, why) from None


def _headers(catalogue: Catalogue, provider: str, keys: dict[str, Any], url: str) -> Mapping[str, str]:
    with suppress(ValueError, TypeError):
        return catalogue.headers(keys, url, SystemClock().now())
    # Behind the block: the error would keep the key's text.
    raise ProviderError(FailureKind.REFUSED, provider, "its provider key cannot sign a request")


async def _page(catalogue: Catalogue, bridge: Bridge, http: HttpClient, keys: dict[str, Any], url: str) -> Any:
    name = bridge.vendor.name
    headers = _headers(catalogue, name, keys, url)
    try:
        answer = await http.send("GET", url, headers=headers, body=b"", timeout_s=VOICE_CATALOGUE_READ_SECONDS)
    except CallwrightError:
        raise ProviderError(FailureKind.UNAVAILABLE, name, "its list of voices cannot be reached") from None
    if answer.status != 200:
        raise failure_of_status(name, answer.status)
    if len(answer.body) >= MAX_WEB_ANSWER_BYTES:
        raise ProviderError(FailureKind.BROKEN_STREAM, name, "its list of voices is too long")
    try:
        return json.loads(answer.body)
    except ValueError:
        raise ProviderError(FailureKind.BROKEN_STREAM, name, "its list of voices is not JSON") from None
