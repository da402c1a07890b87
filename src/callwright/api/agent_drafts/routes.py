"""Routes of drafts (our own). They need the right to change agents: a draft may do whatever an agent may."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from callwright.actions.agent_drafts import Draft, call_with_draft, chat_with_draft
from callwright.api.agent_drafts.schemas import CALL_EXAMPLE, CHAT_EXAMPLE, DraftCallBody, DraftChatBody
from callwright.api.agents.subject import agent_before
from callwright.api.answers import answer, answer_bytes
from callwright.api.calls.routes import accepted
from callwright.api.calls.schemas import CallAccepted
from callwright.api.chats.routes import view, wish_of
from callwright.api.chats.schemas import ChatReplyView
from callwright.api.reading import json_body
from callwright.api.schemas import errors, shown
from callwright.api.services import principal_of, services_of
from callwright.api.standing import while_standing
from callwright.insight.provision import shown_provision

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
