"""What a caller's "do not call me again" leads to: written in the unit that ends the call, so that there is no end without it."""

from __future__ import annotations

from datetime import datetime

from callwright.insight.record import BuiltRecord
from callwright.platform.audit.rules import AuditEntry
from callwright.platform.executions.rules.execution import Execution
from callwright.platform.suppressions.rules import SAID, Suppression, far_number
from callwright.platform.unit import Unit


async def suppress(unit: Unit, execution: Execution, built: BuiltRecord, now: datetime) -> None:
    """Put the far end's number on the list if its log says that it asked for it. A caller without a number cannot be."""
    asked, number = built.record.get("opt_out"), far_number(execution)
    if asked and number:
        kept, is_new = await unit.suppressions.add(
            Suppression(number, execution.tenant_id, SAID, now, execution_id=execution.id, said=asked["said"])
        )
        if is_new:
            why = {"reason": SAID, "execution_id": execution.id}
            await unit.audit.add(
                AuditEntry(execution.tenant_id, "system", "suppression.created", "suppression", kept.number, None, why)
            )
