"""Listing agents with what their calls of the last days came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta

from callwright.platform.accounts.rules import Principal
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.execution_list.rules import AgentFigures
from callwright.platform.services import Services

DAYS = 7
"""Days of UTC, today included."""


@dataclass(frozen=True, slots=True)
class AgentList:
    """Agents with empty bodies, the last saved first, and figures of their executions by id. ``complete``: all executions are counted."""

    agents: Sequence[StoredAgent]
    figures: Mapping[str, AgentFigures]
    complete: bool


async def list_with_figures(services: Services, principal: Principal) -> AgentList:
    """The agents of an account."""
    today = services.clock.now().astimezone(UTC).date()
    async with services.ledger.reading() as unit:
        return AgentList(
            await unit.agents.listed(principal.tenant_id),
            await unit.executions.summaries.of_agents(principal.tenant_id, today - timedelta(days=DAYS - 1)),
            await unit.executions.summaries.is_complete(),
        )
