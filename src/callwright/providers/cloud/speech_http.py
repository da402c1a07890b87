"""The guarded HTTP client that the vendors' voices and lists of a process share."""

from __future__ import annotations

from collections.abc import Mapping

import httpx2 as httpx

from callwright.net.client import GuardedClient

_CONNECTIONS = 200


class SpeechHttp:
    """The client. It reaches private networks only where the operator named addresses for speech, which may be there."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        allow = bool(settings.get("speech_addresses")) or settings.get("allow_private_urls", "") == "1"
        self.guarded = GuardedClient(allow_private=allow, connections=_CONNECTIONS)

    @property
    def streaming(self) -> httpx.AsyncClient:
        """The client for answers that are read while they are made."""
        return self.guarded.stream_client()

    async def aclose(self) -> None:
        """Close all connections."""
        await self.guarded.aclose()
