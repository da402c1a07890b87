"""The guarded HTTP clients that the vendors' voices and lists of a process share."""

from __future__ import annotations

from collections.abc import Mapping

import httpx2 as httpx

from callwright.net.client import GuardedClient
from callwright.ports.failures import FailureKind, ProviderError

_CONNECTIONS = 200
_THROTTLED = "throttling"
_WRONG_KEY = b"API_KEY_INVALID"


class StatusError(Exception):
    """An answer that is no success."""

    def __init__(self, status_code: int) -> None:
        super().__init__(f"HTTP {status_code}")
        self.status_code = status_code


async def refusal(provider: str, answer: httpx.Response) -> Exception:
    """What an answer that is no success means: a ProviderError, or a StatusError for ``failures``."""
    if answer.headers.get("x-amzn-errortype", "").lower().startswith(_THROTTLED):
        # AWS says it with status 400.
        return ProviderError(FailureKind.LIMIT, provider, "it limits the requests; raise the account's limit")
    if _WRONG_KEY in await answer.aread():
        # So does Google.
        return StatusError(httpx.codes.UNAUTHORIZED)
    return StatusError(answer.status_code)


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
