"""Bounds on an answer that is read as a stream by somebody else's library: its bytes as they come and unpacked, its events, its time.

httpx2.AsyncClient(event_hooks=BOUNDED)
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

import httpx2 as httpx

from callwright.domain.errors import AnswerTooLargeError
from callwright.domain.limits import (
    ERROR_ANSWER_SECONDS,
    MAX_ERROR_ANSWER_BYTES,
    MAX_STREAM_BYTES,
    MAX_STREAM_EVENT_BYTES,
    MAX_STREAM_LINES,
    STREAM_SECONDS,
)

_PIECE_BYTES = 16_384
"""What is handed on at once, before whatever else the loop has to do: reading a piece line by line takes some milliseconds."""
_EVENT_ENDS = (b"\n\n", b"\n\r\n", b"\r\r")
_GZIP, _DEFLATE = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS
_PACKINGS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": _DEFLATE}


async def bound_answer(response: httpx.Response) -> None:
    """Bound the body of ``response``, whose head has just come. Reading it raises AnswerTooLargeError for too much, too large an event or a
    packing that is not known, and ``httpx2.ReadTimeout`` when it takes too long.

    The body of an answer that is no success is only words about the failure: it is cut instead, so that its status stays what it tells.
    """
    packing = response.headers.get("content-encoding", "").strip().lower()
    # Unpacked here, because the library's way to say how much that may be is none.
    response.headers.pop("content-encoding", None)
    stream = response.stream
    assert isinstance(stream, httpx.AsyncByteStream)
    bounded = _Success if response.is_success else _Failure
    response.stream = bounded(stream, response.request, packing)


BOUNDED: Mapping[str, list[Callable[..., Any]]] = {"response": [bound_answer]}
"""The ``event_hooks`` of a client whose answers are bounded."""


class _Success(httpx.AsyncByteStream):
    """The body of an answer that is wanted whole."""

    def __init__(self, stream: httpx.AsyncByteStream, request: httpx.Request, packing: str) -> None:
        self._stream = stream
        self._request = request
        self._packing = packing

    async def __aiter__(self) -> AsyncIterator[bytes]:
        unpack = _unpacker(self._packing)
        received = unpacked = event = lines = 0
        last = b""
        async for raw in _in_time(self._stream, STREAM_SECONDS, self._request):
            received += len(raw)
            for piece in unpack(raw):
                unpacked += len(piece)
                if max(received, unpacked) > MAX_STREAM_BYTES:
                    raise AnswerTooLargeError(f"the answer is larger than {MAX_STREAM_BYTES} bytes")
                lines += piece.count(b"\n") + piece.count(b"\r")
                if lines > MAX_STREAM_LINES:
                    raise AnswerTooLargeError(f"the answer has more than {MAX_STREAM_LINES} lines")
                event, last = _rest_of_event(event, last, piece)
                if event > MAX_STREAM_EVENT_BYTES:
                    raise AnswerTooLargeError(
                        f"the answer has an event that is larger than {MAX_STREAM_EVENT_BYTES} bytes"
                    )
                yield piece
                await asyncio.sleep(0)

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Failure(_Success):
    """The body of any other answer: its beginning, as far as it comes soon and can be unpacked."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = MAX_ERROR_ANSWER_BYTES
        try:
            unpack = _unpacker(self._packing)
            async for raw in _in_time(self._stream, ERROR_ANSWER_SECONDS, self._request):
                for piece in unpack(raw):
                    yield piece[:left]
                    left -= len(piece)
                    if left <= 0:
                        return
        except (AnswerTooLargeError, httpx.HTTPError):
            return


async def _in_time(stream: httpx.AsyncByteStream, seconds: float, request: httpx.Request) -> AsyncIterator[bytes]:
    """The pieces of a body as they come, until so many seconds have passed."""
    pieces = aiter(stream)
    deadline = asyncio.timeout(seconds).when()
    while True:
        try:
            async with asyncio.timeout_at(deadline):
                piece = await anext(pieces, None)
        except TimeoutError:
            raise httpx.ReadTimeout(f"the answer took longer than {seconds:g} seconds", request=request) from None
        if piece is None:
            return
        yield piece


def _rest_of_event(before: int, last: bytes, piece: bytes) -> tuple[int, bytes]:
    """How long the event is that ``piece`` does not end, which had ``before`` bytes, and the last bytes of all, in which it may end."""
    seen = last + piece
    ends = max(seen.rfind(end) + len(end) if end in seen else 0 for end in _EVENT_ENDS)
    return (len(seen) - ends if ends else before + len(piece)), seen[-2:]


def _unpacker(packing: str) -> Callable[[bytes], Iterator[bytes]]:
    """What unpacks pieces of a body, a little at a time, so that a small one that unpacks to gigabytes takes no memory."""
    if packing in ("", "identity"):
        return _sliced
    window = _PACKINGS.get(packing)
    if window is None:
        raise AnswerTooLargeError(f"the answer is packed ({packing[:20]}), which was not asked for")
    return _Unpacker(window).take


def _sliced(piece: bytes) -> Iterator[bytes]:
    return (piece[at : at + _PIECE_BYTES] for at in range(0, len(piece), _PIECE_BYTES))


class _Unpacker:
    def __init__(self, window: int) -> None:
        self._unpack = zlib.decompressobj(window)

    def take(self, packed: bytes) -> Iterator[bytes]:
        while packed and not self._unpack.eof:
            try:
                piece = self._unpack.decompress(packed, _PIECE_BYTES)
            except zlib.error:
                raise AnswerTooLargeError("the answer says that it is packed, and cannot be unpacked") from None
            packed = self._unpack.unconsumed_tail
            if piece:
                yield piece
