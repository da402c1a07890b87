"""Chats with an agent: opening one, writing into it, leaving it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from callwright.domain.errors import (
    CallwrightError,
    ConflictError,
    NotFoundError,
    TooLargeError,
    WrongStateError,
)
from callwright.domain.limits import (
    MAX_UTTERANCE_CHARACTERS,
)
from callwright.platform.accounts.rules import Principal
from callwright.platform.agents.actions.agents import agent_of
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.audit.actions.record import audit
from callwright.platform.executions.rules.execution import CHAT, Execution, Phase
from callwright.platform.services import Services, missing, object_id
from callwright.ports.chat import ChatReply, NewChat

_ELSEWHERE = "the chat is held by another process of this platform; write to the one that opened it"


@dataclass(frozen=True, slots=True)
class ChatWish:
    """What kind of chat is asked for (``ports.chat.NewChat``). ``wait_s``: how long to wait for what the agent writes first."""

    user_data: Mapping[str, Any]
    silence_s: float
    most_s: float
    reading_pace: bool
    wait_s: float


async def open_chat(
    services: Services, principal: Principal, agent_id: str, wish: ChatWish
) -> tuple[str, ChatReply, Mapping[str, Any]]:
    """Open a chat; returns its execution's id, what the agent wrote first, and the execution's record. Raises BadInputError,
    NotFoundError, RateLimitedError or UnavailableError."""
    async with services.ledger.unit() as unit:
        agent = await agent_of(unit, principal, agent_id)
    return await open_chat_of(services, principal, agent, wish)


async def open_chat_of(
    services: Services, principal: Principal, agent: StoredAgent, wish: ChatWish
) -> tuple[str, ChatReply, Mapping[str, Any]]:
    """The same with an agent of the tenant that was read before."""
    parse_agent(agent.body)
    chat = NewChat(
        agent,
        user_data=wish.user_data,
        silence_s=wish.silence_s,
        most_s=wish.most_s,
        reading_pace=wish.reading_pace,
    )
    execution_id, reply = await services.chats.open(chat, wish.wait_s)
    try:
        async with services.ledger.unit() as unit:
            await audit(unit, principal, "chat.opened", execution_id, after={"agent_id": agent.id})
            row = await unit.executions.get(principal.tenant_id, execution_id)
    except CallwrightError:
        # Nobody will know of this chat; whoever asks again gets another one.
        with suppress(NotFoundError):
            services.chats.end(execution_id)
        raise
    return execution_id, reply, {} if row is None else row.record


async def write(services: Services, principal: Principal, execution_id: str, text: str, wait_s: float) -> ChatReply:
    """Write a line and wait for the reply. Raises TooLargeError, NotFoundError, WrongStateError for a chat that has ended, ConflictError
    for one of another process."""
    if len(text) > MAX_UTTERANCE_CHARACTERS:
        message = f"text has {len(text)} characters, at most {MAX_UTTERANCE_CHARACTERS} are allowed"
        raise TooLargeError(message, field="text")
    row = await _live_chat(services, principal, execution_id)
    try:
        return await services.chats.say(row.id, text, wait_s)
    except NotFoundError:
        raise ConflictError(_ELSEWHERE) from None


async def leave(services: Services, principal: Principal, execution_id: str) -> None:
    """End a chat as whoever writes to the agent. Raises NotFoundError, WrongStateError, ConflictError."""
    row = await _live_chat(services, principal, execution_id)
    try:
        services.chats.end(row.id)
    except NotFoundError:
        raise ConflictError(_ELSEWHERE) from None
    async with services.ledger.unit() as unit:
        was = {"status": str(row.status)}
        await audit(unit, principal, "chat.left", row.id, before=was, after={"left": True})


async def _live_chat(services: Services, principal: Principal, execution_id: str) -> Execution:
    """A chat of the tenant that has not ended."""
    async with services.ledger.unit() as unit:
        row = await unit.executions.get(principal.tenant_id, object_id(execution_id, "chat"))
    if row is None or row.carrier != CHAT:
        raise missing("chat")
    if row.phase not in (Phase.DIALLING, Phase.LIVE):
        raise WrongStateError(f"the chat is over: it is {row.status.value}")
    return row
