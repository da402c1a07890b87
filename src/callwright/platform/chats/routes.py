"""Routes of chats (our own)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from callwright.api.answers import answer
from callwright.api.idempotent import IdempotencyKey, answer_once_outside
from callwright.api.reading import json_body
from callwright.api.schemas import Acknowledged, errors, shown
from callwright.api.services import principal_of, services_of
from callwright.api.standing import while_standing
from callwright.insight.provision import shown_provision
from callwright.platform.agents.routes.subject import agent_before
from callwright.platform.chats import actions as chats
from callwright.platform.chats.actions import ChatWish
from callwright.platform.chats.schemas import EXAMPLE, LINE_EXAMPLE, ChatBody, ChatLine, ChatReplyView
from callwright.ports.chat import ChatReply

router = APIRouter(prefix="/v1/callwright", tags=["chats"])


@router.post(
    "/agents/{agent_id}/chats",
    summary="Open a chat",
    responses={201: shown("It is open.", ChatReplyView), **errors(400, 404, 409, 413, 429)},
)
async def open_chat(
    request: Request,
    agent_id: str,
    body: Annotated[ChatBody, json_body(ChatBody, EXAMPLE, subject=agent_before(*ChatBody.model_fields), once=True)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """An execution like a call, without sound. The answer has what the agent wrote first."""
    services, principal = services_of(request).actions, principal_of(request)
    wish = wish_of(body)

    async def work() -> dict[str, Any]:
        execution_id, reply, record = await chats.open_chat(services, principal, agent_id, wish)
        return {**view(execution_id, reply), "callwright": shown_provision(record)}

    return await while_standing(request, answer_once_outside(request, idempotency_key, body.wire, work, 201))


def wish_of(body: ChatBody) -> ChatWish:
    """What kind of chat a body asks for."""
    return ChatWish(
        user_data=body.user_data,
        silence_s=body.hangup_after_silence,
        most_s=body.call_terminate,
        reading_pace=body.pace == "reading",
        wait_s=body.wait_s,
    )


@router.post(
    "/chats/{execution_id}/messages",
    summary="Write into a chat",
    responses={200: shown("What the agent answers.", ChatReplyView), **errors(400, 404, 409, 413)},
)
async def write(
    request: Request,
    execution_id: str,
    line: Annotated[ChatLine, json_body(ChatLine, LINE_EXAMPLE, once=True)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Waits for the whole reply, at most `wait_s` seconds. A line that comes while a reply is delivered cuts what is still to come."""
    services, principal = services_of(request).actions, principal_of(request)

    async def work() -> dict[str, Any]:
        return view(execution_id, await chats.write(services, principal, execution_id, line.text, line.wait_s))

    return await while_standing(request, answer_once_outside(request, idempotency_key, line.wire, work))


@router.delete(
    "/chats/{execution_id}",
    summary="Leave a chat",
    responses={200: shown("It is over.", Acknowledged), **errors(400, 404, 409)},
)
async def leave(request: Request, execution_id: str) -> Response:
    """The execution ends as a call does whose caller hangs up, and is completed after the post-call work."""
    await chats.leave(services_of(request).actions, principal_of(request), execution_id)
    return answer({"message": "success", "state": "ended"})


def view(execution_id: str, reply: ChatReply) -> dict[str, Any]:
    """What the agent has written, as the API shows it."""
    return {
        "execution_id": execution_id,
        "reply": " ".join(message.text for message in reply.messages),
        "messages": [{"text": message.text, "cut": message.cut} for message in reply.messages],
        "tools": [
            {"tool": one.name, "arguments": one.arguments, "ok": one.ok, "result": one.result} for one in reply.tools
        ],
        "complete": reply.complete,
        "ended": reply.ended,
        "error": reply.error or None,
    }
