"""The guarded HTTP clients that the vendors' voices and lists of a process share."""

from __future__ import annotations

from collections.abc import Mapping

import httpx2 as httpx

from callwright.net.client import GuardedClient

_CONNECTIONS = 200


class SpeechHttp:
    """The clients. ``moved``: the operator named the vendor's address, which may be in a private network (``Bridge.moved``)."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        allow = settings.get("allow_private_urls", "") == "1"
        self._clients = {
            moved: GuardedClient(allow_private=moved or allow, connections=_CONNECTIONS) for moved in (False, True)
        }

    def guarded(self, *, moved: bool) -> GuardedClient:
        """The client for whole answers."""
        return self._clients[moved]

    def streaming(self, *, moved: bool) -> httpx.AsyncClient:
        """The client for answers that are read while they are made."""
        return self._clients[moved].stream_client()

    async def aclose(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.aclose()
