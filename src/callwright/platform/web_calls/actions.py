"""Calls that pages in a browser make: sessions, and who may call an agent without one (contract 18)."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from callwright.domain.errors import BadInputError, NotFoundError
from callwright.domain.limits import MAX_WEB_CALL_USER_DATA_BYTES
from callwright.domain.origin import origin_of
from callwright.platform.accounts.rules import Principal
from callwright.platform.agents.actions.agents import agent_of
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.audit.actions.record import audit
from callwright.platform.services import Services, object_id
from callwright.ports.leg import ArrangedCall
from callwright.ports.web_call import SipWebSession, WebCall, WebSession

_LOG = logging.getLogger(__name__)

_Session = TypeVar("_Session")


@dataclass(frozen=True, slots=True)
class WebCallWish:
    """A session that is asked for. ``origin``: of the page that calls, empty for any."""

    agent_id: str
    user_data: Mapping[str, Any]
    origin: str = ""


def check_user_data(given: Mapping[str, Any]) -> None:
    """Raises BadInputError for variables that are too large (contract 3.16: 400 above 50 KB)."""
    size = len(json.dumps(given, ensure_ascii=False, separators=(",", ":")).encode())
    if size > MAX_WEB_CALL_USER_DATA_BYTES:
        raise BadInputError(
            f"user_data is {size} bytes of JSON, at most {MAX_WEB_CALL_USER_DATA_BYTES} are allowed", field="user_data"
        )


async def open_session(services: Services, principal: Principal, wish: WebCallWish) -> tuple[ArrangedCall, WebSession]:
    """A session for one call. Raises BadInputError, NotFoundError for an unknown agent, InvalidAgentError for one that cannot be used, and
    CapacityError."""
    return await _opened(services, principal, wish, services.web_calls.session)


async def open_sip_session(
    services: Services, principal: Principal, wish: WebCallWish
) -> tuple[ArrangedCall, SipWebSession]:
    """Credentials for one call over SIP and WebRTC (contract 3.16). Raises as :func:`open_session`."""
    return await _opened(services, principal, wish, services.web_calls.sip_session)


async def _opened(
    services: Services, principal: Principal, wish: WebCallWish, make: Callable[[WebCall], _Session]
) -> tuple[ArrangedCall, _Session]:
    check_user_data(wish.user_data)
    async with services.ledger.unit() as unit:
        agent = await agent_of(unit, principal, wish.agent_id)
        parse_agent(agent.body)
        call = _arranged(services, agent, wish.user_data)
        session = make(WebCall(call, wish.origin))
        await audit(unit, principal, "web_call.opened", call.execution_id, after={"agent_id": agent.id})
    return call, session


async def call_of_key(services: Services, principal: Principal, agent_id: str) -> WebCall:
    """The call of a page that has a key (the older websocket of the contract). Raises NotFoundError or InvalidAgentError."""
    async with services.ledger.unit() as unit:
        agent = await agent_of(unit, principal, agent_id)
        parse_agent(agent.body)
        call = _arranged(services, agent, {})
        await audit(unit, principal, "web_call.opened", call.execution_id, after={"agent_id": agent.id})
    return WebCall(call, takes_user_data=True)


async def call_of_page(services: Services, agent_id: str, origin: str) -> tuple[WebCall, str]:
    """The call of a page without a key or a session, whose ``origin`` is one of the agent's ``web_call_origins``; and the organisation.

    Raises NotFoundError otherwise, in the same words whether or not there is such an agent. The log says which.
    """
    try:
        page = origin_of(origin)
    except ValueError:
        raise _unknown_page(agent_id, origin, "that is no origin") from None
    try:
        known_id = object_id(agent_id, "agent")
    except NotFoundError:
        raise _unknown_page(agent_id, origin, "that is no agent's id") from None
    async with services.ledger.unit() as unit:
        agent = await unit.agents.get_any(known_id)
        if agent is None:
            raise _unknown_page(agent_id, origin, "there is no such agent")
        if page not in parse_agent(agent.body).settings.extra["web_call_origins"]:
            raise _unknown_page(agent_id, origin, "it is not in the agent's web_call_origins")
        account = await unit.accounts.tenant(agent.tenant_id)
    organisation_id = agent.tenant_id if account is None else account.parent_id or account.id
    return WebCall(_arranged(services, agent, {}), page, takes_user_data=True), organisation_id


def _arranged(services: Services, agent: StoredAgent, user_data: Mapping[str, Any]) -> ArrangedCall:
    return ArrangedCall(services.ids.uuid(), agent.tenant_id, agent.id, dict(user_data))


def _unknown_page(agent_id: str, origin: str, why: str) -> NotFoundError:
    _LOG.info("a page of the origin %.200r may not call the agent %.100r: %s", origin, agent_id, why)
    hint = "Put the origin of the page into the agent's web_call_origins."
    return NotFoundError("there is no such agent, or pages of this origin may not call it", hint=hint)
