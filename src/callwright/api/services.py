"""What the HTTP doors work with, filled in by the bootstrap."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

from starlette.datastructures import URL
from starlette.requests import Request
from starlette.types import Scope

from callwright.api.rates import RateLimits
from callwright.domain.errors import (
    CallwrightError,
    CrossSiteError,
    MissingKeyError,
    NotAllowedError,
    QuotaError,
    RateLimitedError,
    SlowBodyError,
    TooLargeError,
    UnknownKeyError,
)
from callwright.ops.metrics import Metrics
from callwright.ops.security_log import SecurityLog
from callwright.platform.accounts.rules import Principal
from callwright.platform.services import Services
from callwright.ports.door import INBOUND_CALL, LINES

OPEN_PREFIX = "/recordings/file/"
"""Signed links of recordings begin with this. They need no key: their permission is the signature."""


class LiveEvents(Protocol):
    """What happens in a call while it happens."""

    def subscribe(self, execution_id: str, after: str | None) -> AsyncIterator[Mapping[str, Any]]:
        """Events ``{"id"?: str, "event": str, "data": JSON}`` of a call from now on, or those after event ``after`` where they are still
        known. Ends when the call has ended. Closing the iterator ends the subscription. May raise UnavailableError."""
        ...


@dataclass(frozen=True, slots=True)
class ApiServices:
    """Everything the API needs.

    ``ready`` raises UnavailableError while this process should get no requests (the database is asked as well, without it).
    ``carriers`` tells how those are that listen, by name; one that does not is no reason to send requests elsewhere.
    ``lacking`` says in sentences what the server's own recogniser, voice and model lack. That is no reason either: every process of the
    machine lacks it, and API, webhooks and calls of other providers work.
    ``public_url`` is how the outside reaches the API, without a trailing slash; empty: links are relative to the request.
    ``rates`` says how often an organisation may ask, None: as often as it likes. ``bad_key_status`` answers an unknown key, 401 or 403.
    The first of ``link_secrets`` signs recording links, all of them check; none may be a secret of the key hashes.
    With ``links_end_with_key`` a link is good no longer than the API key that asked for it.
    ``security`` records refusals and changes of rights.
    """

    actions: Services
    live: LiveEvents
    metrics: Metrics
    ready: Callable[[], Awaitable[None]]
    carriers: Callable[[], Mapping[str, str]] = dict
    lacking: Callable[[], Sequence[str]] = tuple
    public_url: str = ""
    link_secrets: Callable[[], Sequence[bytes]] = field(default=tuple, repr=False)
    links_end_with_key: bool = False
    version: str = ""
    cors_origins: tuple[str, ...] = ()
    rates: RateLimits | None = None
    bad_key_status: int = 401
    security: SecurityLog = field(default_factory=SecurityLog)


def services_of(request: Request) -> ApiServices:
    """The services of the application a request came to. The gate has put them there."""
    found = request.scope["state"]["services"]
    assert isinstance(found, ApiServices)
    return found


def principal_of(request: Request) -> Principal:
    """Who is asking. The gate has put it there for every route that needs a key."""
    found = request.scope["state"]["principal"]
    assert isinstance(found, Principal)
    return found


def address_of(scope: Scope) -> str:
    """Where a request came from: the other end of the connection, or what a trusted proxy says (the server has put it there)."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def record_change(request: Request, kind: str, text: str) -> None:
    """Record that a request made a key or changed a right; ``text`` says which."""
    principal = principal_of(request)
    by = f"{text}, by key {principal.key_id} of account {principal.tenant_id}"
    services_of(request).security.record(kind, address_of(request.scope), by, logging.INFO)


def record_refusal(services: ApiServices, scope: Scope, error: CallwrightError) -> None:
    """Record an answer that refuses a key, a right, a proof or too much."""
    kind = _kind_of(error, scope["path"])
    if kind is None:
        return
    # The token of a door stands in its address, so the address ends at the carrier.
    path = "/".join(scope["path"].split("/")[:3]) if scope["path"].startswith(LINES) else scope["path"]
    principal: Principal | None = scope["state"].get("principal")
    whose = "" if principal is None else f" with key {principal.key_id} of account {principal.tenant_id}"
    services.security.record(kind, address_of(scope), f"{scope.get('method', 'websocket')} {path}{whose}: {error.code}")


def _kind_of(error: CallwrightError, path: str) -> str | None:
    if isinstance(error, MissingKeyError):
        return "no_key"
    if isinstance(error, UnknownKeyError):
        return "bad_key"
    if isinstance(error, RateLimitedError):
        return "rate_limit"
    if isinstance(error, (TooLargeError, QuotaError, SlowBodyError)):
        return "limit"
    if isinstance(error, CrossSiteError):
        return "cross_site"
    if isinstance(error, NotAllowedError):
        return (
            "bad_proof"
            if path.startswith((LINES, INBOUND_CALL))
            else "bad_link"
            if path.startswith(OPEN_PREFIX)
            else "refused_right"
        )
    return None


def public_url_of(request: Request) -> str:
    """The beginning of links to this API: the setting, else how this request came."""
    found = services_of(request).public_url
    if not found:
        scope = request.scope
        host = next((value for name, value in scope["headers"] if name == b"host"), None)
        found = _address(scope.get("scheme", "http"), host, scope.get("server"), scope.get("root_path", ""))
    return found


@lru_cache(256)
def _address(scheme: str, host: bytes | None, server: tuple[str, int | None] | None, root_path: str) -> str:
    headers = [] if host is None else [(b"host", host)]
    scope = {"scheme": scheme, "headers": headers, "server": server, "path": root_path or "/"}
    return str(URL(scope=scope)).rstrip("/")
