"""Provider keys: stored sealed, listed masked, used by the next call, forgotten (contract 3.9); and their master key, changed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callwright.domain.errors import BadInputError, ConfigurationError, ConflictError, VaultLockedError
from callwright.domain.fields import named, nearest
from callwright.domain.limits import MAX_PROVIDER_KEYS, MIN_WEBHOOK_SECRET_BYTES
from callwright.outbox.sign import decode_secret
from callwright.platform.accounts.rules import Principal
from callwright.platform.audit.actions.record import audit
from callwright.platform.provider_keys.rules.provider_key import (
    FORMER_WEBHOOK_SECRET,
    WEBHOOK_SECRET,
    ProviderKey,
    hint_of,
    parse_key_name,
)
from callwright.platform.provider_keys.rules.sealing import WrappedKey
from callwright.platform.services import Services, missing
from callwright.platform.unit import Unit


@dataclass(frozen=True, slots=True)
class NamedSecret:
    """What somebody wants stored. ``value`` must not be shown."""

    name: str
    value: str

    def __repr__(self) -> str:
        return f"NamedSecret({self.name!r})"


def comparable(services: Services, wire: Mapping[str, Any]) -> dict[str, str]:
    """What two requests that store the same have in common, for their ``Idempotency-Key``: kept as a hash, so a short value must not be
    found by trying."""
    text = json.dumps(wire, sort_keys=True).encode()
    return {"digest": hmac.new(services.key_secrets()[0], text, hashlib.sha256).hexdigest()}


async def put_provider_key(services: Services, principal: Principal, secret: NamedSecret) -> ProviderKey:
    """Store a key, or another value under a name there is: calls that begin from now on use it. Raises ConflictError for one more
    than MAX_PROVIDER_KEYS, BadInputError for a webhook secret that cannot sign, VaultLockedError."""
    if secret.name.upper() in (WEBHOOK_SECRET, FORMER_WEBHOOK_SECRET):
        _check_webhook_secret(secret)
    tenant_id, now = principal.organisation_id, services.clock.now()
    async with services.ledger.unit() as unit:
        before = await unit.provider_keys.get(tenant_id, secret.name)
        if before is None and len(await unit.provider_keys.all(tenant_id)) >= MAX_PROVIDER_KEYS:
            raise ConflictError(f"there are {MAX_PROVIDER_KEYS} provider keys already; delete one that is not needed")
        data_key = await data_key_of(services, unit, tenant_id)
        key = ProviderKey(
            id=services.ids.uuid() if before is None else before.id,
            tenant_id=tenant_id,
            name=secret.name,
            hint=hint_of(secret.value),
            sealed=services.vault.seal(data_key, secret.name, secret.value),
            created_at=now if before is None else before.created_at,
            updated_at=now,
        )
        await unit.provider_keys.put(key)
        # Always written, also where the value ends as before: that it was replaced is what matters.
        action = "provider_key.created" if before is None else "provider_key.replaced"
        was = None if before is None else _shown(before)
        await audit(unit, principal, action, key.id, before=was, after=_shown(key), about={"name": key.name})
    return key


def name_warning(services: Services, name: str) -> str:
    """What to say of a name that no installed provider reads, but that seems to be for one; empty for any other name."""
    known = {key for plugin in services.plugins() for key in plugin.keys}
    wanted = name.upper()
    if wanted in known or wanted in (WEBHOOK_SECRET, FORMER_WEBHOOK_SECRET):
        return ""
    vendor = wanted.partition("_")[0]
    alike = sorted(key for key in known if key.partition("_")[0] == vendor)
    like = nearest(wanted, known)
    names = alike or ([like] if like else [])
    return f"Nothing installed reads {named(name)}. Known names: {', '.join(names)}." if names else ""


def _check_webhook_secret(secret: NamedSecret) -> None:
    try:
        size = len(decode_secret(secret.value))
    except ConfigurationError:
        size = 0
    if size < MIN_WEBHOOK_SECRET_BYTES:
        raise BadInputError(
            f"a webhook secret is whsec_ and base64, or other text, of at least {MIN_WEBHOOK_SECRET_BYTES} bytes",
            field="provider_value",
        )


async def list_provider_keys(services: Services, principal: Principal) -> list[ProviderKey]:
    """The organisation's keys, newest first, as they are stored: sealed."""
    async with services.ledger.unit() as unit:
        return await unit.provider_keys.all(principal.organisation_id)


async def delete_provider_key(services: Services, principal: Principal, name: str) -> None:
    """Forget a key; calls under way go on with it. Raises NotFoundError."""
    try:
        name = parse_key_name(name)
    except BadInputError:
        raise missing("provider key") from None
    async with services.ledger.unit() as unit:
        before = await unit.provider_keys.get(principal.organisation_id, name)
        if before is None or not await unit.provider_keys.delete(principal.organisation_id, name):
            raise missing("provider key")
        await audit(unit, principal, "provider_key.deleted", before.id, before=_shown(before))


def _shown(key: ProviderKey) -> dict[str, Any]:
    return {"name": key.name, "ends_with": key.hint, "updated_at": key.updated_at.isoformat()}


async def data_key_of(services: Services, unit: Unit, tenant_id: str) -> WrappedKey:
    """The tenant's data key, made with its first secret."""
    found = await unit.provider_keys.data_key(tenant_id)
    if found is not None:
        return found
    await unit.provider_keys.lock_data_keys()
    found = await unit.provider_keys.data_key(tenant_id)
    if found is not None:
        return found
    masters = {data_key.master for data_key in await unit.provider_keys.data_keys()}
    made = services.vault.new_data_key(tenant_id, masters)
    await unit.provider_keys.put_data_key(made)
    return made


async def rewrap_data_keys(unit: Unit, services: Services) -> int:
    """Wrap every data key under the present master key; returns how many were not. All of them or, with VaultLockedError, none. The caller
    holds ``lock_data_keys`` since before it changed the master keys."""
    count = 0
    for data_key in await unit.provider_keys.data_keys():
        wrapped = services.vault.rewrap(data_key)
        if wrapped.master != data_key.master:
            await unit.provider_keys.put_data_key(wrapped)
            count += 1
    return count


async def check_vault(services: Services) -> None:
    """Whether every stored key could be opened with the master keys there are. Raises VaultLockedError or ConfigurationError."""
    async with services.ledger.unit() as unit:
        data_keys = await unit.provider_keys.data_keys()
    locked: VaultLockedError | None = None
    for data_key in data_keys:
        try:
            services.vault.rewrap(data_key)
        except VaultLockedError as error:
            locked = error
    if locked is not None:
        raise locked
