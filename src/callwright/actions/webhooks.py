"""The operator's view of webhooks: how their deliveries went, sending one again, and the secrets that sign those of an organisation."""

from __future__ import annotations

import base64
from dataclasses import replace

from callwright.actions.audit import audit
from callwright.actions.provider_keys import NamedSecret, delete_provider_key, put_provider_key
from callwright.actions.services import Services, missing
from callwright.domain.errors import NotFoundError, WrongStateError
from callwright.domain.limits import MAX_DELIVERIES_LISTED
from callwright.domain.provider_key import FORMER_WEBHOOK_SECRET, WEBHOOK_SECRET
from callwright.domain.tenant import Principal, operator
from callwright.outbox.sign import decode_secret
from callwright.ports.ledger import Delivery, Ledger, Unit, WantedDeliveries
from callwright.ports.ledger.deliveries import DELIVERED, GIVEN_UP
from callwright.ports.vault import Vault

_SECRET_BYTES = 32


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


async def webhook_secrets(ledger: Ledger, vault: Vault, tenant_id: str, default: bytes) -> tuple[bytes, ...]:
    """The secrets that sign the webhooks of a tenant: its organisation's own, the present one first, else ``default`` if not empty. Raises
    VaultLockedError."""
    async with ledger.reading() as unit:
        tenant = await unit.accounts.tenant(tenant_id)
        owner = tenant_id if tenant is None or tenant.parent_id is None else tenant.parent_id
        keys = [await unit.provider_keys.get(owner, name) for name in (WEBHOOK_SECRET, FORMER_WEBHOOK_SECRET)]
        data_key = await unit.provider_keys.data_key(owner)
    present, former = keys
    if present is None or data_key is None:
        return (default,) if default else ()
    stored = [present] if former is None else [present, former]
    return tuple(decode_secret(vault.open(data_key, key.name, key.sealed), key.name) for key in stored)


async def rotate_webhook_secret(services: Services, tenant_id: str) -> str:
    """Make a webhook secret for an organisation and return it. The one before signs too until
    :func:`end_former_secret`. Raises NotFoundError, VaultLockedError."""
    by = await _organisation(services, tenant_id)
    async with services.ledger.unit() as unit:
        present = await unit.provider_keys.get(tenant_id, WEBHOOK_SECRET)
        data_key = await unit.provider_keys.data_key(tenant_id)
    if present is not None and data_key is not None:
        former = services.vault.open(data_key, present.name, present.sealed)
        await put_provider_key(services, by, NamedSecret(FORMER_WEBHOOK_SECRET, former))
    made = "whsec_" + base64.b64encode(bytes.fromhex(services.ids.token(_SECRET_BYTES))).decode()
    await put_provider_key(services, by, NamedSecret(WEBHOOK_SECRET, made))
    return made


async def end_former_secret(services: Services, tenant_id: str) -> None:
    """Sign with the present secret alone. Raises NotFoundError where there is no former one."""
    await delete_provider_key(services, await _organisation(services, tenant_id), FORMER_WEBHOOK_SECRET)


async def _organisation(services: Services, tenant_id: str) -> Principal:
    async with services.ledger.unit() as unit:
        tenant = await unit.accounts.tenant(tenant_id)
    if tenant is None or tenant.parent_id is not None:
        raise missing("organisation")
    return operator(tenant_id)
