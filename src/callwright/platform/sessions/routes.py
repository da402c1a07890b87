"""Routes of sessions (our own). The pages of the dashboard sign in here; programs use a key."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response

from callwright.api.answers import answer
from callwright.api.credentials import (
    CSRF_HEADER,
    CSRF_VALUE,
    check_header,
    check_same_origin,
    session_cookie,
    tried,
)
from callwright.api.reading import json_body
from callwright.api.schemas import Acknowledged, errors, shown
from callwright.api.services import principal_of, record_change, services_of
from callwright.domain.errors import NotAllowedError
from callwright.domain.limits import MAX_SIGN_IN_BYTES
from callwright.insight.wire import wire_time
from callwright.platform.accounts.rules import Principal
from callwright.platform.keys.actions.keys import authenticate
from callwright.platform.keys.actions.organisation import scope_name
from callwright.platform.keys.rules import refusal, remedy
from callwright.platform.sessions import actions as sessions
from callwright.platform.sessions.actions import NewSession, Standing
from callwright.platform.sessions.rules import OpenSession
from callwright.platform.sessions.schemas import EXAMPLE, ListedSession, SessionView, SignIn

router = APIRouter(prefix="/v1/callwright", tags=["session"])

_Csrf = Annotated[
    str | None,
    Header(
        alias=CSRF_HEADER, description=f"`{CSRF_VALUE}`: no page of another site can send it. Needed with a session."
    ),
]


@router.post(
    "/session",
    summary="Sign in with a key",
    responses={201: shown("Signed in; the answer sets the cookie of the session.", SessionView), **errors(400, 413)},
)
async def sign_in(
    request: Request,
    body: Annotated[SignIn, json_body(SignIn, EXAMPLE, most=MAX_SIGN_IN_BYTES)],
    _csrf: _Csrf = None,
) -> Response:
    """The session may do what the key may. It ends with the key, after 12 hours without a request, and after 7 days."""
    services, scope = services_of(request), request.scope
    check_same_origin(services, scope)
    check_header(scope)

    async def look_up(waiting: AbstractAsyncContextManager[None] | None) -> Principal:
        return await authenticate(services.actions, body.key, waiting)

    principal = await tried(services, scope, look_up)
    scope["state"]["principal"] = principal
    refused = refusal(principal, "POST", scope["path"])
    if refused is not None:
        raise NotAllowedError(refused, hint=remedy(principal, refused))
    opened = await sessions.open_session(services.actions, principal, request.headers.get("user-agent", ""))
    found = answer(view(await sessions.standing_of(services.actions, opened.principal)), 201)
    begin(request, found, opened)
    return found


def begin(request: Request, found: Response, opened: NewSession) -> None:
    """Give an answer the cookie of a session that was just opened, and record it."""
    request.scope["state"]["principal"] = opened.principal
    record_change(request, "new_session", f"session {opened.session.id}")
    found.headers.append("set-cookie", session_cookie(services_of(request), request.scope, opened.token))


@router.get(
    "/session",
    summary="Read who is signed in",
    responses={
        200: shown("The session.", SessionView),
        204: {"description": "Nobody: the request came without a key and without a session."},
        **errors(),
    },
)
async def read(request: Request) -> Response:
    """Account, key and when the session ends. A request with a key instead of a session gets the same of its key."""
    if "principal" not in request.scope["state"]:
        return Response(status_code=204)
    return answer(view(await sessions.standing_of(services_of(request).actions, principal_of(request))))


@router.delete("/session", summary="Sign out", responses={200: shown("Signed out.", Acknowledged), **errors(404)})
async def sign_out(request: Request, _csrf: _Csrf = None) -> Response:
    """The session ends at once and for every process; its cookie is removed."""
    services, principal = services_of(request), principal_of(request)
    await sessions.end_own(services.actions, principal)
    record_change(request, "changed_right", f"session {principal.session_id} ended")
    found = answer({"message": "success", "state": "ended"})
    found.headers.append("set-cookie", session_cookie(services, request.scope, ""))
    return found


@router.get(
    "/sessions",
    summary="List sessions",
    responses={200: shown("Sessions, last used first.", list[ListedSession]), **errors()},
)
async def list_all(request: Request) -> Response:
    """A bare array. An administrator sees the sessions of the account, a member those of one's own keys."""
    principal = principal_of(request)
    found = await sessions.list_sessions(services_of(request).actions, principal)
    return answer([_listed(one, principal) for one in found])


@router.delete(
    "/sessions/{session_id}", summary="End a session", responses={200: shown("Ended.", Acknowledged), **errors(404)}
)
async def end(request: Request, session_id: str, _csrf: _Csrf = None) -> Response:
    """The next request that comes with it is refused, by every process."""
    await sessions.end_session(services_of(request).actions, principal_of(request), session_id)
    record_change(request, "changed_right", f"session {session_id} ended")
    return answer({"message": "success", "state": "ended"})


def view(standing: Standing) -> dict[str, Any]:
    """Who is signed in, as the API shows it."""
    account, principal = standing.account, standing.principal
    return {
        "id": principal.session_id or None,
        "account": {
            "id": account.id,
            "name": account.name,
            "kind": "organization" if account.parent_id is None else "sub_account",
        },
        "key": {
            "id": principal.key_id,
            "name": principal.name,
            "role": principal.role,
            "scope": scope_name(principal.scope),
            "member": principal.holder or None,
        },
        "expires_at": wire_time(standing.ends_at),
        "csrf": {"header": CSRF_HEADER, "value": CSRF_VALUE},
    }


def _listed(found: OpenSession, principal: Principal) -> dict[str, Any]:
    session = found.session
    return {
        "id": session.id,
        "key": {"id": session.key_id, "name": found.key_name},
        "client": session.client,
        "is_current": session.id == principal.session_id,
        "created_at": wire_time(session.created_at),
        "last_used_at": wire_time(session.used_at),
        "expires_at": wire_time(session.ends_at),
    }
