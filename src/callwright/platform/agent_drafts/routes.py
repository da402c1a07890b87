"""Routes of drafts (our own). They need the right to change agents: a draft may do whatever an agent may."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from callwright.api.answers import answer, answer_bytes
from callwright.api.reading import json_body
from callwright.api.schemas import errors, shown
from callwright.api.services import principal_of, services_of
from callwright.api.standing import while_standing
from callwright.insight.provision import shown_provision
from callwright.platform.agent_drafts.actions import (
    Draft,
    call_with_draft,
    chat_with_draft,
    session_with_draft,
    try_tool,
)
from callwright.platform.agent_drafts.schemas import (
    CALL_EXAMPLE,
    CHAT_EXAMPLE,
    TOOL_EXAMPLE,
    WEB_CALL_EXAMPLE,
    DraftCallBody,
    DraftChatBody,
    DraftWebCallBody,
    ToolTrialBody,
    ToolTrialView,
)
from callwright.platform.agents.routes.subject import agent_before
from callwright.platform.calls.routes import accepted
from callwright.platform.calls.schemas import CallAccepted
from callwright.platform.chats.routes import view, wish_of
from callwright.platform.chats.schemas import ChatReplyView
from callwright.platform.web_calls.routes.web_calls import page_origin, session_view
from callwright.platform.web_calls.schemas import WebSessionView
from callwright.ports.tool_trial import ToolTrial, ToolTried

router = APIRouter(prefix="/v1/callwright/agents/{agent_id}/drafts", tags=["agents"])


@router.post(
    "/chats",
    summary="Open a chat with a draft",
    responses={201: shown("It is open.", ChatReplyView), **errors(400, 404, 413, 429)},
)
async def open_chat(
    request: Request,
    agent_id: str,
    body: Annotated[
        DraftChatBody, json_body(DraftChatBody, CHAT_EXAMPLE, subject=agent_before(*DraftChatBody.model_fields))
    ],
) -> Response:
    """As `POST /v1/callwright/agents/{agent_id}/chats`, with an agent that is not saved. The chat goes on as any other."""
    services, principal = services_of(request).actions, principal_of(request)
    draft, wish = Draft(agent_id, body.draft), wish_of(body)

    async def work() -> dict[str, Any]:
        execution_id, reply, record = await chat_with_draft(services, principal, draft, wish)
        return {**view(execution_id, reply), "callwright": shown_provision(record)}

    return answer(await while_standing(request, work()), 201)


@router.post(
    "/calls",
    summary="Call a synthetic caller with a draft",
    responses={200: shown("The call waits for its turn.", CallAccepted), **errors(400, 404, 413)},
)
async def place(
    request: Request,
    agent_id: str,
    body: Annotated[
        DraftCallBody, json_body(DraftCallBody, CALL_EXAMPLE, subject=agent_before(*DraftCallBody.model_fields))
    ],
) -> Response:
    """As `POST /call`, with an agent that is not saved. Only synthetic callers are called."""
    order = {"recipient_phone_number": body.recipient_phone_number, "user_data": body.user_data}
    services, principal = services_of(request).actions, principal_of(request)
    draft = Draft(agent_id, body.draft)
    return answer_bytes(await call_with_draft(services, principal, draft, order, accepted, body.line or ""))


@router.post(
    "/web-calls",
    summary="Make a session for a web call with a draft",
    responses={200: shown("A page may call now.", WebSessionView), **errors(400, 404, 413, 429)},
)
async def open_session(
    request: Request,
    agent_id: str,
    body: Annotated[
        DraftWebCallBody,
        json_body(DraftWebCallBody, WEB_CALL_EXAMPLE, subject=agent_before(*DraftWebCallBody.model_fields)),
    ],
) -> Response:
    """As `POST /v1/web-call/session`, with an agent that is not saved. Only the page that asks may call, by its header `Origin`."""
    services, principal = services_of(request).actions, principal_of(request)
    draft = Draft(agent_id, body.draft)
    return answer(
        session_view(*await session_with_draft(services, principal, draft, body.user_data, page_origin(request)))
    )


@router.post(
    "/tool-calls",
    summary="Call a tool of a draft",
    responses={200: shown("What came of it.", ToolTrialView), **errors(400, 404, 413, 429)},
)
async def call_tool(
    request: Request,
    agent_id: str,
    body: Annotated[
        ToolTrialBody, json_body(ToolTrialBody, TOOL_EXAMPLE, subject=agent_before(*ToolTrialBody.model_fields))
    ],
) -> Response:
    """Sends the request of an HTTP tool once, as a call would. What the tool does happens."""
    services, principal = services_of(request).actions, principal_of(request)
    draft, trial = Draft(agent_id, body.draft), ToolTrial(body.tool, body.arguments)

    async def work() -> dict[str, Any]:
        return _tried(body.tool, await try_tool(services, principal, draft, trial, body.user_data))

    return answer(await while_standing(request, work()))


def _tried(name: str, found: ToolTried) -> dict[str, Any]:
    sent = found.request
    return {
        "tool": name,
        "ok": found.ok,
        "request": None if sent is None else {"method": sent.method, "host": sent.host, "sent": sent.sent},
        "http_status": None if sent is None else sent.http_status or None,
        "ms": None if sent is None else sent.ms,
        "result": found.text,
    }
