"""``Idempotency-Key`` of a request: the same key and body within 24 hours give the first answer again, and the work is done once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Header, Request, Response

from callwright.api.answers import answer_bytes
from callwright.api.services import principal_of, services_of
from callwright.api.standing import check_standing
from callwright.insight.wire import encode
from callwright.platform.idempotency.actions import OnceKey, once_key, once_outside, once_with_status, refuse_used
from callwright.platform.services import Services

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="The same key and body within 24 hours give the first answer again, and the work is done once.",
    ),
]
"""The parameter of a route that creates or spends, as the description shows it."""


@dataclass(frozen=True, slots=True)
class Made:
    """A body whose status only the work can tell."""

    body: Any
    http_status: int


async def answer_once(
    request: Request,
    key: str | None,
    wire: Any,
    work: Callable[[Services], Awaitable[Any]],
    http_status: int = 200,
) -> Response:
    """The answer of a request that creates or spends: ``work`` returns its body, or :class:`Made`.

    With a ``key`` it is done once for the same ``wire`` (what the request asks for, as JSON; for a file its hash), and everything it does
    through the services it gets is one transaction.
    """
    services = services_of(request).actions

    async def made(joined: Services) -> tuple[int, bytes]:
        return _encoded(await work(joined), http_status)

    if key is None:
        status, body = await made(services)
    else:
        status, body = await once_with_status(services, principal_of(request), _key(request, key, wire), made)
    return answer_bytes(body, status)


async def answer_once_outside(
    request: Request, key: str | None, wire: Any, work: Callable[[], Awaitable[Any]], http_status: int = 200
) -> Response:
    """The same of work that waits for others and is no transaction (``platform.idempotency.actions.once_outside``)."""

    async def made() -> tuple[int, bytes]:
        # It may have waited for the key, and nobody may ask for it any more.
        check_standing(request)
        return _encoded(await work(), http_status)

    if key is None:
        status, body = await made()
    else:
        services, principal = services_of(request).actions, principal_of(request)
        status, body = await once_outside(services, principal, _key(request, key, wire), made)
    return answer_bytes(body, status)


async def refuse_used_key(request: Request) -> None:
    """Refuse a request with an invalid body whose ``Idempotency-Key`` was used. Raises ConflictError, or BadInputError for a key that is
    none."""
    key = request.headers.get("idempotency-key")
    if key is not None:
        await refuse_used(services_of(request).actions, principal_of(request), key)


def _key(request: Request, key: str, wire: Any) -> OnceKey:
    return once_key(key, request.method, request.scope["path"], wire)


def _encoded(made: Any, http_status: int) -> tuple[int, bytes]:
    if isinstance(made, Made):
        return made.http_status, encode(made.body)
    return http_status, encode(made)
