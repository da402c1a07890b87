"""Tools that are called outside of calls, to try them out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from callwright.call.live.boundary import plugin_boundary
from callwright.call.live.deps import RuntimeDeps
from callwright.call.live.tools import ToolOutcome
from callwright.domain.errors import RateLimitedError
from callwright.domain.limits import MAX_TOOL_TRIALS, TOOL_SECONDS
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.calls.rules import call_variables
from callwright.platform.executions.rules.execution import CHAT, Execution, Phase, status_of
from callwright.platform.tools.rules.arguments import UnfitArgumentsError, checked_arguments
from callwright.ports.failures import FailureKind
from callwright.ports.tool_trial import ToolTrial, ToolTried, TriedRequest


class ToolTrials:
    """``ports.tool_trial.ToolTrials`` with the guarded client of this process's calls."""

    def __init__(self, deps: RuntimeDeps) -> None:
        self._deps = deps
        self._under_way: set[str] = set()

    async def run(self, agent: StoredAgent, trial: ToolTrial, user_data: Mapping[str, Any]) -> ToolTried:
        """See the port. Arguments are held against the tool's schema, as a model's are."""
        if agent.tenant_id in self._under_way:
            raise RateLimitedError("a tool of this account is being tried already; wait for it")
        if len(self._under_way) >= MAX_TOOL_TRIALS:
            raise RateLimitedError(f"{MAX_TOOL_TRIALS} tools are tried in this process already; wait for them")
        self._under_way.add(agent.tenant_id)
        try:
            return _shown(await self._outcome(agent, trial, user_data))
        finally:
            self._under_way.discard(agent.tenant_id)

    async def _outcome(self, agent: StoredAgent, trial: ToolTrial, user_data: Mapping[str, Any]) -> ToolOutcome:
        deps = self._deps
        spec = parse_agent(await deps.access.opened(agent.tenant_id, agent.body), defaults=deps.settings.defaults)
        tool = next(one for one in spec.tools if one.name == trial.name)
        execution = self._execution(agent, user_data)
        variables = call_variables(execution, deps.clock.now())
        try:
            given = checked_arguments(tool.parameters, json.dumps(dict(trial.arguments)), variables)
        except UnfitArgumentsError as error:
            return ToolOutcome(False, str(error))
        outcome = ToolOutcome(False, "")

        def failed(_: FailureKind, message: str) -> None:
            nonlocal outcome
            outcome = ToolOutcome(False, f"tool {trial.name} failed: {message}")

        with plugin_boundary(f"tool {trial.name}", failed):
            async with asyncio.timeout(TOOL_SECONDS):
                outcome = await deps.tools_of(execution, spec, variables).run(trial.name, json.dumps(given))
        return outcome

    def _execution(self, agent: StoredAgent, user_data: Mapping[str, Any]) -> Execution:
        """The execution of a call that does not exist: its id fills ``{execution_id}``."""
        now = self._deps.clock.now()
        return Execution(
            id=self._deps.ids.uuid(),
            tenant_id=agent.tenant_id,
            agent_id=agent.id,
            status=status_of(Phase.LIVE, ""),
            phase=Phase.LIVE,
            detail="",
            attempt=1,
            direction="inbound",
            carrier=CHAT,
            to_number="",
            from_number="",
            created_at=now,
            updated_at=now,
            user_data=dict(user_data),
        )


def _shown(outcome: ToolOutcome) -> ToolTried:
    facts = outcome.facts
    if not facts:
        return ToolTried(outcome.ok, outcome.text)
    request = TriedRequest(facts["method"], facts["host"], facts["sent"], facts["status"], facts["ms"])
    return ToolTried(outcome.ok, outcome.text, None if facts.get("blocked") else request)
