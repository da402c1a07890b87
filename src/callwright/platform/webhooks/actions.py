"""Webhooks after the fact: how their deliveries went, sending them again, endpoints that fail, and the secrets that sign those of an
organisation."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from callwright.domain.errors import BadInputError, NotFoundError, WrongStateError
from callwright.domain.limits import MAX_DELIVERIES_LISTED, MAX_WEBHOOKS_REPLAYED, MIN_WEBHOOK_SECRET_BYTES
from callwright.outbox.sign import decode_secret
from callwright.platform.accounts.rules import Principal, operator
from callwright.platform.audit.actions.record import audit
from callwright.platform.ledger import Ledger
from callwright.platform.provider_keys.actions.keys import NamedSecret, delete_provider_key, put_provider_key
from callwright.platform.provider_keys.rules.provider_key import FORMER_WEBHOOK_SECRET, WEBHOOK_SECRET
from callwright.platform.services import Services, missing, object_id
from callwright.platform.unit import Unit
from callwright.platform.webhooks.rules.deliveries import (
    GIVEN_UP,
    Delivery,
    FailingEndpoint,
    WantedDeliveries,
    WantedReplay,
)
from callwright.ports.vault import Vault

_SECRET_BYTES = 32
_SUBJECTS_AT_ONCE = 200


async def list_deliveries(services: Services, wanted: WantedDeliveries) -> list[Delivery]:
    """Deliveries of all accounts, the newest first."""
    async with services.ledger.unit() as unit:
        return await unit.deliveries.listed(wanted)


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many webhooks a range has, and how many of them are sent again."""

    matched: int
    replayed: int


async def replay(services: Services, principal: Principal, wanted: WantedReplay, *, dry_run: bool = False) -> Replayed:
    """Make the webhooks of a range due now, or only count them; the running server sends them, with their ids and bodies, in order for each
    execution. Raises BadInputError for a range with more than MAX_WEBHOOKS_REPLAYED."""
    async with services.ledger.unit() as unit:
        found = await unit.deliveries.of_range(wanted, MAX_WEBHOOKS_REPLAYED + 1)
    if len(found) > MAX_WEBHOOKS_REPLAYED:
        raise BadInputError(
            f"the range has more than {MAX_WEBHOOKS_REPLAYED} webhooks; narrow it by time, batch, execution or status",
            field="from",
        )
    if dry_run or not found:
        return Replayed(len(found), 0)
    of_subject: dict[tuple[str, str], list[Delivery]] = {}
    for one in found:
        of_subject.setdefault((one.about, one.subject_id), []).append(one)
    subjects, replayed = sorted(of_subject), 0
    for start in range(0, len(subjects), _SUBJECTS_AT_ONCE):
        chosen = subjects[start : start + _SUBJECTS_AT_ONCE]
        async with services.ledger.unit() as unit:
            done = await unit.deliveries.resend([one for subject in chosen for one in of_subject[subject]])
            replayed += len(done)
            await audit(
                unit,
                principal,
                "webhook.replayed",
                wanted.batch_id or wanted.execution_id or "range",
                before={"replayed": 0},
                after={"replayed": len(done)},
                about={"first": chosen[0][1], "last": chosen[-1][1]},
            )
    return Replayed(len(found), replayed)


async def list_endpoints(services: Services, principal: Principal | None) -> Sequence[FailingEndpoint]:
    """Webhook endpoints that fail: of an organisation, of a sub-account those with webhooks of its own, or of all."""
    async with services.ledger.reading() as unit:
        if principal is None:
            return await unit.endpoints.listed("", "")
        return await unit.endpoints.listed(principal.organisation_id, principal.tenant_id)


async def resume_endpoint(services: Services, principal: Principal, endpoint: str) -> None:
    """End the pause of an endpoint: its webhooks go out, in order for each execution. Raises NotFoundError for one that is not paused."""
    organisation_id = principal.organisation_id
    async with services.ledger.reading() as unit:
        found = await unit.endpoints.listed(organisation_id, organisation_id)
    if not any(one.endpoint == endpoint and one.paused_at is not None for one in found):
        raise missing("paused webhook endpoint")
    ordered = 1
    while ordered:
        async with services.ledger.unit() as unit:
            ordered = await unit.endpoints.order(organisation_id, endpoint, _SUBJECTS_AT_ONCE)
    async with services.ledger.unit() as unit:
        await unit.endpoints.resume(organisation_id, endpoint)
        before, after = {"state": "paused"}, {"state": "resumed"}
        await audit(unit, principal, "webhook_endpoint.resumed", endpoint, before=before, after=after)


async def replay_one(services: Services, principal: Principal, webhook_id: str) -> Delivery:
    """Make one webhook of the account due now. Returns it as it was. Raises NotFoundError, and WrongStateError for one that is under way or
    waits for another."""
    async with services.ledger.unit() as unit:
        wanted = WantedDeliveries(delivery_id=object_id(webhook_id, "webhook"), tenant_id=principal.tenant_id)
        found = await unit.deliveries.listed(wanted)
        if not found:
            raise missing("webhook")
        await _resend(unit, found, {found[0].tenant_id: principal})
    return found[0]


async def resend(services: Services, *, delivery_id: str = "", subject_id: str = "") -> list[Delivery]:
    """Make one webhook due now, or every given up one of an execution or batch; the running server sends it, with its id and body.

    Returns them as they were. Raises NotFoundError, and WrongStateError for one that is under way or waits for another.
    """
    async with services.ledger.unit() as unit:
        found = await _wanted(unit, delivery_id, subject_id)
        return await _resend(unit, found, {one.tenant_id: operator(one.tenant_id) for one in found})


async def _resend(unit: Unit, found: list[Delivery], by: Mapping[str, Principal]) -> list[Delivery]:
    done = await unit.deliveries.resend(found)
    resent = [one for one in found if one.id in done]
    if len(found) == 1 and not resent:
        raise WrongStateError(f"the webhook cannot be sent again: {_why(found[0])}", hint=_HINT)
    for one in resent:
        before = {"state": one.state, "tries": one.tries}
        about = {f"{one.about}_id": one.subject_id}
        await audit(
            unit, by[one.tenant_id], "webhook.resent", one.id, before=before, after={"state": "due"}, about=about
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
    return "it waits for the one before it" if delivery.due_at is None else "it is being sent now"


async def webhook_secrets(ledger: Ledger, vault: Vault, tenant_id: str, default: bytes) -> tuple[bytes, ...]:
    """The secrets that sign the webhooks of a tenant: its organisation's own, the present one first, else ``default`` if not empty. Raises
    VaultLockedError."""
    async with ledger.reading() as unit:
        found = await unit.provider_keys.of_organisation(tenant_id, (WEBHOOK_SECRET, FORMER_WEBHOOK_SECRET))
        present, former = (found.get(name) for name in (WEBHOOK_SECRET, FORMER_WEBHOOK_SECRET))
        data_key = None if present is None else await unit.provider_keys.data_key(present.tenant_id)
    if present is None or data_key is None:
        return (default,) if default else ()
    stored = [present] if former is None else [present, former]
    return tuple(decode_secret(vault.open(data_key, key.name, key.sealed), key.name) for key in stored)


async def rotate_webhook_secret(services: Services, tenant_id: str) -> str:
    """Make a webhook secret for an organisation and return it. The one before, or the server's where there was none, signs too until
    :func:`end_former_secret`. Raises NotFoundError, VaultLockedError."""
    by = await _organisation(services, tenant_id)
    async with services.ledger.unit() as unit:
        present = await unit.provider_keys.get(tenant_id, WEBHOOK_SECRET)
        data_key = await unit.provider_keys.data_key(tenant_id)
    former = services.webhook_secret
    if present is not None and data_key is not None:
        former = services.vault.open(data_key, present.name, present.sealed)
    if len(decode_secret(former)) >= MIN_WEBHOOK_SECRET_BYTES:
        await put_provider_key(services, by, NamedSecret(FORMER_WEBHOOK_SECRET, former))
    made = "whsec_" + base64.b64encode(bytes.fromhex(services.ids.token(_SECRET_BYTES))).decode()
    await put_provider_key(services, by, NamedSecret(WEBHOOK_SECRET, made))
    return made


async def end_former_secret(services: Services, tenant_id: str) -> None:
    """Sign with the present secret alone. Raises NotFoundError where there is no former one."""
    by = await _organisation(services, tenant_id)
    try:
        await delete_provider_key(services, by, FORMER_WEBHOOK_SECRET)
    except NotFoundError:
        raise NotFoundError("the organisation has no former webhook secret; the present one signs alone") from None


async def _organisation(services: Services, tenant_id: str) -> Principal:
    async with services.ledger.unit() as unit:
        tenant = await unit.accounts.tenant(tenant_id)
    if tenant is None or tenant.parent_id is not None:
        raise missing("organisation")
    return operator(tenant_id)
