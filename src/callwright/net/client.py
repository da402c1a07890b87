"""The one guarded HTTP client: whatever goes to an address somebody else chose goes through here.

The host is resolved once, every address it has is checked, and the connection goes to a checked address, so that no
rebinding happens between check and use. Redirects are not followed, answers are cut at a limit, and the whole exchange has a deadline.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Any, Self

import httpcore2 as httpcore
import httpx2 as httpx

from callwright.domain.errors import AnswerTooLargeError, BlockedUrlError, UnavailableError
from callwright.domain.limits import MAX_ADDRESSES_TRIED, MAX_WEB_ANSWER_BYTES, STREAM_SECONDS
from callwright.net.bounded import BOUNDED
from callwright.net.policy import CORRECT_URL, blocked_address, check_url, may_connect

_STREAMS = 1_000
"""Connections of a client for streamed answers: a call never waits for another's answer to end."""

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host name, best first. Raises OSError when it has none."""


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """The addresses the operating system knows, also for decimal, hexadecimal and octal spellings of an IPv4 address."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers (lower-case names) and at most ``MAX_WEB_ANSWER_BYTES`` of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Connects only to addresses the policy allows, after resolving the name itself."""

    def __init__(self, allow_private: bool, resolve: Resolver) -> None:
        self._inner = httpcore.AnyIOBackend()
        self._allow_private = allow_private
        self._resolve = resolve

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        *others, last = await self._checked_addresses(host, port)
        for address in others:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.ConnectError:
                continue
        return await self._inner.connect_tcp(last, port, timeout, local_address, socket_options)

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        raise BlockedUrlError("unix sockets are not reachable through this client")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _checked_addresses(self, host: str, port: int) -> list[str]:
        """The first few addresses of the host; all of them must be allowed, or a second record could be the way in."""
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} cannot be resolved") from error
        if not addresses:
            raise httpcore.ConnectError(f"{host} has no address")
        if not all(may_connect(address, allow_private=self._allow_private) for address in addresses):
            raise blocked_address(host, addresses)
        return list(dict.fromkeys(addresses))[:MAX_ADDRESSES_TRIED]


class _PinnedTransport(httpx.AsyncBaseTransport):
    """httpx2 over a connection pool that only reaches checked addresses."""

    def __init__(self, allow_private: bool, connections: int, resolve: Resolver) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            max_connections=connections, keepalive_expiry=30.0, network_backend=_CheckedNetwork(allow_private, resolve)
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
        with _as_httpx(request):
            try:
                # Whoever sends one provisional answer after the other does not answer.
                async with asyncio.timeout(STREAM_SECONDS):
                    answer = await self._pool.handle_async_request(core)
            except TimeoutError as error:
                raise httpx.TimeoutException("no answer in time", request=request) from error
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer, request),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


@contextmanager
def _as_httpx(request: httpx.Request) -> Iterator[None]:
    """The connection pool's failures as those of httpx2, while waiting for an answer and while reading its body."""
    try:
        yield
    except httpcore.TimeoutException as error:
        raise httpx.TimeoutException(str(error) or "no answer in time", request=request) from error
    except httpcore.NetworkError as error:
        raise httpx.NetworkError(str(error) or type(error).__name__, request=request) from error
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
        raise httpx.TransportError(str(error) or type(error).__name__, request=request) from error


class _Body(httpx.AsyncByteStream):
    """The answer's body. It may be iterated again after a part of it was read: that goes on where the first reader left off."""

    def __init__(self, answer: httpcore.Response, request: httpx.Request) -> None:
        self._answer = answer
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        stream = self._answer.stream
        assert isinstance(stream, AsyncIterable)
        with _as_httpx(self._request):
            async for piece in stream:
                yield piece

    async def aclose(self) -> None:
        await self._answer.aclose()


class GuardedClient:
    """Requests to addresses chosen by users. ``allow_private`` opens loopback and private networks (a setting)."""

    def __init__(self, *, allow_private: bool, connections: int = 50, resolve: Resolver = resolve_by_system) -> None:
        # No cookie is kept: what one tenant's receiver sets must not go out with another's request.
        no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        transport = _PinnedTransport(allow_private, connections, resolve)
        self._client = httpx.AsyncClient(
            transport=transport, cookies=no_cookies, follow_redirects=False, trust_env=False
        )
        self._streaming = httpx.AsyncClient(
            transport=transport,
            cookies=no_cookies,
            follow_redirects=False,
            trust_env=False,
            headers={"accept-encoding": "identity"},
            event_hooks=BOUNDED,
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
        received = bytearray()
        async with self._exchange(method, url, headers, body, timeout_s) as response:
            async for piece in response.aiter_raw():
                received += piece
                if len(received) > MAX_WEB_ANSWER_BYTES:
                    break
            return Answer(response.status_code, dict(response.headers), bytes(received[:MAX_WEB_ANSWER_BYTES]))

    async def fetch(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        take: Callable[[bytes], Awaitable[object]],
        most_bytes: int,
        timeout_s: float,
    ) -> Answer:
        """See ``ports.registry.FileClient``."""
        received = 0
        async with self._exchange("GET", url, headers, b"", timeout_s) as response:
            if response.status_code == HTTPStatus.OK:
                async for piece in response.aiter_raw():
                    received += len(piece)
                    if received > most_bytes:
                        raise AnswerTooLargeError(f"the file is larger than {most_bytes} bytes")
                    await take(piece)
            return Answer(response.status_code, dict(response.headers), b"")

    @asynccontextmanager
    async def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> AsyncIterator[httpx.Response]:
        """The answer, to be read within ``timeout_s`` since the request began. Raises as :meth:`send`."""
        check_url(url)
        try:
            async with asyncio.timeout(timeout_s):
                response = await self._client.send(self._request(method, url, headers, body, timeout_s), stream=True)
                try:
                    yield response
                finally:
                    await response.aclose()
        except TimeoutError as error:
            raise UnavailableError(f"no answer within {timeout_s:g} seconds") from error
        except httpx.NetworkError as error:
            raise UnavailableError(f"the request failed: {error}") from error
        except httpx.HTTPError as error:
            # The text of any other may quote a header.
            raise UnavailableError(f"the request failed: {type(error).__name__}") from error

    def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> httpx.Request:
        try:
            # Not compressed: a small answer could unpack to gigabytes.
            given = {"accept-encoding": "identity", **{name.lower(): value for name, value in headers.items()}}
            return self._client.build_request(method, url, headers=given, content=body, timeout=timeout_s)
        except (httpx.InvalidURL, ValueError, TypeError) as error:
            raise BlockedUrlError("the URL or one of the headers cannot be sent", hint=CORRECT_URL) from error

    def stream_client(self) -> httpx.AsyncClient:
        """The same guarded transport for SDKs that take an httpx2 client (streaming model endpoints). Its answers are bounded as
        ``net.bounded`` says."""
        return self._streaming

    async def aclose(self) -> None:
        """Close all connections."""
        await self._streaming.aclose()
        await self._client.aclose()


class StreamClient:
    """A guarded client for streamed answers, made when it is first needed. ``settings``: ``allow_private_urls`` decides about private
    networks. ``given``: what every request goes through instead, and stays its owner's."""

    def __init__(self, settings: Mapping[str, str], given: httpx.AsyncClient | None = None) -> None:
        self._allow_private = settings.get("allow_private_urls", "") == "1"
        self._given = given
        self._guarded: GuardedClient | None = None

    @property
    def is_given(self) -> bool:
        """Whether requests go through the client of somebody else."""
        return self._given is not None

    @property
    def client(self) -> httpx.AsyncClient:
        """The client."""
        if self._given is not None:
            return self._given
        if self._guarded is None:
            self._guarded = GuardedClient(allow_private=self._allow_private, connections=_STREAMS)
        return self._guarded.stream_client()

    async def aclose(self) -> None:
        """Close all connections."""
        if self._guarded is not None:
            await self._guarded.aclose()
