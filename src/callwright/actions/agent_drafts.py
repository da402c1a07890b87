"""Trying an agent that was not saved: as a chat, or as a call to a synthetic caller."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from callwright.actions.agent_credentials import sealed_body
from callwright.actions.agents import agent_of, checked_agent, flat_body, holder_in
from callwright.actions.calls import place_agent, read_request
from callwright.actions.chats import ChatWish, open_chat_of
from callwright.actions.services import Services
from callwright.domain.errors import BadInputError, ConfigurationError
from callwright.domain.execution import Execution
from callwright.domain.number import LOOPBACK
from callwright.domain.tenant import Principal
from callwright.ports.chat import ChatReply
from callwright.ports.ledger import StoredAgent


@dataclass(frozen=True, slots=True)
class Draft:
    """An agent that is being edited: the body ``wire`` for the agent ``agent_id``, as PUT takes it."""

    agent_id: str
    wire: Mapping[str, Any]


async def _drafted(services: Services, principal: Principal, draft: Draft) -> StoredAgent:
    """The agent with the body of a draft, which is checked and sealed as if it were saved. Raises NotFoundError or InvalidAgentError."""
    body = flat_body(draft.wire, allow_flat=True)
    async with services.ledger.unit() as unit:
        agent = await agent_of(unit, principal, draft.agent_id)
        before = await sealed_body(services, unit, holder_in(principal), agent.body)
        if body.get("agent_name") is None:
            body["agent_name"] = before["agent_name"]
        checked = await checked_agent(services, unit, principal, body, before)
    services.agent_saved(checked.body)
    return replace(agent, name=checked.name, body=checked.body)


async def chat_with_draft(
    services: Services, principal: Principal, draft: Draft, wish: ChatWish
) -> tuple[str, ChatReply, Mapping[str, Any]]:
    """Open a chat with a draft, as ``actions.chats.open_chat`` does with an agent."""
    return await open_chat_of(services, principal, await _drafted(services, principal, draft), wish)


async def call_with_draft(
    services: Services,
    principal: Principal,
    draft: Draft,
    order: Mapping[str, Any],
    encode: Callable[[Execution], bytes],
    line: str = "",
) -> bytes:
    """Place a call of a draft to a synthetic caller and return the answer's bytes, as ``POST /call`` does for ``order``. ``line``: what the
    line is like, empty for as the synthetic caller has it. Raises BadInputError for any other address, and as that route."""
    policy = services.policy
    request = read_request(
        {**order, "agent_id": draft.agent_id},
        services.clock.now(),
        strict=policy.strict,
        sip_headers=policy.sip_call_headers,
    )
    if request.destination.kind != LOOPBACK:
        raise BadInputError(
            "recipient_phone_number must be a synthetic caller (loopback:NAME): nobody is called with an agent that was not saved",
            field="recipient_phone_number",
        )
    if line:
        try:
            services.check_line(line)
        except ConfigurationError as error:
            raise BadInputError(error.message, field="line") from None
        request = replace(request, options={**request.options, "line": line})
    agent = await _drafted(services, principal, draft)
    async with services.ledger.unit() as unit:
        return encode(await place_agent(services, unit, principal, agent, request))
