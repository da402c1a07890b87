"""What calls of an agent are expected to cost."""

from __future__ import annotations

from dataclasses import dataclass

from callwright.actions.agents import agent_of
from callwright.actions.prices import refresh_prices
from callwright.actions.services import Services
from callwright.domain.agent.parsing import parse_agent
from callwright.domain.agent.spec import AgentSpec
from callwright.domain.estimate import Estimate, average_call, default_call, estimate
from callwright.domain.execution import Phase
from callwright.domain.limits import MAX_ESTIMATE_CALLS
from callwright.domain.settings.agent import TELEPHONY_PROVIDER
from callwright.domain.tenant import Principal
from callwright.ports.ledger import ExecutionFilter


@dataclass(frozen=True, slots=True)
class AgentEstimate:
    """The estimate, with the agent and the carrier it is for."""

    agent_id: str
    spec: AgentSpec
    carrier: str
    estimate: Estimate


async def estimate_agent(services: Services, principal: Principal, agent_id: str) -> AgentEstimate:
    """The estimate for an agent by today's prices and its last MAX_ESTIMATE_CALLS calls. Raises NotFoundError, and InvalidAgentError for an
    agent that no call could be made with."""
    await refresh_prices(services)
    async with services.ledger.reading() as unit:
        agent = await agent_of(unit, principal, agent_id)
        spec = parse_agent(agent.body, defaults=services.policy.defaults)
        page = await unit.executions.page(principal.tenant_id, agent.id, ExecutionFilter(), 1, MAX_ESTIMATE_CALLS)
    records = [row.record for row in page.rows if row.phase is Phase.DONE]
    call = average_call(records) or default_call(spec)
    named = spec.telephony_provider
    carrier = services.policy.carrier if named == TELEPHONY_PROVIDER.default else named
    book = services.prices.at(services.clock.now())
    return AgentEstimate(agent.id, spec, carrier, estimate(spec, carrier, book, call, services.billed_as))
