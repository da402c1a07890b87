"""Reading a JSON body: bounded before it is parsed, and checked for what the platform could not keep."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import IO, Any

import msgspec
from starlette.requests import Request
from starlette.types import Message, Receive

from callwright.domain.errors import InvalidJsonError, SlowBodyError, TooLargeError
from callwright.domain.limits import (
    BODY_BYTES_A_SECOND,
    BODY_SECONDS,
    MAX_BODY_BYTES,
    MAX_DISCARDED_BYTES,
    MAX_FORM_MEMORY_BYTES,
    MAX_JSON_DEPTH,
)

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LARGEST_WHOLE = 2**63 - 1


class PacedBody:
    """The ``receive`` of a request whose body must come at a pace (BODY_SECONDS, BODY_BYTES_A_SECOND). Raises SlowBodyError, and what
    ``check`` raises when the body has come: much may have changed since its headers."""

    def __init__(self, receive: Receive, check: Callable[[], Awaitable[None]]) -> None:
        self._receive = receive
        self._check = check
        self._deadline: float | None = None
        self._whole = False

    async def receive(self) -> Message:
        """The next message. Behind the body only the client's leaving can come, and that may take as long as it will."""
        if self._whole:
            return await self._receive()
        if self._deadline is None:
            self._deadline = asyncio.timeout(BODY_SECONDS).when()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise SlowBodyError(
                f"the body came too slowly: it may take {BODY_SECONDS} s, and a second more for each {BODY_BYTES_A_SECOND} bytes"
            ) from None
        if self._deadline is not None:
            self._deadline += len(message.get("body", b"")) / BODY_BYTES_A_SECOND
        self._whole = not message.get("more_body", False)
        if self._whole and message["type"] == "http.request":
            await self._check()
        return message


async def read_bytes(request: Request, most: int = MAX_BODY_BYTES) -> bytes:
    """The body. Raises TooLargeError when it is larger than ``most``; nothing beyond that is kept.

    A client that still sends when the connection closes sees a reset instead of the answer, so up to MAX_DISCARDED_BYTES are read and
    thrown away first. Whoever waits for our ``100 Continue`` has sent nothing yet and is refused at once.
    """
    body = bytearray()
    async for chunk in _bounded(request, most):
        body += chunk
    return bytes(body)


@asynccontextmanager
async def read_file(request: Request, most: int) -> AsyncIterator[IO[bytes]]:
    """The body as a file to be read from its beginning, within the block: in memory up to MAX_FORM_MEMORY_BYTES, on the disk beyond. Raises
    as :func:`read_bytes`."""
    with tempfile.SpooledTemporaryFile(MAX_FORM_MEMORY_BYTES) as file:
        size = 0
        async for chunk in _bounded(request, most):
            size += len(chunk)
            if size > MAX_FORM_MEMORY_BYTES:
                await asyncio.to_thread(file.write, chunk)
            else:
                file.write(chunk)
        file.seek(0)
        yield file


async def _bounded(request: Request, most: int) -> AsyncIterator[bytes]:
    declared = request.headers.get("content-length", "")
    too_large = declared.isascii() and declared.isdigit() and int(declared[:20]) > most
    if too_large and "expect" in request.headers:
        raise _too_large(most)
    seen = 0
    async for chunk in request.stream():
        seen += len(chunk)
        if seen > MAX_DISCARDED_BYTES and (too_large or seen > most):
            break
        if seen > most:
            too_large = True
        if not too_large:
            yield chunk
    if too_large or seen > most:
        raise _too_large(most)


def _too_large(most: int) -> TooLargeError:
    return TooLargeError(f"the body is larger than {most} bytes")


async def read_object(request: Request, most: int = MAX_BODY_BYTES) -> dict[str, Any]:
    """The body, of at most ``most`` bytes, as a JSON object. Raises InvalidJsonError or TooLargeError."""
    return parse_object(await read_bytes(request, most))


async def read_object_if_any(request: Request, most: int = MAX_BODY_BYTES) -> dict[str, Any]:
    """The same, empty when there is no body."""
    raw = await read_bytes(request, most)
    return parse_object(raw) if raw.strip() else {}


def parse_object(raw: bytes) -> dict[str, Any]:
    """``raw`` as a JSON object whose every value can be stored. Raises InvalidJsonError saying where it stops being one."""
    raw = raw.removeprefix(_BYTE_ORDER_MARK)
    if not raw.strip():
        raise InvalidJsonError("the body is empty; a JSON object is expected")
    try:
        value = msgspec.json.decode(raw)
    except RecursionError:
        raise _too_deep() from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidJsonError(f"the body is not valid JSON: {error}") from None
    if not isinstance(value, dict):
        raise InvalidJsonError("the body must be a JSON object")
    _check(value)
    return value


def _too_deep() -> InvalidJsonError:
    return InvalidJsonError(f"the body is nested deeper than {MAX_JSON_DEPTH} levels")


def _check(value: dict[str, Any]) -> None:
    """Refuse what parses but cannot be kept: too deep nesting, NUL characters, halves of surrogate pairs, numbers beyond 64 bits."""
    level: list[Any] = [value]
    for _ in range(MAX_JSON_DEPTH):
        deeper: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                deeper += one.keys()
                deeper += one.values()
            elif isinstance(one, list):
                deeper += one
            elif isinstance(one, str):
                if _UNSTORABLE.search(one):
                    raise InvalidJsonError("the body holds a NUL or half a surrogate pair in a string; remove it")
            elif isinstance(one, int) and not -_LARGEST_WHOLE <= one <= _LARGEST_WHOLE:
                raise InvalidJsonError("the body holds a whole number beyond 64 bits; send it as a string")
        level = deeper
        if not level:
            return
    raise _too_deep()
