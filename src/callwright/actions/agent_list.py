"""Listing agents with what their calls of the last days came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta

from callwright.actions.services import Services
from callwright.domain.execution_summary import AgentFigures
from callwright.domain.tenant import Principal
from callwright.ports.ledger import StoredAgent

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
