"""API keys: made and shown once, stored as keyed hashes, revoked; and who a key belongs to."""

from __future__ import annotations

import hashlib
import hmac
import zlib
from dataclasses import dataclass
from datetime import datetime

from callwright.actions.audit import audit
from callwright.actions.services import Services, missing, object_id
from callwright.domain.errors import BadInputError, UnknownKeyError
from callwright.domain.limits import MAX_NAME_CHARACTERS
from callwright.domain.tenant import KEY_PREFIX, ApiKey, Principal, Tenant, operator

_RANDOM_BYTES = 20
_CHECK_DIGITS = 8
SCOPES = ("full", "read")

#: The words of the hosted service for a key it does not know.
UNRECOGNIZED = "Unrecognized access token"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made. ``secret`` is the key itself: it is nowhere else and cannot be shown again."""

    secret: str
    stored: ApiKey


def checksum(random_hex: str) -> str:
    """The last digits of a key, which tell a mistyped key from an unknown one without asking anybody."""
    return f"{zlib.crc32(random_hex.encode()):0{_CHECK_DIGITS}x}"


def looks_like_key(text: str) -> bool:
    """Whether ``text`` has the form of a key, checksum included. Says nothing about whether it is known."""
    digits = text.removeprefix(KEY_PREFIX)
    body, check = digits[:-_CHECK_DIGITS], digits[-_CHECK_DIGITS:]
    return text.startswith(KEY_PREFIX) and len(body) == 2 * _RANDOM_BYTES and check == checksum(body)


def digest_of(key: str, secret: bytes) -> bytes:
    """The keyed hash under which a key is stored: HMAC-SHA256 with the server's secret for keys."""
    return hmac.new(secret, key.encode(), hashlib.sha256).digest()


async def create_key(
    services: Services, tenant_id: str, name: str, *, scope: str = "full", expires_at: datetime | None = None
) -> NewKey:
    """Make a key for a tenant. Raises BadInputError for a name or scope that cannot be."""
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS or not name.isprintable():
        raise BadInputError(
            f"the name of a key must have 1 to {MAX_NAME_CHARACTERS} printable characters", field="name"
        )
    if scope not in SCOPES:
        raise BadInputError(f"the scope of a key must be one of {', '.join(SCOPES)}", field="scope")
    random_hex = services.ids.token(_RANDOM_BYTES)
    secret = f"{KEY_PREFIX}{random_hex}{checksum(random_hex)}"
    stored = ApiKey(
        id=services.ids.uuid(),
        tenant_id=tenant_id,
        name=name,
        digest=digest_of(secret, services.key_secret),
        last4=secret[-4:],
        scope=scope,
        created_at=services.clock.now(),
        expires_at=expires_at,
    )
    async with services.ledger.unit() as unit:
        await unit.keys.insert(stored)
        made = {"name": name, "scope": scope, "last4": stored.last4}
        await audit(unit, operator(tenant_id), "key.created", stored.id, after=made)
    return NewKey(secret, stored)


async def list_keys(services: Services, tenant_id: str) -> list[ApiKey]:
    """The tenant's keys, newest first."""
    async with services.ledger.unit() as unit:
        return await unit.keys.all(tenant_id)


async def revoke_key(services: Services, tenant_id: str, key_id: str) -> None:
    """Revoke a key: it is refused from now on. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        key_id = object_id(key_id, "key")
        if not await unit.keys.revoke(tenant_id, key_id, services.clock.now()):
            raise missing("key")
        await audit(unit, operator(tenant_id), "key.revoked", key_id)


async def authenticate(services: Services, key: str) -> Principal:
    """Who ``key`` belongs to. Raises UnknownKeyError, in the same words and after the same work for a key that never was, one that was
    revoked and one that expired: the hash is always computed and always looked up, whatever the key looks like."""
    digest = digest_of(key, services.key_secret)
    async with services.ledger.unit() as unit:
        found = await unit.keys.by_digest(digest)
    now = services.clock.now()
    if found is None or found.revoked_at is not None or (found.expires_at is not None and found.expires_at <= now):
        raise UnknownKeyError(UNRECOGNIZED)
    return Principal(
        tenant_id=found.tenant_id,
        key_id=found.id,
        name=found.name,
        scope=found.scope,
        parent_id=found.parent_id,
        role=found.role,
        holder=found.holder,
    )


@dataclass(frozen=True, slots=True)
class Account:
    """A tenant, its organisation (itself, but for a sub-account) and how many of its calls are live; of an organisation, those of its
    sub-accounts too."""

    tenant: Tenant
    organisation: Tenant
    live_calls: int


async def account_of(services: Services, principal: Principal) -> Account:
    """The tenant of a key, with what it shares with its organisation. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        tenant = await unit.accounts.tenant(principal.tenant_id)
        organisation = await unit.accounts.tenant(principal.organisation_id)
        if tenant is None or organisation is None:
            raise missing("account")
        if principal.parent_id is None:
            live = await unit.accounts.live_calls(tenant.id)
        else:
            live = await unit.executions.live_count(tenant.id)
        return Account(tenant, organisation, live)
