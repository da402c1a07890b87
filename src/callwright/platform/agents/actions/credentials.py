"""Credentials inside agents: sealed when an agent is saved, kept where a change sends their masks back, and what older versions stored."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callwright.domain.errors import VaultLockedError
from callwright.platform.agents.rules.credentials import (
    Credential,
    credential_name,
    credentials_of,
    has_clear,
    with_credentials,
)
from callwright.platform.agents.rules.stored import BodyKind, StoredBody
from callwright.platform.provider_keys.actions.keys import data_key_of
from callwright.platform.provider_keys.rules.sealing import WrappedKey, sealed_bytes, sealed_text
from callwright.platform.services import Services
from callwright.platform.unit import Unit

_LOG = logging.getLogger(__name__)

_AT_ONCE = 200
"""Rows that are sealed in one transaction."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose agent it is: ``tenant_id``, and the organisation whose data key seals its credentials."""

    tenant_id: str
    organisation_id: str


async def sealed_body(
    services: Services, unit: Unit, holder: Holder, body: Mapping[str, Any], before: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """``body`` with every credential sealed. One that equals its value in ``before`` (sealed) is the same text as there. Raises
    VaultLockedError."""
    if not has_clear(body):
        return dict(body)
    data_key = await data_key_of(services, unit, holder.organisation_id)
    stored = {(one.tool, one.name): one.text for one in credentials_of(before or {})}
    sealing = _Sealing(services, data_key, credential_name(holder.tenant_id), stored)
    return with_credentials(body, sealing.of)


@dataclass(frozen=True, slots=True)
class _Sealing:
    services: Services
    data_key: WrappedKey
    name: str
    stored: Mapping[tuple[str, str], str]

    def of(self, one: Credential) -> str:
        if sealed_bytes(one.text) is not None:
            return one.text
        before = self.stored.get((one.tool, one.name), "")
        if self._opens_to(before, one.text):
            return before
        return sealed_text(one.text, self.services.vault.seal(self.data_key, self.name, one.text))

    def _opens_to(self, text: str, value: str) -> bool:
        sealed = sealed_bytes(text)
        if sealed is None:
            return False
        try:
            return self.services.vault.open(self.data_key, self.name, sealed) == value
        except VaultLockedError:
            # Damaged: a new value takes its place. Without a master key, sealing that says so.
            return False


async def seal_stored(services: Services, kind: BodyKind) -> int:
    """Seal what earlier versions stored in clear, of all tenants; returns how many bodies that were. Raises VaultLockedError; what was
    sealed before it stays so."""
    count, after = 0, ""
    while True:
        async with services.ledger.unit() as unit:
            found = await unit.agents.bodies.after(kind, after, _AT_ONCE)
            for one in found:
                count += await _seal_one(services, unit, kind, one)
        if not found:
            return count
        after = found[-1].id


async def _seal_one(services: Services, unit: Unit, kind: BodyKind, stored: StoredBody) -> bool:
    tenant = await unit.accounts.tenant(stored.tenant_id) if has_clear(stored.body) else None
    if tenant is None:
        return False
    holder = Holder(tenant.id, tenant.parent_id or tenant.id)
    await unit.agents.bodies.put(kind, stored.id, await sealed_body(services, unit, holder, stored.body))
    return True


async def seal_at_start(services: Services) -> None:
    """Seal the agents, and their copies in calls that are not over, if no process has done so on this database."""
    async with services.ledger.reading() as unit:
        if await unit.agents.bodies.are_sealed():
            return
    agents = await seal_stored(services, BodyKind.AGENT)
    await seal_stored(services, BodyKind.VERSION)
    calls = await seal_stored(services, BodyKind.UNFINISHED)
    async with services.ledger.unit() as unit:
        await unit.agents.bodies.note_sealed()
    if agents or calls:
        _LOG.warning(
            "sealed the credentials of %d agents and %d calls that are not over; `callwright keys seal-agents` does so in all others",
            agents,
            calls,
        )
