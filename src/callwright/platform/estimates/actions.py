"""What calls of an agent are expected to cost."""

from __future__ import annotations

from dataclasses import dataclass

from callwright.domain.limits import MAX_ESTIMATE_CALLS
from callwright.platform.accounts.rules import Principal
from callwright.platform.agent_settings.rules.agent import TELEPHONY_PROVIDER
from callwright.platform.agents.actions.agents import agent_of
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.spec import AgentSpec
from callwright.platform.estimates.rules import Estimate, average_call, default_call, estimate
from callwright.platform.executions.rules.changes import ExecutionFilter
from callwright.platform.executions.rules.execution import Phase
from callwright.platform.prices.actions import refresh_prices
from callwright.platform.services import Services


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
