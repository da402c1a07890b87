"""The models that are asked about a call: with the access and the stand-ins of an agent as its organisation is now."""

from __future__ import annotations

from dataclasses import dataclass

from callwright.call.afterwards.examiner import Examiner
from callwright.call.live.access import Fitting, patiently
from callwright.call.live.deps import RuntimeDeps
from callwright.domain.agent.spec import AgentSpec
from callwright.domain.availability import WRITTEN
from callwright.domain.errors import LackingError


@dataclass(frozen=True, slots=True)
class ModelsAfterwards:
    """``spec``: the agent as it is asked; ``fitting``: gives a disposition's own model its access; ``sandbox``: whether the account is one,
    in which the agent's model stands in for one that a disposition lacks."""

    spec: AgentSpec
    fitting: Fitting
    sandbox: bool


async def models_afterwards(deps: RuntimeDeps, tenant_id: str, spec: AgentSpec) -> ModelsAfterwards:
    """What an agent of the account is asked with. A model that is lacking is left to its question, which notes why. Raises
    VaultLockedError or UnavailableError."""
    fitting = await deps.access.fitting(tenant_id)
    try:
        found = await patiently(
            deps.ledger, deps.clock, lambda unit: deps.availability.provide(unit, tenant_id, spec, WRITTEN)
        )
    except LackingError:
        return ModelsAfterwards(await deps.access.fit(tenant_id, spec), fitting, False)
    return ModelsAfterwards(found.spec, fitting, found.sandbox)


def examiner_of(deps: RuntimeDeps, models: ModelsAfterwards) -> Examiner:
    """What asks them."""
    return Examiner(deps.plugin, deps.clock, models.fitting, stands_in=models.sandbox)
