"""Serves the dashboard below ``/dashboard/``: its pages need no key, and hold nothing but the program that asks the API."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from html import escape
from pathlib import Path
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from callwright.api.credentials import principal_behind, session_token, tried
from callwright.api.pages.layout import HEADERS as PLAIN_HEADERS
from callwright.api.pages.layout import code, page
from callwright.api.services import record_refusal, services_of
from callwright.dashboard.files import ASSETS, INDEX, BuiltFile, BuiltFiles
from callwright.domain.errors import (
    CallwrightError,
    CrossSiteError,
    MissingKeyError,
    NotFoundError,
    UnknownKeyError,
    UsedCodeError,
)
from callwright.platform.sessions import actions as sessions
from callwright.platform.sessions.actions import NewSession
from callwright.platform.sessions.routes import begin
from callwright.platform.sessions.rules import HOME, page_or_home
from callwright.ports.world import Ids

STATIC = Path(__file__).parent / "static"
"""Where the build of the front end is put. The repository does not have it; the wheel does."""

_NONCE = b"__CSP_NONCE__"
_NONCE_BYTES = 16
_MAX_CODE_CHARACTERS = 100

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; connect-src 'self'; img-src 'self' data:;"
    " font-src 'self'; media-src 'self' blob:; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), payment=(), usb=()",
}
_IMMUTABLE = "public, max-age=31536000, immutable"
_WIDGET = "widget/"
"""Files below it are for pages of others: the widget that calls an agent."""
_FOR_ALL = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
_PREFETCH = ("purpose", "sec-purpose", "x-moz")


def is_built(folder: Path = STATIC) -> bool:
    """Whether the pages are there. An installation from source has none."""
    return (folder / INDEX).is_file()


class DashboardSite:
    """The ASGI application at ``/dashboard``: the pages in ``folder``, and the link that opens a session. The gate stands before it."""

    def __init__(self, ids: Ids, folder: Path = STATIC) -> None:
        self._ids = ids
        self._files = BuiltFiles(folder)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            raise NotFoundError(f"there is no websocket {scope['path']}")
        request = Request(scope, receive)
        if scope["method"] != "GET":
            answer = Response(status_code=405, headers={"Allow": "GET, HEAD"})
        elif scope["path"] == f"{HOME}enter":
            answer = await self._enter(request)
        else:
            answer = self._page(request, scope["path"].removeprefix(HOME.rstrip("/")).removeprefix("/"))
        await answer(scope, receive, send)

    def _page(self, request: Request, name: str) -> Response:
        files = self._files.current()
        found = files.get(name)
        if not files:
            return _not_built()
        if found is not None and name != INDEX:
            return _file(request, name, found)
        if name.startswith(ASSETS):
            raise NotFoundError(f"there is no {request.url.path}: the dashboard was built anew; load its page again")
        nonce = self._ids.token(_NONCE_BYTES)
        headers = {**_HEADERS, "Content-Security-Policy": _POLICY.format(nonce=nonce), "Cache-Control": "no-store"}
        return Response(
            files[INDEX].content.replace(_NONCE, nonce.encode()), headers=headers, media_type="text/html; charset=utf-8"
        )

    async def _enter(self, request: Request) -> Response:
        """Open a session with the code of a link, and go on to the page that the link names."""
        services = services_of(request)
        query = parse_qs(request.scope["query_string"].decode("latin-1"))
        wanted = page_or_home(query.get("to", [""])[0])
        given = query.get("code", [""])[0]
        if _only_looks(request):
            return Response(status_code=204)

        async def look_up(waiting: AbstractAsyncContextManager[None] | None) -> NewSession:
            if not 0 < len(given) <= _MAX_CODE_CHARACTERS:
                raise UsedCodeError("this link has no code")
            return await sessions.enter(services.actions, given, request.headers.get("user-agent", ""), waiting)

        to_page = Response(status_code=303, headers={**_HEADERS, "Location": wanted})
        try:
            begin(request, to_page, await tried(services, request.scope, look_up))
        except UsedCodeError as error:
            if await _is_signed_in(request):
                # The link was opened again, from the history or a bookmark.
                return to_page
            record_refusal(services, request.scope, error)
            return _used(error)
        return to_page


async def _is_signed_in(request: Request) -> bool:
    services = services_of(request)
    if not session_token(services, request.scope):
        return False
    try:
        await principal_behind(services, request.scope)
    except (MissingKeyError, UnknownKeyError, CrossSiteError):
        return False
    return True


def _only_looks(request: Request) -> bool:
    """Whether nobody opened the link: a browser or another program looks at it beforehand, which must not use it up."""
    looks_ahead = any("prefetch" in request.headers.get(name, "") for name in _PREFETCH)
    return looks_ahead or request.scope["state"].get("is_head", False)


def _file(request: Request, name: str, found: BuiltFile) -> Response:
    content, encoding = found.for_client(request.headers.get("accept-encoding", ""))
    headers = {**_HEADERS, "Vary": "Accept-Encoding"}
    if name.startswith(ASSETS):
        headers["Cache-Control"] = _IMMUTABLE
    elif name.startswith(_WIDGET):
        headers |= {**_FOR_ALL, "Cache-Control": "public, max-age=300"}
    if encoding:
        headers["Content-Encoding"] = encoding
    return Response(content, headers=headers, media_type=found.kind)


def _plain(status: int, title: str, text: str) -> Response:
    """A page without the build."""
    body = f'<h1>{escape(title)}</h1>{text}<p><a href="/">This server</a></p>'
    headers = {**_HEADERS, **PLAIN_HEADERS, "Cache-Control": "no-store"}
    return Response(page(title, body), status, headers, "text/html; charset=utf-8")


def _not_built() -> Response:
    text = (
        "<p>Callwright was installed from source, which does not hold the pages of the dashboard. API and calls work without them.</p>"
        f"<ul><li>In a checkout, run {code('make dashboard')} and load this page again. It fetches Node into {code('.venv')}.</li>"
        f"<li>Beside an installed package, run it in a checkout, then {code('pip install --force-reinstall --no-deps .')} there.</li>"
        f"<li>The wheel that {code('make release')} writes has the pages.</li></ul>"
    )
    return _plain(503, "The dashboard is not built", text)


def _used(error: CallwrightError) -> Response:
    text = (
        f"<p>{escape(error.message)}.</p><p>A link is good once, for 10 minutes. Make another one on the server's machine with "
        f'{code("callwright dashboard")}, or <a href="{HOME}">sign in with a key</a>.</p>'
    )
    return _plain(error.http_status, "This link cannot be used", text)
