"""Server-sent events of a live call: framing, heartbeats and an end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Mapping
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Message, Send

from callwright.api.places import Places
from callwright.domain.limits import LIVE_SEND_SECONDS
from callwright.insight.wire import encode

_LOG = logging.getLogger(__name__)

HEARTBEAT = b": still here\n\n"


class LiveResponse(StreamingResponse):
    """A live event stream as an answer, which leaves the organisation's place in ``streams`` when it is over, begun or not. Whoever does
    not read keeps none: the connection is closed after LIVE_SEND_SECONDS."""

    media_type = "text/event-stream"

    def __init__(self, frames: AsyncGenerator[bytes], streams: Places, organisation_id: str) -> None:
        # A proxy shall not keep events to itself.
        super().__init__(frames, headers={"X-Accel-Buffering": "no"})
        self._frames = frames
        self._streams = streams
        self._organisation_id = organisation_id

    async def stream_response(self, send: Send) -> None:
        """Send the frames, and close their source whatever happens."""

        async def sent(message: Message) -> None:
            async with asyncio.timeout(LIVE_SEND_SECONDS):
                await send(message)

        try:
            await super().stream_response(sent)
        except TimeoutError:
            # The answer is left incomplete, which makes the server close the connection.
            _LOG.info("a live event stream was closed: its client read nothing for %d s", LIVE_SEND_SECONDS)
        finally:
            self._streams.leave(self._organisation_id)
            await self._frames.aclose()


def frame(event: Mapping[str, Any]) -> bytes:
    """One event on the wire. ``data`` is one line of JSON; ids and names lose their line breaks."""
    lines = []
    if event.get("id") is not None:
        lines.append(f"id: {_one_line(event['id'])}\n")
    lines.append(f"event: {_one_line(event.get('event', 'message'))}\n")
    return "".join(lines).encode() + b"data: " + encode(event.get("data")) + b"\n\n"


def _one_line(value: Any) -> str:
    return " ".join(str(value).split())


async def framed(
    events: AsyncIterator[Mapping[str, Any]],
    first: Mapping[str, Any],
    heartbeat_seconds: float,
    closed: Callable[[], Coroutine[Any, Any, Mapping[str, Any]]],
) -> AsyncGenerator[bytes]:
    """``first``, then the events as they come, a comment after each silence of ``heartbeat_seconds``, and ``event: end`` at the end.

    When ``closed`` returns, what it returns is the last event instead, whatever else would come. Closing the generator closes the source.
    """
    closing = asyncio.create_task(closed(), name="standing of a live stream")
    pending: asyncio.Task[Mapping[str, Any] | None] | None = None
    try:
        yield frame(first)
        while True:
            pending = pending or asyncio.create_task(_next(events))
            done, _ = await asyncio.wait(
                {pending, closing}, timeout=heartbeat_seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if closing in done:
                yield frame(closing.result())
                return
            if not done:
                yield HEARTBEAT
                continue
            event, pending = pending.result(), None
            if event is None:
                break
            yield frame(event)
        yield frame({"event": "end", "data": {}})
    finally:
        for task in (closing, pending):
            if task is not None:
                task.cancel()
        await asyncio.gather(closing, *([pending] if pending is not None else []), return_exceptions=True)
        close = getattr(events, "aclose", None)
        if close is not None:
            await close()


async def _next(events: AsyncIterator[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return await anext(events, None)
