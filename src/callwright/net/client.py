"""The one guarded HTTP client: whatever goes to an address somebody else chose goes through here.

The host is resolved once, every address it has is checked, and the connection goes to a checked address, so that no
rebinding happens between check and use. Redirects are not followed, answers are cut at a limit, and the whole exchange has a deadline.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpcore2 as httpcore
import httpx2 as httpx

from callwright.domain.errors import BlockedUrlError, UnavailableError
from callwright.net.policy import check_url, is_public

MAX_ANSWER_BYTES = 1_048_576


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers (lower-case names) and at most ``MAX_ANSWER_BYTES`` of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Connects only to addresses the policy allows, after resolving the name itself."""

    def __init__(self, allow_private: bool) -> None:
        self._inner = httpcore.AnyIOBackend()
        self._allow_private = allow_private

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        address = await self._checked_address(host, port)
        return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        raise BlockedUrlError("unix sockets are not reachable through this client")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _checked_address(self, host: str, port: int) -> str:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(f"{host} cannot be resolved") from error
        addresses = [str(entry[4][0]) for entry in found]
        if not self._allow_private and not all(is_public(address) for address in addresses):
            raise BlockedUrlError(f"{host} is a private or reserved address")
        return addresses[0]


class _PinnedTransport(httpx.AsyncBaseTransport):
    """httpx2 over a connection pool that only reaches checked addresses."""

    def __init__(self, allow_private: bool, connections: int) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            max_connections=connections, keepalive_expiry=30.0, network_backend=_CheckedNetwork(allow_private)
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        core = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        try:
            answer = await self._pool.handle_async_request(core)
        except httpcore.TimeoutException as error:
            raise httpx.TimeoutException(str(error) or "no answer in time", request=request) from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise httpx.TransportError(str(error) or type(error).__name__, request=request) from error
        return httpx.Response(
            status_code=answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._answer.aiter_stream():
            yield piece

    async def aclose(self) -> None:
        await self._answer.aclose()


class GuardedClient:
    """Requests to addresses chosen by users. ``allow_private`` opens loopback and private networks (a setting)."""

    def __init__(self, *, allow_private: bool, connections: int = 50) -> None:
        self._client = httpx.AsyncClient(
            transport=_PinnedTransport(allow_private, connections), follow_redirects=False, trust_env=False
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Answer:
        """One request, answered within ``timeout_s`` in all.

        Raises BlockedUrlError (policy) and UnavailableError (no connection, no answer in time, broken answer).
        """
        check_url(url)
        try:
            async with asyncio.timeout(timeout_s):
                return await self._exchange(method, url, headers, body, timeout_s)
        except TimeoutError as error:
            raise UnavailableError(f"no answer within {timeout_s:g} seconds") from error
        except httpx.HTTPError as error:
            raise UnavailableError(f"the request failed: {type(error).__name__}") from error

    async def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> Answer:
        request = self._client.build_request(method, url, headers=dict(headers), content=body, timeout=timeout_s)
        response = await self._client.send(request, stream=True)
        try:
            received = bytearray()
            async for piece in response.aiter_bytes():
                received += piece
                if len(received) > MAX_ANSWER_BYTES:
                    break
            return Answer(response.status_code, dict(response.headers), bytes(received[:MAX_ANSWER_BYTES]))
        finally:
            await response.aclose()

    def stream_client(self) -> httpx.AsyncClient:
        """The same guarded transport for SDKs that take an httpx2 client (streaming model endpoints)."""
        return self._client

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()
