"""Whether a call that comes in is taken, and what is known of its caller: the agent's rules (contract 12.2) and its source (12.1)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callwright.call.live.caller_lookup import CallerLookup, Found
from callwright.call.live.deps import RuntimeDeps
from callwright.call.live.row import OwnedRow
from callwright.domain.errors import CallwrightError, UnavailableError, VaultLockedError
from callwright.domain.limits import INBOUND_LOOKUP_SECONDS
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.spec import AgentSpec
from callwright.platform.executions.rules.causes import CAUSES, Cause
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase
from callwright.platform.inbound.rules.caller import CallerRules

_LOG = logging.getLogger(__name__)

CALLER = "caller"
"""The key of the execution's options that holds what the caller is known by."""
CALLER_LOOKUP = "caller_lookup"
"""The fact, and the key of the record, that tells of the look-up."""
FORBIDDEN = 403
DECLINED = 603
_NOT_KNOWN = CAUSES["caller_not_known"]
_TOO_OFTEN = CAUSES["caller_limit"]


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a caller is turned away: the SIP status they get, and the change that ends the execution."""

    code: int
    change: Change


class Screening:
    """Looks at one call before it is answered. ``headers`` are the call's. ``note`` is what the log shall hold of the look-up."""

    def __init__(self, deps: RuntimeDeps, headers: Mapping[str, str]) -> None:
        self._deps = deps
        self._headers = {name.lower(): value for name, value in headers.items()}
        self.note: dict[str, Any] | None = None

    async def look(self, row: OwnedRow) -> Refused | None:
        """Ask what there is to ask; the caller's data is in the row afterwards. None: the call is taken."""
        try:
            spec = parse_agent(row.execution.agent, defaults=self._deps.settings.defaults)
        except CallwrightError:
            # It cannot be tried, and the attempt says why.
            return None
        rules = CallerRules.of_settings(spec.settings.extra)
        caller = str(row.execution.options.get(CALLER, ""))
        always = rules.restrict and rules.always_may(caller)
        if not always and rules.limit >= 0 and not await self._count_in(row.execution, rules.limit):
            return self._refused(
                DECLINED, _TOO_OFTEN, f"the caller has used up the {rules.limit} calls of inbound_limit"
            )
        known = await self._learn(row, spec, caller)
        if rules.only_known and not always and not known:
            problem = (self.note or {}).get("problem")
            why = f"the caller is not known, and disallow_unknown_numbers is set{f' ({problem})' if problem else ''}"
            return self._refused(FORBIDDEN, _NOT_KNOWN, why)
        return None

    async def _count_in(self, execution: Execution, limit: int) -> bool:
        try:
            async with asyncio.timeout(INBOUND_LOOKUP_SECONDS), self._deps.ledger.unit() as unit:
                return await unit.executions.count_in(execution, limit)
        except (UnavailableError, TimeoutError) as error:
            # A caller too many is better than one turned away because we could not count.
            _LOG.warning("the calls of a caller cannot be counted: %s", error)
            return True

    async def _learn(self, row: OwnedRow, spec: AgentSpec, caller: str) -> bool:
        """Whether the caller is known."""
        lookup = self._deps.caller_lookup
        if spec.callers.source is None:
            return False
        by_header = self._headers.get(spec.callers.lookup_header.lower(), "")
        began_us = self._deps.clock.monotonic_us()
        found = Found(problem="this process cannot look callers up")
        if lookup is not None:
            found = await self._found(lookup, by_header or caller, row.execution)
        self.note = {
            "source": spec.callers.source.kind,
            "by": spec.callers.lookup_header if by_header else "number",
            "known": found.known,
            "problem": found.problem or None,
            "ms": (self._deps.clock.monotonic_us() - began_us) // 1000,
        }
        if found.problem:
            _LOG.warning("the caller of execution %s cannot be looked up: %s", row.execution.id, found.problem)
        columns = {"user_data": {**row.execution.user_data, **found.data}} if found.data else {}
        await row.write(Change(columns=columns, record={CALLER_LOOKUP: self.note}))
        return found.known

    async def _found(self, lookup: CallerLookup, wanted: str, execution: Execution) -> Found:
        """What the source knows of a caller; its token is opened for this question alone."""
        try:
            body = await self._deps.access.opened(execution.tenant_id, execution.agent)
        except (UnavailableError, VaultLockedError) as error:
            return Found(problem=f"its token cannot be opened: {error.message}")
        source = parse_agent(body, defaults=self._deps.settings.defaults).callers.source
        assert source is not None, "the sealed body has one"
        return await lookup.find(source, wanted, execution)

    def _refused(self, code: int, cause: Cause, message: str) -> Refused:
        now = self._deps.clock.now()
        columns = {
            "hangup_by": cause.by,
            "hangup_reason": cause.reason,
            "hangup_code": cause.code,
            "error_message": message,
            "ended_at": now,
            "completed_at": now,
        }
        return Refused(code, Change(Phase.DONE, cause.outcome, columns=columns))
