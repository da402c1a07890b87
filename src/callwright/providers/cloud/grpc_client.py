"""Clients over gRPC: where they connect, when the vendor's server has taken the stream, and that every connection is closed.

Left to itself, Google's client asks a server that is away again for 5,000 s and reports nothing, and closes no channel.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from callwright.ports.failures import FailureKind, ProviderError
from callwright.providers.cloud.bridge import Bridge, Made
from callwright.providers.cloud.session import CONNECT_SECONDS, SHORTEST_STREAM_MS

_REFUSAL_SECONDS = 0.3
"""How long a stream waits for a refusal. The vendor may confirm a stream only with its first words."""
_STATUS_LOST = "Internal error from Core"
"""What gRPC makes of the status of a stream that ends while audio is on its way. After the wait above it is mostly that of an old one."""


class GrpcConnections:
    """Makes and closes the connections in the pool of one client."""

    def __init__(self, made: Made, bridge: Bridge, own_address: str, opens: Callable[[], int]) -> None:
        """``own_address``: the vendor's, which the operator may have replaced. ``opens`` is called before each
        stream, and returns the position in the call's audio from which it is sent."""
        self._made = made
        self._own_address = own_address
        self._address = bridge.address(own_address)
        self._opens = opens
        self._opened_ms: int | None = None
        made.client._pool._connect_cb = self._connect
        made.client._pool._close_cb = self._close

    async def _connect(self, timeout_s: float) -> Any:
        client = await self._made.client._create_client(timeout_s)
        metadata: tuple[tuple[str, str], ...] = ()
        if self._address != self._own_address:
            client, metadata = await self._elsewhere(client)
        ask = client.streaming_recognize

        async def streaming_recognize(requests: Any) -> Any:
            at_ms = self._opens()
            if self._opened_ms is not None and at_ms - self._opened_ms < SHORTEST_STREAM_MS:
                raise ConnectionResetError("the stream was ended")
            self._opened_ms = at_ms
            async with asyncio.timeout(CONNECT_SECONDS):
                call = await ask(requests=requests, retry=None, metadata=metadata)
            with suppress(TimeoutError):
                async with asyncio.timeout(_REFUSAL_SECONDS):
                    await call.initial_metadata()
            # Raises the refusal, if there was one.
            await call.wait_for_connection()
            self._made.session.opened.set()
            return _Answers(call)

        client.streaming_recognize = streaming_recognize
        return client

    async def _elsewhere(self, client: Any) -> tuple[Any, tuple[tuple[str, str], ...]]:
        account = client.transport._credentials
        self._made.client._project_id = account.project_id
        moved = await _moved(client, self._address)
        return moved, _token(account, self._own_address)

    @staticmethod
    async def _close(client: Any) -> None:
        await client.transport.close()


class GrpcVoice:
    """A voice's client: where it connects, and that its calls and its connection are closed."""

    def __init__(self, client: Any, account: Any, own_address: str) -> None:
        """``account`` signs a token for each call, None where the connection does it."""
        self._client = client
        self._account = account
        self._own_address = own_address

    @classmethod
    async def put_in(cls, made: Made, bridge: Bridge, own_address: str) -> None:
        """Has the client that was made ask through this one. ``own_address``: the vendor's, which the operator may have replaced.

        Raises ProviderError for a key that cannot be used.
        """
        client = account = None
        with suppress(ValueError):
            client = made.client._ensure_client()
        if client is None:
            # Behind the block: the error would keep the key's text.
            why = "its provider key is not what the vendor gave out"
            raise ProviderError(FailureKind.REFUSED, bridge.vendor.name, why)
        if bridge.moved:
            account = client.transport._credentials
            client = await _moved(client, bridge.address(own_address))
        made.client._client = cls(client, account, own_address)
        closed = made.client.aclose

        async def aclose() -> None:
            await closed()
            await client.transport.close()

        made.client.aclose = aclose

    async def streaming_synthesize(self, requests: Any, timeout: float) -> Any:
        """The answers to the requests. Raises errors of the client's library."""
        metadata = _token(self._account, self._own_address) if self._account is not None else ()
        return await self._client.streaming_synthesize(
            requests=requests, timeout=timeout, retry=None, metadata=metadata
        )


async def _moved(client: Any, address: str) -> Any:
    """The same client at the operator's address."""
    grpc = importlib.import_module("grpc")
    parts = urlsplit(address)
    channel = (
        grpc.aio.secure_channel(parts.netloc, grpc.ssl_channel_credentials())
        if parts.scheme == "https"
        else grpc.aio.insecure_channel(parts.netloc)
    )
    await client.transport.close()
    return type(client)(transport=type(client.transport)(channel=channel))


def _token(account: Any, own_address: str) -> tuple[tuple[str, str], ...]:
    """The token that a service account signs for the vendor: gRPC itself sends none without TLS."""
    headers: dict[str, str] = {}
    jwt = importlib.import_module("google.auth.jwt")
    signing = jwt.Credentials.from_signing_credentials(account, f"{own_address}/")
    signing.before_request(None, "POST", own_address, headers)
    return (("authorization", headers["authorization"]),)


class _Answers:
    """A stream's answers. They just end where the client cancels them: it would leave a task behind if they were cancelled too. A stream
    that grew too old for the vendor ends as one that the client opens again."""

    def __init__(self, call: Any) -> None:
        self._call = call
        self._ended = False

    def cancel(self) -> None:
        """Ends the stream."""
        self._ended = True
        self._call.cancel()

    async def __aiter__(self) -> AsyncIterator[Any]:
        errors = importlib.import_module("google.api_core.exceptions")
        try:
            async for answer in self._call:
                yield answer
        except (errors.OutOfRange, errors.InternalServerError) as error:
            if isinstance(error, errors.InternalServerError) and _STATUS_LOST not in str(error):
                raise
            raise errors.Aborted("the stream is as old as it may be") from None
        except asyncio.CancelledError:
            if not self._ended:
                raise
