"""What a request proves itself with: an API key, or the cookie of a session; and whether a page of this server sent it.

A browser sends cookies with requests that other sites make, so a session counts only for requests of our own pages. Programs use a key.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

from starlette.types import Scope

from callwright.api.services import ApiServices, address_of
from callwright.domain.errors import (
    CallwrightError,
    CrossSiteError,
    EndedSessionError,
    MissingKeyError,
    UnknownKeyError,
    UnrecognizedKeyError,
)
from callwright.domain.limits import MAX_API_KEY_CHARACTERS, SESSION_SECONDS
from callwright.platform.accounts.rules import Principal
from callwright.platform.keys.actions.keys import ACCESS_DENIED, authenticate, lost_standing
from callwright.platform.sessions.actions import authenticate_session, lost_session

COOKIE = "callwright_session"
HOST_COOKIE = "__Host-callwright_session"
"""The cookie's name under HTTPS: a browser takes it only from this very host."""

CSRF_HEADER = "X-Callwright-Csrf"
CSRF_VALUE = "1"
"""No form and no link of another site can send a header of its own."""

TOKEN_PREFIX = "/web-call/v1/"
"""Websockets whose key is in the address (contract 18): browsers cannot send a header."""

#: What the hosted service says at present to a key it does not know.
UNRECOGNIZED = "Unrecognized access token"

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_TOKEN = re.compile("[0-9a-f]{64}")
_SCHEMES = {"ws": "http", "wss": "https"}

T = TypeVar("T")


async def principal_behind(services: ApiServices, scope: Scope) -> Principal:
    """Who asks: the holder of the key in ``Authorization``, else of the session in the cookie. Raises MissingKeyError, UnknownKeyError or
    CrossSiteError, and RateLimitedError for an address that tried too many."""
    own = headers_of(scope, b"authorization") or _key_in_address(scope)
    token = "" if own else session_token(services, scope)
    if token:
        check_sender(services, scope)

    async def look_up(waiting: AbstractAsyncContextManager[None] | None) -> Principal:
        if token:
            return await authenticate_session(services.actions, token, waiting)
        return await authenticate(services.actions, _key_in_address(scope) or bearer_key(scope), waiting)

    return await tried(services, scope, look_up)


def shows_proof(services: ApiServices, scope: Scope) -> bool:
    """Whether a request comes with a key or the cookie of a session, good or not."""
    return bool(headers_of(scope, b"authorization")) or any(
        name == _cookie_name(services, scope) for name, _ in _cookies(scope)
    )


async def tried(
    services: ApiServices, scope: Scope, look_up: Callable[[AbstractAsyncContextManager[None] | None], Awaitable[T]]
) -> T:
    """What ``look_up`` finds with a key, a token or a code. A failure counts against the address, of which only a few are looked up at once
    when it had too many. Raises what ``look_up`` raises, or RateLimitedError."""
    rates, address = services.rates, address_of(scope)
    waiting = rates.look_up(address) if rates is not None and rates.is_suspect(address) else None
    try:
        return await look_up(waiting)
    except (MissingKeyError, UnknownKeyError) as error:
        if rates is not None:
            rates.bad_key(address)
        raise (key_refused(services, error.message) if type(error) is UnknownKeyError else error) from None


def key_refused(services: ApiServices, message: str) -> UnknownKeyError:
    """How a key that is not good is answered, by the settings."""
    return UnrecognizedKeyError(UNRECOGNIZED) if services.bad_key_status == 403 else UnknownKeyError(message)


def bearer_key(scope: Scope) -> str:
    """The key of ``Authorization: Bearer <key>``. Raises MissingKeyError when there is none, or more than one."""
    given = headers_of(scope, b"authorization")
    if len(given) == 1:
        scheme, _, key = given[0].strip().partition(" ")
        key = key.strip()
        if scheme.lower() == "bearer" and key and key.isascii() and len(key) <= MAX_API_KEY_CHARACTERS:
            return key
    raise MissingKeyError(ACCESS_DENIED)


def _key_in_address(scope: Scope) -> str:
    """The key of a websocket that has it in its address; empty where there is none."""
    if scope["type"] != "websocket" or not scope["path"].startswith(TOKEN_PREFIX):
        return ""
    given = parse_qs(scope["query_string"].decode("latin-1")).get("auth_token", [])
    good = len(given) == 1 and given[0].isascii() and len(given[0]) <= MAX_API_KEY_CHARACTERS
    return given[0] if good else ""


async def lost_since(services: ApiServices, scope: Scope, opened: Principal) -> CallwrightError | None:
    """Why a request that began as ``opened`` may not go on: its key or session is no longer what it was. None while it may. Raises
    UnavailableError when nobody can tell."""
    if opened.session_id:
        return await lost_session(services.actions, opened)
    return await lost_standing(services.actions, bearer_key(scope), opened)


def refused_since(services: ApiServices, lost: CallwrightError) -> CallwrightError:
    """How a request is answered whose key or session is no longer what it was when the request came (:func:`lost_since`)."""
    if isinstance(lost, EndedSessionError):
        return EndedSessionError(ACCESS_DENIED)
    return key_refused(services, ACCESS_DENIED) if isinstance(lost, UnknownKeyError) else lost


def session_token(services: ApiServices, scope: Scope) -> str:
    """The token in the session's cookie, empty when there is none, more than one, or something else in it."""
    name = _cookie_name(services, scope)
    found = [value for one, value in _cookies(scope) if one == name]
    return found[0] if len(found) == 1 and _TOKEN.fullmatch(found[0]) else ""


def session_cookie(services: ApiServices, scope: Scope, token: str) -> str:
    """The ``Set-Cookie`` of a session; that which removes it for an empty token."""
    secure = is_secure(services, scope)
    age = SESSION_SECONDS if token else 0
    name, flag = (HOST_COOKIE, "; Secure") if secure else (COOKIE, "")
    return f"{name}={token}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{flag}"


def check_sender(services: ApiServices, scope: Scope) -> None:
    """Raises CrossSiteError unless a page of this server sent a request that comes with a session.

    What changes something needs the header CSRF_HEADER too. A websocket needs ``Origin``: it is the one kind of request that a page of any
    site can make and read."""
    if scope["type"] == "websocket":
        origins = headers_of(scope, b"origin")
        if not origins or not _are_ours(services, scope, origins):
            raise CrossSiteError("a websocket with a session must come from a page of this server")
        return
    check_same_origin(services, scope, must_say=scope["method"] not in _SAFE)
    if scope["method"] not in _SAFE:
        check_header(scope)


def check_same_origin(services: ApiServices, scope: Scope, *, must_say: bool = False) -> None:
    """Raises CrossSiteError for a request that a page of another site sent. Browsers say in ``Sec-Fetch-Site`` whose page it was, and no
    page can say otherwise; where they do not, as without HTTPS, ``Origin`` does. ``must_say``: refuse a request without either."""
    sites, origins = headers_of(scope, b"sec-fetch-site"), headers_of(scope, b"origin")
    if sites:
        # "none": a person opened it, from the address bar or a bookmark.
        same = sites == ["same-origin"] or (sites == ["none"] and scope["method"] in _SAFE)
    else:
        same = _are_ours(services, scope, origins) and (bool(origins) or not must_say)
    if not same:
        raise CrossSiteError("a request with a session must come from a page of this server")


def check_header(scope: Scope) -> None:
    """Raises CrossSiteError without the header CSRF_HEADER."""
    if not any(headers_of(scope, CSRF_HEADER.lower().encode())):
        raise CrossSiteError(f"a request of the dashboard that changes something needs the header {CSRF_HEADER}")


def headers_of(scope: Scope, name: bytes) -> list[str]:
    """The values of a header, which is named in lower case."""
    return [str(value, "latin-1") for one, value in scope["headers"] if one == name]


def is_secure(services: ApiServices, scope: Scope) -> bool:
    """Whether the browser reaches us by HTTPS: a trusted proxy says so, or the request names the host of an https CALLWRIGHT_PUBLIC_URL."""
    if _scheme(scope) == "https":
        return True
    public = urlsplit(services.public_url)
    return public.scheme == "https" and headers_of(scope, b"host") == [public.netloc]


def _are_ours(services: ApiServices, scope: Scope, origins: list[str]) -> bool:
    ours = _origins(services, scope)
    return all(origin in ours for origin in origins)


def _origins(services: ApiServices, scope: Scope) -> set[str]:
    """How a browser names our own pages: by the address of the request, or by the public one where a proxy changes it."""
    scheme = "https" if is_secure(services, scope) else "http"
    found = {f"{scheme}://{host}" for host in headers_of(scope, b"host")}
    if services.public_url:
        public = urlsplit(services.public_url)
        found.add(f"{public.scheme}://{public.netloc}")
    return found


def _scheme(scope: Scope) -> str:
    scheme = str(scope.get("scheme", "http"))
    return _SCHEMES.get(scheme, scheme)


def _cookie_name(services: ApiServices, scope: Scope) -> str:
    return HOST_COOKIE if is_secure(services, scope) else COOKIE


def _cookies(scope: Scope) -> Iterator[tuple[str, str]]:
    for line in headers_of(scope, b"cookie"):
        for part in line.split(";"):
            name, _, value = part.strip().partition("=")
            yield name, value
