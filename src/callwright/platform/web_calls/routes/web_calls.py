"""Routes of web calls (contract 3.16 and 18)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from starlette.routing import WebSocketRoute

from callwright.api.answers import answer
from callwright.api.reading import json_body
from callwright.api.schemas import Error, errors, shown
from callwright.api.services import principal_of, services_of
from callwright.domain.origin import origin_of
from callwright.platform.web_calls import actions as web_calls
from callwright.platform.web_calls.actions import WebCallWish
from callwright.platform.web_calls.routes.sockets import LEGACY_PATH, PAGE_PATH, legacy_call, page_call
from callwright.platform.web_calls.schemas import SESSION_EXAMPLE, SipSessionView, WebSessionBody, WebSessionView
from callwright.ports.leg import ArrangedCall
from callwright.ports.web_call import WebSession

router = APIRouter(tags=["web calls"])

_NO_PLACE = {
    "model": Error,
    "description": "No place (`scope`: `global`, `customer`), or not installed or off here (`not_enabled`).",
}


@router.post(
    "/v1/web-call/session",
    summary="Make a session for a web call",
    responses={200: shown("A page may call now.", WebSessionView), **errors(400, 404)},
)
async def open_session(
    request: Request, body: Annotated[WebSessionBody, json_body(WebSessionBody, SESSION_EXAMPLE)]
) -> Response:
    """Good for one call of one page. A page of another origin, a second use and a late one are refused."""
    wish = WebCallWish(body.agent_id, body.user_data, body.origin or page_origin(request))
    call, session = await web_calls.open_session(services_of(request).actions, principal_of(request), wish)
    return answer(session_view(call, session))


def session_view(call: ArrangedCall, session: WebSession) -> dict[str, Any]:
    """A session, as the API shows it."""
    return {
        "execution_id": call.execution_id,
        "run_id": call.execution_id,
        "agent_id": call.agent_id,
        "url": session.url,
        "expires_in": session.expires_in,
        "protocol": "frames",
        "sample_rate": 16_000,
        "frame_ms": 20,
    }


@router.post(
    "/web-call/freeswitch-session",
    summary="Make a session for a web call over SIP",
    responses={200: shown("A page may call now.", SipSessionView), **errors(400, 404), 429: _NO_PLACE},
)
async def open_sip_session(
    request: Request, body: Annotated[WebSessionBody, json_body(WebSessionBody, SESSION_EXAMPLE)]
) -> Response:
    """For a SIP client with WebRTC, as the hosted service's own. Good for one call of one page. Needs the extra `webrtc`."""
    wish = WebCallWish(body.agent_id, body.user_data, body.origin or page_origin(request))
    call, session = await web_calls.open_sip_session(services_of(request).actions, principal_of(request), wish)
    return answer(
        {
            "run_id": call.execution_id,
            "agent_id": call.agent_id,
            "sip_username": session.username,
            "sip_password": session.password,
            "sip_domain": session.domain,
            "wss_url": session.url,
            "sip_register": False,
            "expires_in": session.expires_in,
            "ice_servers": list(session.ice_servers),
        }
    )


def page_origin(request: Request) -> str:
    """The origin of a page that asks itself; empty where no page asks."""
    try:
        return origin_of(request.headers.get("origin", ""))
    except ValueError:
        return ""


router.routes.extend([WebSocketRoute(LEGACY_PATH, legacy_call), WebSocketRoute(PAGE_PATH, page_call)])
