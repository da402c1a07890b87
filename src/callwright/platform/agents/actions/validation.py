"""Says everything that is wrong with an agent, and what in it does not do what it seems to, without saving it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callwright.domain.errors import InvalidAgentError
from callwright.platform.accounts.rules import Principal
from callwright.platform.agents.actions.agents import agent_of, check_body, flat_body, model_names
from callwright.platform.agents.actions.warnings import warnings_of
from callwright.platform.agents.rules.credentials import check_credentials, kept_credentials
from callwright.platform.agents.rules.spec import AgentWarning
from callwright.platform.agents.rules.validation import AgentError, AgentErrors, errors_of
from callwright.platform.services import Services


@dataclass(frozen=True, slots=True)
class Validation:
    """What was found in an agent. ``complete``: it has no other errors."""

    errors: tuple[AgentError, ...]
    complete: bool
    warnings: list[AgentWarning]


async def validate_agent(
    services: Services, principal: Principal, wire: Mapping[str, Any], agent_id: str = ""
) -> Validation:
    """What saving ``wire`` would refuse, all at once, and what it would warn of. ``agent_id``: the agent that it is to replace, whose
    credentials may stand in it as masks. Raises NotFoundError."""
    async with services.ledger.reading() as unit:
        models = await model_names(unit, principal)
        before = (await agent_of(unit, principal, agent_id)).body if agent_id else None
    try:
        body = flat_body(wire, allow_flat=True)
    except InvalidAgentError as error:
        return Validation((AgentError(error.field or "agent_config", error.message, error.code),), False, [])
    if before is not None and body.get("agent_name") is None:
        body["agent_name"] = before["agent_name"]

    def check(one: Mapping[str, Any]) -> None:
        check_credentials(one)
        check_body(services, kept_credentials(one, before or {}), models, before)

    # A large body with many errors is parsed many times.
    found: AgentErrors = await asyncio.to_thread(errors_of, body, check)
    warnings = await warnings_of(services, principal, body, providers=not found.found)
    return Validation(found.found, found.complete, warnings)
