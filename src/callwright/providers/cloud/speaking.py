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
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.catalogue import VoiceOffer
from callwright.ports.failures import RETRYABLE, FailureKind, ProviderError
from callwright.ports.registry import PluginContext
from callwright.ports.speech import VoiceChunk, VoiceSettings
from callwright.providers.cloud import library
from callwright.providers.cloud.bridge import Bridge, Made, Order
from callwright.providers.cloud.catalogue import CatalogueReader
from callwright.providers.cloud.clause import Clause, Piece
from callwright.providers.cloud.failures import close
from callwright.providers.cloud.grpc_client import GrpcVoice
from callwright.providers.cloud.session import CONNECT_SECONDS
from callwright.providers.cloud.vendor import Vendor

MAX_CLIENTS = 100
"""Clients of a vendor that are kept, one for each key and settings."""

_TIMED_WORDS = "lk.timed_transcripts"


@dataclass(slots=True, eq=False)
class _Kept:
    """A client and how many clauses use it. ``used``: its connection is not new; ``dropped``: it is closed after the last."""

    made: Made
    clauses: int = 0
    used: bool = False
    dropped: bool = False


class CloudVoice:
    """``ports.speech.Voice`` over one vendor's clients."""

    def __init__(self, vendor: Vendor, context: PluginContext) -> None:
        self.name = vendor.name
        self._bridge = Bridge(vendor, context)
        self._catalogue = CatalogueReader(self._bridge, context)
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    @property
    def clients(self) -> int:
        """How many clients are kept."""
        return len(self._kept)

    def check(self, settings: VoiceSettings) -> None:
        """Raises ProviderError when it could not speak with these settings (``ports.speech.CheckingVoice``)."""
        self._bridge.check(settings.model, _given(settings), settings.access)

    def billed_model(self, settings: VoiceSettings) -> str:
        """See ``ports.billing.NamesBilledModel``."""
        return self._bridge.billed_model(settings.model, _given(settings)) or self.name

    async def speak(self, text: str, settings: VoiceSettings) -> AsyncIterator[VoiceChunk]:
        """Stream one clause. A connection that turns out to have died since the last one is replaced once, if nothing was heard yet."""
        order = self._bridge.order(settings.model, _given(settings), settings.access)
        clause = Clause(self.name, order)
        while True:
            kept = await self._take(order)
            try:
                pieces = _pieces(kept.made.client, order.client.clean(text), self.name)
                async with aclosing(clause.spoken(pieces, text, kept.made.session)) as chunks:
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

    async def voices(self, access: Access) -> tuple[VoiceOffer, ...]:
        """What the vendor lists of the account (``ports.catalogue.VoiceCatalogue``)."""
        return await self._catalogue.voices(access)

    async def voice(self, voice_id: str, access: Access) -> VoiceOffer:
        """What the vendor says of one voice (``ports.catalogue.VoiceImports``)."""
        return await self._catalogue.voice(voice_id, access)

    async def warm(self, settings: VoiceSettings) -> None:
        """Load the client and, where it can, connect."""
        with suppress(ProviderError):
            order = self._bridge.order(settings.model, _given(settings), settings.access)
            if library.is_installed(order.client.name):
                kept = await self._take(order)
                if kept.clauses == 1 and not kept.used:
                    kept.made.client.prewarm()
                await self._give_back(kept)

    async def aclose(self) -> None:
        """Close every client, all at the same time: a vendor that does not answer takes as long as one."""
        kept, self._kept = list(self._kept.values()), OrderedDict()
        await asyncio.gather(*(close(self.name, one.made.client.aclose, VOICE_CLOSE_SECONDS) for one in kept))

    async def _take(self, order: Order) -> _Kept:
        name = _digest(order)
        kept = self._kept.get(name)
        if kept is None:
            made = await self._bridge.made(order)
            if order.client.grpc:
                await GrpcVoice.put_in(made, self._bridge, order.client.grpc)
            kept = self._kept.get(name)
            if kept is None:
                kept = self._kept[name] = _Kept(made)
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
            await close(self.name, kept.made.client.aclose, VOICE_CLOSE_SECONDS)


def _given(settings: VoiceSettings) -> dict[str, Any]:
    """The settings by the names that the table has."""
    return {**settings.options, "language": settings.language, "voice": settings.voice}


def _digest(order: Order) -> str:
    """A name of the key and settings that shows neither."""
    return hashlib.sha256(
        json.dumps([order.client.name, *sorted(order.arguments.items())], default=repr).encode()
    ).hexdigest()


async def _pieces(client: Any, text: str, provider: str) -> AsyncGenerator[Piece, None]:
    """What the client makes of the text."""
    options = (await library.framework()).options(max_retry=0, timeout=CONNECT_SECONDS)
    if client.capabilities.streaming:
        stream = client.stream(conn_options=options)
        stream.push_text(text)
        stream.end_input()
    else:
        stream = client.synthesize(text, conn_options=options)
    ended = False
    try:
        async for made in stream:
            frame = made.frame
            words = frame.userdata.get(_TIMED_WORDS) or ()
            yield Piece(bytes(frame.data), frame.sample_rate, frame.num_channels, words)
        ended = True
    finally:
        await close(provider, stream.aclose, VOICE_CLOSE_SECONDS)
        # The vendor would go on speaking, and billing, where the connection of a clause that was cut off is only put aside.
        drain = getattr(getattr(client, "_pool", None), "_drain_to_close", None)
        if not ended and drain is not None:
            await close(provider, drain, VOICE_CLOSE_SECONDS)
