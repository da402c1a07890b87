"""The gate before every route: request id, one spelling of each path, the key, its rights and its rate, and the last catch of errors."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, MutableMapping
from typing import Any

from prometheus_client import Counter
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from callwright.api.answers import error_answer
from callwright.api.bodies import PacedBody
from callwright.api.credentials import lost_since, principal_behind, refused_since, shows_proof
from callwright.api.doors import Doors
from callwright.api.query_names import header_of, unknown_names, with_ignored
from callwright.api.services import OPEN_PREFIX, ApiServices, record_refusal
from callwright.domain.errors import CallwrightError, NotAllowedError, NotFoundError
from callwright.platform.encoded import entity_tag, names_tag
from callwright.platform.keys.rules import refusal, remedy

_LOG = logging.getLogger(__name__)

OPEN_PATHS = frozenset({"/", "/docs", "/healthz", "/readyz", "/metrics", "/openapi.json"})
"""Paths that need no key. Recording files carry their permission in a signature."""

DASHBOARD = "/dashboard"
"""The pages of the dashboard: they hold nothing of anybody, and what they show they ask the API for."""

SIGN_IN = ("POST", "/v1/callwright/session")
"""Its key is in its body."""

WHO_IS_SIGNED_IN = ("GET", "/v1/callwright/session")
"""Every visit of the dashboard begins with it: without a key and without a session the answer is that nobody is."""

PAGE_PREFIX = "/v1/web-call/agents/"
"""Websockets of pages begin with this. They need no key: the agent says which pages may call it."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
#: Every answer has them unless its route says otherwise.
_HEADERS = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
_JSON = (b"content-type", b"application/json")


class Gate:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, services: ApiServices, doors: Doors) -> None:
        self.app = app
        self.services = services
        self._doors = doors
        self._counters: dict[int, Counter] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or one websocket."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        _one_spelling(scope)
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
            return
        request_id = self._request_id(scope)
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        state["services"] = self.services
        if scope["method"] == "HEAD":
            # HEAD is GET without its body, on every route (RFC 9110, 9.3.2). The server keeps its own scope: it knows what was asked.
            state["is_head"] = True
            scope, send = {**scope, "method": "GET"}, _Head(send).send
        answer = _Answer(send, request_id, scope)
        try:
            if self._is_behind_key(scope):
                await self._admit(scope)
            if _CONTROL.search(scope["path"]):
                # No id of ours holds one; and a route's pattern may end before a newline where the table of rights does not.
                raise NotFoundError("there is no such path: it holds a control character")
            body = PacedBody(receive, lambda: self._check_again(scope))
            await self.app(scope, body.receive, answer.send)
        except _AnsweredError:
            _LOG.debug("request %s: HEAD of a long answer, of which no more is made", request_id)
        except ClientDisconnect:
            # An editor, say, that asks anew while its user types on.
            _LOG.debug("request %s: the client left before its body had come", request_id)
        except CallwrightError as error:
            record_refusal(self.services, scope, error)
            await answer.fail(error, scope, receive)
        # Boundary of the API: a defect in a route must become a plain 500 with a request id, never a trace on the wire.
        except Exception:  # noqa: BLE001
            _LOG.exception("request %s failed: %s %s", request_id, scope["method"], scope["path"])
            await answer.fail(CallwrightError("Internal server error"), scope, receive)
        finally:
            self._count(answer.status // 100)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a websocket through to a door, which asks for its own proof, or with a key. Others are refused unaccepted."""
        request_id = self._request_id(scope)
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        state["services"] = self.services
        try:
            if not self._doors.has(scope) and not scope["path"].startswith(PAGE_PREFIX):
                await self._admit(scope)
        except CallwrightError as error:
            record_refusal(self.services, scope, error)
            await error_answer(error, request_id)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _count(self, kind: int) -> None:
        counter = self._counters.get(kind)
        if counter is None:
            counter = self._counters[kind] = self.services.metrics.requests.labels(status=f"{kind}xx")
        counter.inc()

    def _request_id(self, scope: Scope) -> str:
        for name, value in scope["headers"]:
            if name == b"x-request-id":
                given = str(value, "latin-1")
                if _REQUEST_ID.fullmatch(given):
                    return given
                break
        return self.services.actions.ids.token(8)

    def _is_behind_key(self, scope: Scope) -> bool:
        if not needs_key(scope["path"], scope["method"]) or self._doors.has(scope):
            return False
        return (scope["method"], scope["path"]) != WHO_IS_SIGNED_IN or shows_proof(self.services, scope)

    async def _admit(self, scope: Scope) -> None:
        """Find who is asking, and raise unless they may ask this, and again so soon: all of it before a byte of the body is read."""
        services = self.services
        principal = await principal_behind(services, scope)
        scope["state"]["principal"] = principal
        if services.rates is not None:
            services.rates.check(principal.organisation_id, scope["path"])
        refused = refusal(principal, scope.get("method", "GET"), scope["path"])
        if refused is not None:
            raise NotAllowedError(refused, hint=remedy(principal, refused))

    async def _check_again(self, scope: Scope) -> None:
        """Raise unless the key or session of a request is still what it was when its headers came. A body may take minutes, and whoever
        always has one half sent could never be locked out; a key is in memory, so that this costs no query. Reading requests have no
        body."""
        principal = scope["state"].get("principal")
        if principal is not None and scope["method"] != "GET":
            lost = await lost_since(self.services, scope, principal)
            if lost is not None:
                raise refused_since(self.services, lost)


class _AnsweredError(Exception):
    """Ends the making of an answer of which nothing more is sent."""


class _Head:
    """Sends the head of an answer to GET without its body, and ends one that is made in pieces."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._done = False

    async def send(self, message: Message) -> None:
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        if not self._done:
            self._done = True
            await self._send({"type": "http.response.body", "body": b""})
        if message.get("more_body", False):
            raise _AnsweredError


class _Answer:
    """The answer being sent: its status, whether it has begun, and the headers every answer has."""

    def __init__(self, send: Send, request_id: str, scope: Scope) -> None:
        self._send = send
        self._request_id = request_id
        self._scope = scope
        self._held: Message | None = None
        self._ignored: tuple[str, ...] = ()
        self.status = 499
        """499: the client went away before there was an answer."""
        self._begun = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begun = True
            self.status = message["status"]
            headers = message["headers"]
            given = {name for name, _ in headers}
            headers.append((b"x-request-id", self._request_id.encode()))
            headers.extend([header for header in _HEADERS if header[0] not in given])
            self._ignored = unknown_names(self._scope)
            if self._ignored:
                headers.append(header_of(self._ignored))
            tells = bool(self._ignored) and self.status < 300 and _JSON in headers
            if tells or (self._may_be_known(headers) and (b"etag" not in given or self._asked_for() is not None)):
                # Its tag is a header, and is known when its body is.
                self._held = message
                return
        elif self._held is not None:
            start, self._held = self._held, None
            if not message.get("more_body", False):
                if self._ignored:
                    message = self._with_ignored(start, message)
                if self._may_be_known(start["headers"]):
                    message = self._tagged(start, message)
            await self._send(start)
        await self._send(message)

    def _may_be_known(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """What clients poll: whole answers of JSON."""
        return self.status == 200 and self._scope["method"] == "GET" and _JSON in headers

    def _with_ignored(self, start: Message, body: Message) -> Message:
        """Name what was ignored in the body, which has another length and another tag then. Returns the body to send."""
        told = with_ignored(body.get("body", b""), self._ignored)
        changed = (b"content-length", b"etag")
        headers = [header for header in start["headers"] if header[0] not in changed]
        start["headers"] = [*headers, (b"content-length", str(len(told)).encode())]
        return {**body, "body": told}

    def _asked_for(self) -> bytes | None:
        """The ``If-None-Match`` of the request. Several headers are one list (RFC 9110, 5.3)."""
        given = [value for name, value in self._scope["headers"] if name == b"if-none-match"]
        return b", ".join(given) if given else None

    def _tagged(self, start: Message, body: Message) -> Message:
        """Give an answer its tag unless it has one already, and leave out its body for a client that has it. Returns the body to send."""
        headers = start["headers"]
        tag = next((value for name, value in headers if name == b"etag"), None)
        if tag is None:
            tag = entity_tag(body.get("body", b"")).encode()
            headers.append((b"etag", tag))
        known = self._asked_for()
        if known is None or not names_tag(known.decode("latin-1"), tag.decode()):
            return body
        self.status = start["status"] = 304
        start["headers"] = [header for header in headers if header[0] not in (b"content-length", b"content-type")]
        return {**body, "body": b""}

    async def fail(self, error: CallwrightError, scope: Scope, receive: Receive) -> None:
        """Answer with an error, unless an answer has begun: then the connection can only be cut, by raising."""
        if self._begun:
            raise error
        await error_answer(error, self._request_id)(scope, receive, self.send)


def needs_key(path: str, method: str = "GET") -> bool:
    """Whether a request is behind the key. Unknown paths are: what exists is nobody's business without one."""
    if path in OPEN_PATHS or path.startswith(OPEN_PREFIX) or (method, path) == SIGN_IN:
        return False
    return path != DASHBOARD and not path.startswith(f"{DASHBOARD}/")


def _one_spelling(scope: MutableMapping[str, Any]) -> None:
    """Both forms of a path, with and without a trailing slash, are the same route, without a redirect."""
    path = scope["path"]
    if len(path) > 1 and path.endswith("/"):
        scope["path"] = path.rstrip("/") or "/"
        raw = scope.get("raw_path")
        if raw:
            scope["raw_path"] = raw.rstrip(b"/") or b"/"
