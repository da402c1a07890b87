"""Asking for the packets of a call in progress."""

from __future__ import annotations

from callwright.domain.errors import ConflictError, WrongStateError
from callwright.domain.limits import MAX_CAPTURES, MAX_CAPTURES_OF_ONE
from callwright.domain.number import SIP
from callwright.platform.accounts.rules import Principal
from callwright.platform.audit.actions.record import audit
from callwright.platform.executions.actions.transition import transition
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase
from callwright.platform.services import Services, locked_execution
from callwright.platform.sip_trunks.rules import PROVIDER as SIP_TRUNK

_ACTIVE = frozenset({Phase.CLAIMED, Phase.DIALLING, Phase.LIVE})


async def ask_capture(
    services: Services, principal: Principal, execution_id: str, seconds: int, *, keep_secrets: bool
) -> Execution:
    """Have the packets of a call over SIP written. The process that runs the call begins at once, or with its next heartbeat.

    Raises NotFoundError; WrongStateError for a call that is not under way or does not go over SIP; ConflictError for one that is captured
    already, and beyond MAX_CAPTURES_OF_ONE calls of the organisation or MAX_CAPTURES of all.
    """
    async with services.ledger.unit() as unit:
        row = await locked_execution(unit, principal, execution_id)
        if row.phase not in _ACTIVE:
            raise WrongStateError(f"the call cannot be captured: it is {row.status.value}")
        if row.carrier not in (SIP, SIP_TRUNK):
            raise WrongStateError(f"the call cannot be captured: its carrier is {row.carrier}, not SIP")
        if (row.options.get("capture") or {}).get("attempt") == row.attempt:
            raise ConflictError("this call is captured already")
        of_one, of_all = await unit.usage.captured(principal.tenant_id)
        if of_one >= MAX_CAPTURES_OF_ONE or of_all >= MAX_CAPTURES:
            most = MAX_CAPTURES_OF_ONE if of_one >= MAX_CAPTURES_OF_ONE else MAX_CAPTURES
            raise ConflictError(f"{most} calls are captured at this moment: wait until one of them is over")
        wish = {"attempt": row.attempt, "seconds": seconds, "keep_secrets": keep_secrets}
        change = Change(columns={"options": {**row.options, "capture": wish}})
        row = await transition(unit, row.id, change, services.publisher)
        await audit(unit, principal, "execution.captured", row.id, after=wish)
    await services.control.request_capture(row.id, wish)
    return row
