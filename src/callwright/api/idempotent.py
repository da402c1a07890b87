"""``Idempotency-Key`` of a request: the same key and body within 24 hours give the first answer again, and the work is done once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Header, Request, Response

from callwright.actions.idempotency import once, once_key
from callwright.actions.services import Services
from callwright.api.answers import answer_bytes
from callwright.api.services import principal_of, services_of
from callwright.insight.wire import encode

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="The same key and body within 24 hours give the first answer again, and the work is done once.",
    ),
]
"""The parameter of a route that creates or spends, as the description shows it."""


async def answer_once(
    request: Request,
    key: str | None,
    wire: Any,
    work: Callable[[Services], Awaitable[Any]],
    http_status: int = 200,
) -> Response:
    """The answer of a request that creates or spends: ``work`` returns its body. With a ``key`` it is done once for the same ``wire`` (what
    the request asks for, as JSON; for a file its hash), and everything it does through the services it gets is one transaction."""
    services = services_of(request).actions
    if key is None:
        return answer_bytes(encode(await work(services)), http_status)
    found = once_key(key, request.method, request.scope["path"], wire)

    async def encoded(joined: Services) -> bytes:
        return encode(await work(joined))

    status, body = await once(services, principal_of(request), found, http_status, encoded)
    return answer_bytes(body, status)
