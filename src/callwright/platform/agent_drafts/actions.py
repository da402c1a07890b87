"""Trying an agent that was not saved: as a chat, as a call to a synthetic caller or from a page, and one of its tools."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from callwright.domain.errors import BadInputError, ConfigurationError
from callwright.domain.fields import named
from callwright.domain.number import LOOPBACK
from callwright.platform.accounts.rules import Principal
from callwright.platform.agents.actions.agents import agent_of, checked_agent, flat_body, holder_in
from callwright.platform.agents.actions.credentials import sealed_body
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.audit.actions.record import audit
from callwright.platform.calls.actions.calls import place_agent, read_request
from callwright.platform.chats.actions import ChatWish, open_chat_of
from callwright.platform.executions.rules.execution import Execution
from callwright.platform.services import Services
from callwright.platform.web_calls.actions import check_user_data
from callwright.ports.chat import ChatReply
from callwright.ports.leg import ArrangedCall
from callwright.ports.tool_trial import ToolTrial, ToolTried
from callwright.ports.web_call import WebCall, WebSession


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
    """Open a chat with a draft, as ``platform.chats.actions.open_chat`` does with an agent."""
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


async def session_with_draft(
    services: Services, principal: Principal, draft: Draft, user_data: Mapping[str, Any], origin: str
) -> tuple[ArrangedCall, WebSession]:
    """A session for one web call of a draft, as ``platform.web_calls.actions.open_session`` gives of an agent. ``origin``: of the page that
    calls, empty for any."""
    check_user_data(user_data)
    agent = await _drafted(services, principal, draft)
    call = ArrangedCall(services.ids.uuid(), agent.tenant_id, agent.id, dict(user_data), agent.body)
    async with services.ledger.unit() as unit:
        session = services.web_calls.session(WebCall(call, origin))
        await audit(unit, principal, "web_call.opened", call.execution_id, after={"agent_id": agent.id})
    return call, session


async def try_tool(
    services: Services, principal: Principal, draft: Draft, tool: ToolTrial, user_data: Mapping[str, Any]
) -> ToolTried:
    """Call a tool of a draft once, as a call would whose model gave these arguments. Raises BadInputError for a tool that the draft does
    not have or that sends nothing."""
    agent = await _drafted(services, principal, draft)
    spec = parse_agent(agent.body, defaults=services.policy.defaults)
    found = next((one for one in spec.tools if one.name == tool.name), None)
    if found is None:
        raise BadInputError("the agent has no tool of this name", field="tool")
    if not found.params.get("url"):
        raise BadInputError(f"the tool {named(tool.name)} has no url, so that there is nothing to send", field="tool")
    async with services.ledger.unit() as unit:
        await audit(unit, principal, "agent.tool_tried", agent.id, after={"tool": tool.name})
    return await services.tool_trials.run(agent, tool, user_data)
