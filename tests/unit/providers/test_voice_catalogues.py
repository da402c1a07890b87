"""Vendors' lists of voices: their bounds, and pages that are not what they were."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from callwright.domain.errors import UnavailableError
from callwright.domain.limits import MAX_CATALOGUE_PAGES, MAX_CATALOGUE_VOICES, MAX_WEB_ANSWER_BYTES
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.registry import PluginContext
from callwright.providers.cloud import PLUGINS
from callwright.providers.cloud.bridge import Bridge
from callwright.providers.cloud.catalogue import read_pages
from callwright.providers.cloud.provider_table import VENDORS
from callwright.providers.cloud.provider_table_catalogues import CATALOGUES, STATIC

KEYS = Access({"ELEVENLABS": "canary-key", "DEEPGRAM": "canary-key", "AZURE_SPEECH_KEY": "canary-key"})


@dataclass
class Answer:
    """An answer to an HTTP request."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Pages:
    """An HTTP client that gives these pages, the last one again and again."""

    pages: list[bytes]
    status: int = 200
    urls: list[str] = field(default_factory=list)

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Answer:
        if not self.pages:
            raise UnavailableError("the request failed: canary-key")
        self.urls.append(url)
        return Answer(self.status, self.pages[min(len(self.urls), len(self.pages)) - 1])


def bridge(name: str) -> Bridge:
    vendor = next(one for one in VENDORS if (one.kind, one.name) == ("voice", name))
    return Bridge(vendor, PluginContext({}, Path("/nonexistent")))


def page(first: int, count: int, token: str | None) -> bytes:
    voices = [{"voice_id": f"v-{n}", "name": f"Voice {n}"} for n in range(first, first + count)]
    return json.dumps({"voices": voices, "next_page_token": token}).encode()


async def read(name: str, http: Pages) -> list[Any]:
    return await read_pages(CATALOGUES[name], bridge(name), http, KEYS)


async def test_each_page_is_asked_for_with_the_token_of_the_one_before() -> None:
    http = Pages([page(0, 2, "a/b"), page(2, 1, None)])
    assert [offer.voice_id for offer in await read("elevenlabs", http)] == ["v-0", "v-1", "v-2"]
    assert http.urls[1] == "https://api.elevenlabs.io/v2/voices?page_size=100&next_page_token=a%2Fb"


async def test_a_list_without_end_is_left_after_so_many_pages() -> None:
    http = Pages([page(0, 2, "again")])
    assert len(await read("elevenlabs", http)) == 2
    assert len(http.urls) == MAX_CATALOGUE_PAGES


async def test_a_list_holds_so_many_voices_at_most() -> None:
    http = Pages([page(0, MAX_CATALOGUE_VOICES, "more"), page(MAX_CATALOGUE_VOICES, 1, None)])
    assert len(await read("elevenlabs", http)) == MAX_CATALOGUE_VOICES
    assert len(http.urls) == 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html>", FailureKind.BROKEN_STREAM),
        (b" " * MAX_WEB_ANSWER_BYTES, FailureKind.BROKEN_STREAM),
        (b'{"tts": [{"canonical_name": "v", "metadata": {"tags": 7}}]}', FailureKind.BROKEN_STREAM),
    ],
)
async def test_a_page_that_is_not_what_it_was_is_a_failure(body: bytes, kind: FailureKind) -> None:
    with pytest.raises(ProviderError) as caught:
        await read("deepgram", Pages([body]))
    assert caught.value.kind is kind


@pytest.mark.parametrize("body", [b"[]", b"{}", b"null", b'{"tts": "none"}', b'{"tts": [1, {"name": 5}]}'])
async def test_a_page_without_voices_has_none(body: bytes) -> None:
    assert await read("deepgram", Pages([body])) == []


async def test_a_vendor_that_cannot_be_reached_shows_no_key() -> None:
    with pytest.raises(ProviderError) as caught:
        await read("deepgram", Pages([]))
    assert caught.value.kind is FailureKind.UNAVAILABLE
    assert "canary-key" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_a_key_that_is_missing_is_named() -> None:
    with pytest.raises(ProviderError, match="AZURE_SPEECH_REGION"):
        await read("azuretts", Pages([b"[]"]))


def test_voices_of_vendors_without_a_list_are_named_once_for_each_model() -> None:
    for name, offers in STATIC.items():
        assert len({(offer.model, offer.voice_id) for offer in offers}) == len(offers), name
    listed = {plugin.name for plugin in PLUGINS if plugin.kind == "voice" and plugin.lists_voices}
    assert listed == set(CATALOGUES)
