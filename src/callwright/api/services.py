"""What the HTTP doors work with, filled in by the bootstrap."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

from starlette.datastructures import URL
from starlette.requests import Request

from callwright.actions.services import Services
from callwright.api.rates import RateLimits
from callwright.domain.tenant import Principal
from callwright.ops.metrics import Metrics


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
    ``missing_models`` names local models that the providers of the settings need and that are not installed, and the command that brings
    them; likewise no reason: every process of the machine lacks them, and API, webhooks and calls of other providers work.
    ``public_url`` is how the outside reaches the API, without a trailing slash; empty: links are relative to the request.
    ``rates`` says how often an organisation may ask, None: as often as it likes. ``bad_key_status`` answers an unknown key, 401 or 403.
    ``link_secret`` signs recording links; it must not be the secret of the key hashes.
    """

    actions: Services
    live: LiveEvents
    metrics: Metrics
    ready: Callable[[], Awaitable[None]]
    carriers: Callable[[], Mapping[str, str]] = dict
    missing_models: Callable[[], tuple[Sequence[str], str]] = lambda: ((), "")
    public_url: str = ""
    link_secret: bytes = field(default=b"", repr=False)
    version: str = ""
    cors_origins: tuple[str, ...] = ()
    rates: RateLimits | None = None
    bad_key_status: int = 401


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
