"""Websockets of web calls that need no session: the older one of the contract, with a key, and that of an agent's own pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.types import Receive, Scope, Send

from callwright.api.answers import error_answer
from callwright.api.credentials import TOKEN_PREFIX
from callwright.api.doors import LimitedSocket, direct_of
from callwright.api.gate import PAGE_PREFIX
from callwright.api.services import ApiServices, address_of, record_refusal
from callwright.domain.errors import CallwrightError
from callwright.platform.web_calls.actions import call_of_key, call_of_page
from callwright.ports.web_call import WebCall, WebProtocol

LEGACY_PATH = f"{TOKEN_PREFIX}{{agent_id}}"
PAGE_PATH = f"{PAGE_PREFIX}{{agent_id}}"


class CallSocket:
    """An ASGI application: finds the call of a websocket, lets it in and carries it."""

    def __init__(self, find: Callable[[ApiServices, Scope], Awaitable[WebCall]], protocol: WebProtocol) -> None:
        self._find = find
        self._protocol = protocol

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one websocket. One that is refused is answered unaccepted."""
        services: ApiServices = scope["state"]["services"]
        try:
            call = await self._find(services, scope)
        except CallwrightError as error:
            record_refusal(services, scope, error)
            await error_answer(error, scope["state"]["request_id"])(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.accept"})
        socket = LimitedSocket(receive, send, services.actions.clock, direct_of(scope))
        try:
            await services.actions.web_calls.serve(call, socket, self._protocol, address_of(scope))
        finally:
            await socket.close()


async def _of_key(services: ApiServices, scope: Scope) -> WebCall:
    return await call_of_key(services.actions, scope["state"]["principal"], scope["path_params"]["agent_id"])


async def _of_page(services: ApiServices, scope: Scope) -> WebCall:
    address = address_of(scope)
    if services.rates is not None:
        services.rates.bad_key(address)
    origin = next((str(value, "latin-1") for name, value in scope["headers"] if name == b"origin"), "")
    call, organisation_id = await call_of_page(services.actions, scope["path_params"]["agent_id"], origin)
    if services.rates is not None:
        services.rates.check(organisation_id, scope["path"])
    return call


legacy_call = CallSocket(_of_key, WebProtocol.LEGACY)
page_call = CallSocket(_of_page, WebProtocol.FRAMES)
