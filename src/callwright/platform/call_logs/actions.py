"""The log of one attempt of a call, with what its views need to know of the execution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callwright.domain.errors import NotFoundError
from callwright.platform.accounts.rules import Principal
from callwright.platform.executions.actions.executions import find_execution
from callwright.platform.executions.rules.attempts import earlier_attempts
from callwright.platform.executions.rules.execution import Execution, Phase
from callwright.platform.services import Services, missing, object_id

_LIVE = frozenset({Phase.CLAIMED, Phase.DIALLING, Phase.LIVE})


@dataclass(frozen=True, slots=True)
class CallLog:
    """The log of ``attempt`` as far as the ledger has it; empty before the attempt was made."""

    execution: Execution
    attempt: int
    log: bytes

    @property
    def is_newest(self) -> bool:
        """Whether the columns and the record of the execution are of this attempt."""
        return self.attempt == self.execution.attempt

    @property
    def is_live(self) -> bool:
        """Whether the attempt goes on."""
        return self.is_newest and self.execution.phase in _LIVE

    @property
    def record(self) -> Mapping[str, Any]:
        """What the ledger keeps of the attempt: the record, or the entry of an earlier attempt."""
        record = self.execution.record
        # Between two attempts the newest one is an earlier one already.
        earlier = (one for one in earlier_attempts(record) if one["attempt"] == self.attempt)
        return next(earlier, record if self.is_newest else {})


async def call_log_of(
    services: Services, principal: Principal, execution_id: str, attempt: int | None = None
) -> CallLog:
    """The log of an attempt of the tenant's execution, by default of the newest. Raises NotFoundError, also for an attempt that was never
    made."""
    async with services.ledger.unit() as unit:
        found = await find_execution(unit, services, principal.tenant_id, object_id(execution_id, "execution"))
        if found is None:
            raise missing("execution")
        if attempt is not None and attempt > max(1, found.attempt):
            raise NotFoundError(f"the execution has no attempt {attempt}")
        return CallLog(found, attempt or found.attempt, await unit.logs.read(found.id, attempt))
