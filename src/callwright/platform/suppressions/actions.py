"""The list of numbers that are not called any more: reading it, adding to it, taking off it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from callwright.domain.errors import SuppressedError
from callwright.domain.national_number import without_national_prefix
from callwright.domain.number import parse_destination
from callwright.platform.accounts.rules import Principal
from callwright.platform.audit.actions.record import audit
from callwright.platform.services import Services, missing
from callwright.platform.suppressions.rules import BY_API, SAID, Suppression
from callwright.platform.unit import Unit

ROUTE = "/v1/callwright/suppressions"


@dataclass(frozen=True, slots=True)
class SuppressionPage:
    """One page of the list, newest first."""

    number: int
    size: int
    rows: list[Suppression]
    total: int


async def list_suppressions(services: Services, principal: Principal, number: int, size: int) -> SuppressionPage:
    """A page of the tenant's list, from 1."""
    async with services.ledger.unit() as unit:
        rows, total = await unit.suppressions.page(principal.tenant_id, number, size)
    return SuppressionPage(number, size, rows, total)


async def add_suppression(
    services: Services, principal: Principal, number: str, note: str | None
) -> tuple[Suppression, bool]:
    """Put a number on the list, and whether it is new; of one that is there, under any spelling, only the note changes, where another one
    is given. Raises InvalidNumberError."""
    suppression = Suppression(
        number=without_national_prefix(parse_destination(number, what="number")).value,
        tenant_id=principal.tenant_id,
        reason=BY_API,
        created_at=services.clock.now(),
        note=note,
    )
    async with services.ledger.unit() as unit:
        kept, is_new = await unit.suppressions.add(suppression)
        if is_new:
            await audit(unit, principal, "suppression.created", kept.number, after={"note": kept.note})
        if suppression.note is not None:
            # Each row of the address has a note of its own to lose.
            for old in await unit.suppressions.annotate(kept.tenant_id, kept.number, suppression.note):
                was, now = {"note": old.note}, {"note": suppression.note}
                await audit(unit, principal, "suppression.changed", old.number, before=was, after=now)
            kept = replace(kept, note=suppression.note)
        return kept, is_new


async def get_suppression(services: Services, principal: Principal, number: str) -> Suppression:
    """One entry. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        found = await unit.suppressions.get(principal.tenant_id, number.strip())
    if found is None:
        raise missing("suppression")
    return found


async def delete_suppression(services: Services, principal: Principal, number: str) -> None:
    """Take a number off the list: it may be called again. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        rows = await unit.suppressions.delete(principal.tenant_id, number.strip())
        if not rows:
            raise missing("suppression")
        for row in rows:
            gone = {"reason": row.reason, "note": row.note}
            await audit(unit, principal, "suppression.deleted", row.number, before=gone)


async def refuse_suppressed(unit: Unit, tenant_id: str, number: str) -> None:
    """Raises SuppressedError for a number that is not to be called. What is suppressed later is refused by the database."""
    found = await unit.suppressions.binding(tenant_id, number)
    if found is None:
        return
    own = found.tenant_id == tenant_id
    why = f"was put on the list of numbers that {'are' if own else 'your organisation has said are'} not to be called"
    if found.reason == SAID:
        # A call of the organisation is none of its sub-account's: it is not named to it.
        why = f"asked {f'in the call {found.execution_id}' if own else 'your organisation'} not to be called any more"
    who = "take it off" if own else "your organisation can take it off"
    raise SuppressedError(
        f"recipient_phone_number {found.number} {why} ({found.created_at:%Y-%m-%d});"
        f" {who} with DELETE {ROUTE}/{found.number} if it may be called",
        field="recipient_phone_number",
    )
