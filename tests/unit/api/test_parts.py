"""The parts of the API that need no server: event frames, signed links, JSON bodies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import nullcontext
from typing import Any

import pytest

from callwright.api.bodies import parse_object
from callwright.api.places import Places
from callwright.domain.errors import InvalidJsonError, NotAllowedError, RateLimitedError
from callwright.domain.limits import MAX_JSON_DEPTH
from callwright.platform.executions.routes.live import HEARTBEAT, LiveResponse, frame, framed
from callwright.platform.recordings.routes.links import check_link, signature_of, signed_path

FIRST = {"event": "execution", "data": {}}
SECRET = b"s" * 32


class Source:
    """Live events that come when the test says so."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[Mapping[str, Any] | None] = asyncio.Queue()
        self.closed = False

    async def stream(self) -> AsyncIterator[Mapping[str, Any]]:
        try:
            while (event := await self.events.get()) is not None:
                yield event
        finally:
            self.closed = True


async def never() -> Mapping[str, Any]:
    """A key that stays good."""
    await asyncio.Event().wait()
    return {}


async def test_silence_is_filled_with_comments_and_loses_no_event() -> None:
    source = Source()
    frames = framed(source.stream(), FIRST, 0, never)
    assert await anext(frames) == frame(FIRST)
    assert await anext(frames) == HEARTBEAT
    assert await anext(frames) == HEARTBEAT
    await source.events.put({"event": "heard", "data": 1})
    await source.events.put(None)
    rest = [one async for one in frames if one != HEARTBEAT]
    assert rest == [b"event: heard\ndata: 1\n\n", b"event: end\ndata: {}\n\n"]
    assert source.closed


async def test_what_closes_a_stream_is_its_last_event_also_while_events_come() -> None:
    source, lost = Source(), asyncio.Event()

    async def closed() -> Mapping[str, Any]:
        await lost.wait()
        return {"event": "closed", "data": {"code": "unknown_key"}}

    frames = framed(source.stream(), FIRST, 60, closed)
    assert await anext(frames) == frame(FIRST)
    await source.events.put({"event": "heard", "data": 1})
    assert await anext(frames) == b"event: heard\ndata: 1\n\n"
    lost.set()
    await asyncio.sleep(0)
    await source.events.put({"event": "heard", "data": 2})
    assert [one async for one in frames] == [b'event: closed\ndata: {"code":"unknown_key"}\n\n']
    assert source.closed


async def test_a_client_that_leaves_closes_the_source() -> None:
    source = Source()
    frames = framed(source.stream(), FIRST, 0, never)
    await anext(frames)
    await anext(frames)
    await frames.aclose()
    assert source.closed


def test_an_organisation_has_a_share_of_the_places() -> None:
    places = Places("live event streams", of_all=3, of_one=2)
    places.enter("one")
    places.enter("one")
    with pytest.raises(RateLimitedError, match="2 live event streams of the organisation"):
        places.enter("one")
    places.enter("two")
    with pytest.raises(RateLimitedError, match="3 live event streams are under way"):
        places.enter("two")
    places.leave("one")
    places.enter("two")


async def test_a_stream_leaves_its_place_also_when_nothing_of_it_could_be_sent() -> None:
    streams = Places("live event streams", 1, 1)
    for broken in (True, False):
        streams.enter("one")
        source = Source()
        await source.events.put(None)
        response = LiveResponse(framed(source.stream(), FIRST, 60, never), streams, "one")

        async def send(message: Any, broken: bool = broken) -> None:
            if broken:
                raise OSError("the client is gone")

        with pytest.raises(OSError, match="gone") if broken else nullcontext():
            await response.stream_response(send)
    streams.enter("one")


def test_a_link_is_good_for_one_file_until_its_time() -> None:
    signature = signature_of(SECRET, "id", "call.wav", 100)
    assert (
        signed_path(SECRET, "id", "call.wav", 100) == f"/recordings/file/id/call.wav?expires=100&signature={signature}"
    )
    check_link([SECRET], "id", "call.wav", "100", signature, now=99)
    check_link([b"t" * 32, SECRET], "id", "call.wav", "100", signature, now=99)
    for wrong in (
        ([SECRET], "id", "call.wav", "100", signature, 100),
        ([SECRET], "id", "call.wav", "101", signature, 99),
        ([SECRET], "id", "call.wav", "1e2", signature, 99),
        ([SECRET], "id", "call.wav", "", "", 99),
        ([SECRET], "id", "call.wav", "9" * 400, signature, 99),
        ([SECRET], "other", "call.wav", "100", signature, 99),
        ([SECRET], "id", "transfer.wav", "100", signature, 99),
        ([b"t" * 32], "id", "call.wav", "100", signature, 99),
        ([SECRET], "id", "call.wav", "100", "é", 99),
    ):
        with pytest.raises(NotAllowedError):
            check_link(*wrong)


def test_bodies_are_objects_with_a_byte_order_mark_or_without() -> None:
    assert parse_object(b'\xef\xbb\xbf{"a": [1, 2.5, null, "\\u00e9"]}') == {"a": [1, 2.5, None, "é"]}
    assert parse_object(b'{"a": 9223372036854775807}') == {"a": 2**63 - 1}
    with pytest.raises(InvalidJsonError, match="64 bits"):
        parse_object(b'{"a": [9223372036854775808]}')


def test_nesting_ends_at_its_limit() -> None:
    def nested(levels: int) -> bytes:
        return b'{"a":' * (levels - 1) + b"{}" + b"}" * (levels - 1)

    assert parse_object(nested(MAX_JSON_DEPTH))
    for levels in (MAX_JSON_DEPTH + 1, 1000, 100_000):
        with pytest.raises(InvalidJsonError, match="nested deeper"):
            parse_object(nested(levels))
