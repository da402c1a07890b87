"""Requests that stay open for longer than their key may be good: live event streams, long lists, and chats that wait for a reply."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Mapping
from typing import Any, TypeVar

from fastapi import Request
from starlette.responses import StreamingResponse
from starlette.types import Send

from callwright.api.credentials import lost_since, refused_since
from callwright.api.services import principal_of, services_of
from callwright.domain.errors import CallwrightError, UnavailableError
from callwright.domain.limits import STANDING_SECONDS, UNCHECKED_SECONDS

_LOG = logging.getLogger(__name__)

T = TypeVar("T")

#: Work that goes on although its request was answered: a task that nobody holds may vanish.
_UNDER_WAY: set[asyncio.Task[Any]] = set()


async def standing_lost(request: Request) -> CallwrightError:
    """Waits until the key or session of a request is no longer what it was when the request came, and says why. A key is looked at in
    memory, which the database's news of changes empties; while nobody can tell, the request stays open for UNCHECKED_SECONDS and ends as
    unavailable."""
    services, principal = services_of(request), principal_of(request)
    unchecked_s = 0.0
    while True:
        await services.actions.clock.sleep(STANDING_SECONDS)
        try:
            lost = await lost_since(services, request.scope, principal)
        except UnavailableError:
            unchecked_s += STANDING_SECONDS
            if unchecked_s < UNCHECKED_SECONDS:
                continue
            return UnavailableError("the key cannot be checked at the moment; ask again")
        unchecked_s = 0.0
        if lost is not None:
            return lost


async def closed_event(request: Request) -> Mapping[str, Any]:
    """The last event of a stream whose key is no longer what it was: ``closed``, with code, sentence and what to do."""
    lost = await standing_lost(request)
    return {"event": "closed", "data": {"code": lost.code, "message": lost.message, "hint": lost.hint}}


class StandingStream(StreamingResponse):
    """A long answer that is sent as it is made, while the key of ``request`` is what it was when the request came. Then it is left
    incomplete, so that nobody takes it for all."""

    def __init__(
        self, request: Request, body: AsyncIterator[bytes], media_type: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(body, media_type=media_type, headers=headers)
        self._request = request

    async def stream_response(self, send: Send) -> None:
        """Send the body. What is not sent when the key is lost is not made, whether the client reads or not."""
        sending = asyncio.create_task(super().stream_response(send), name="an answer that is sent")
        watching = asyncio.create_task(standing_lost(self._request), name="standing of an answer that is sent")
        try:
            await asyncio.wait({sending, watching}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
            else:
                # The server closes the connection of an answer without its end.
                _LOG.info("an answer was cut: %s", watching.result().message)
        finally:
            for task in (sending, watching):
                task.cancel()
            await asyncio.gather(sending, watching, return_exceptions=True)


async def while_standing(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """What ``work`` returns, unless the request's key ceases to be good meanwhile: that is answered at once as to any request, and
    ``work``, which is bounded in time, comes to its own end."""
    doing = asyncio.create_task(work, name="a request that waits")
    _UNDER_WAY.add(doing)
    doing.add_done_callback(_forget)
    watching = asyncio.create_task(standing_lost(request), name="standing of a request that waits")
    try:
        await asyncio.wait({doing, watching}, return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            return doing.result()
        request.state.lost = watching.result()
        raise refused_since(services_of(request), request.state.lost)
    finally:
        watching.cancel()


def check_standing(request: Request) -> None:
    """For work that has waited: raises what :func:`while_standing` answered meanwhile, if it did, so that the work is not begun."""
    lost: CallwrightError | None = getattr(request.state, "lost", None)
    if lost is not None:
        raise refused_since(services_of(request), lost)


def _forget(task: asyncio.Task[Any]) -> None:
    _UNDER_WAY.discard(task)
    if not task.cancelled():
        # Looked at, so that it is not reported as an error nobody took: whoever asked may have been answered before.
        task.exception()
