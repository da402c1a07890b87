"""The models that are asked about a call: with the access and the stand-ins of an agent as its organisation is now."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from callwright.call.afterwards.examiner import Examiner
from callwright.call.afterwards.post_log import PostLog
from callwright.call.live.access import Fitting, patiently
from callwright.call.live.deps import RuntimeDeps
from callwright.domain.errors import BadInputError, LackingError
from callwright.insight.provision import STAND_IN, stand_ins_in_call
from callwright.insight.view import CallView
from callwright.platform.agents.rules.availability import WRITTEN, Provision, StandIn
from callwright.platform.agents.rules.spec import AgentSpec, PostCallTask, ProviderChoice
from callwright.platform.unit import Unit

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ModelsAfterwards:
    """``spec``: the agent as it is asked; ``fitting``: gives a disposition's own model its access; ``sandbox``: whether the account is one,
    in which the agent's model stands in for one that a disposition lacks; ``stand_ins``: what stands in for the agent's own models."""

    spec: AgentSpec
    fitting: Fitting
    sandbox: bool
    stand_ins: tuple[StandIn, ...] = ()

    def note(self, view: CallView, post: PostLog) -> None:
        """Note what stands in and did not in the call: the agent, or what the organisation has, changed since."""
        known = [*stand_ins_in_call(view), *post.facts(STAND_IN)]
        for one in self.stand_ins:
            if (told := one.as_wire()) not in known:
                post.fact(STAND_IN, told)


async def models_afterwards(deps: RuntimeDeps, tenant_id: str, spec: AgentSpec) -> ModelsAfterwards:
    """What an agent of the account is asked with, and its model's fallbacks for each question without any. A model that is lacking is left
    to its question, which notes why. Raises VaultLockedError or UnavailableError."""
    fitting = await deps.access.fitting(tenant_id)
    asked = _with_fallbacks(spec)

    async def provide(unit: Unit) -> Provision:
        nonlocal asked
        try:
            rules = await deps.decisions.rules(unit, tenant_id)
            asked = _with_fallbacks(rules.policy.fallbacks.given_to(spec))
        except BadInputError as error:
            _LOG.warning("the calling policy of %s cannot be read: %s", tenant_id, error.message)
        return await deps.availability.provide(unit, tenant_id, asked, WRITTEN)

    try:
        found = await patiently(deps.ledger, deps.clock, provide)
    except LackingError:
        return ModelsAfterwards(await deps.access.fit(tenant_id, asked), fitting, False)
    return ModelsAfterwards(found.spec, fitting, found.sandbox, found.stand_ins)


def _with_fallbacks(spec: AgentSpec) -> AgentSpec:
    def task(one: PostCallTask) -> PostCallTask:
        model = one.model
        others = tuple(other for other in spec.model.fallbacks if _names(other) != _names(model))
        return replace(one, model=replace(model, fallbacks=model.fallbacks or others))

    custom = spec.custom_questions
    return replace(
        spec,
        post_call=tuple(task(one) for one in spec.post_call),
        custom_questions=None if custom is None else task(custom),
    )


def _names(choice: ProviderChoice) -> tuple[str, str]:
    return choice.provider, choice.model


def examiner_of(deps: RuntimeDeps, models: ModelsAfterwards) -> Examiner:
    """What asks them."""
    return Examiner(deps.plugin, deps.clock, models.fitting, stands_in=models.sandbox)
