"""The operator's view of webhooks: how their deliveries went, and sending one again."""

from __future__ import annotations

from dataclasses import replace

from callwright.actions.audit import audit
from callwright.actions.services import Services, missing
from callwright.domain.errors import NotFoundError, WrongStateError
from callwright.domain.limits import MAX_DELIVERIES_LISTED
from callwright.domain.tenant import operator
from callwright.ports.ledger import Delivery, Unit, WantedDeliveries
from callwright.ports.ledger.deliveries import DELIVERED, GIVEN_UP


async def list_deliveries(services: Services, wanted: WantedDeliveries) -> list[Delivery]:
    """Deliveries of all accounts, the newest first."""
    async with services.ledger.unit() as unit:
        return await unit.deliveries.listed(wanted)


async def resend(services: Services, *, delivery_id: str = "", subject_id: str = "") -> list[Delivery]:
    """Make one webhook due now, or every given up one of an execution or batch; the running server sends it, with its id and body.

    Returns them as they were. Raises NotFoundError, and WrongStateError for one that was delivered, is under way or waits for another.
    """
    async with services.ledger.unit() as unit:
        found = await _wanted(unit, delivery_id, subject_id)
        done = await unit.deliveries.resend(found)
        resent = [one for one in found if one.id in done]
        if delivery_id and not resent:
            raise WrongStateError(f"the webhook cannot be sent again: {_why(found[0])}", hint=_HINT)
        for one in resent:
            before = {"state": one.state, "tries": one.tries}
            about = {f"{one.about}_id": one.subject_id}
            await audit(
                unit,
                operator(one.tenant_id),
                "webhook.resent",
                one.id,
                before=before,
                after={"state": "due"},
                about=about,
            )
    return resent


_HINT = "`callwright webhooks list` shows state and next try of each."


async def _wanted(unit: Unit, delivery_id: str, subject_id: str) -> list[Delivery]:
    if delivery_id:
        found = await unit.deliveries.listed(WantedDeliveries(delivery_id=delivery_id))
        if not found:
            raise missing("webhook")
        return found
    wanted = WantedDeliveries(subject_id=subject_id, limit=MAX_DELIVERIES_LISTED)
    if not await unit.deliveries.listed(replace(wanted, limit=1)):
        raise NotFoundError("there is no webhook of that execution or batch")
    return await unit.deliveries.listed(replace(wanted, state=GIVEN_UP))


def _why(delivery: Delivery) -> str:
    if delivery.state == DELIVERED:
        return f"it was delivered ({delivery.reason})"
    return "it waits for the one before it" if delivery.due_at is None else "it is being sent now"
