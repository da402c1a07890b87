"""API keys: made and shown once, stored as keyed hashes, revoked; and who a key belongs to."""

from __future__ import annotations

import hashlib
import hmac
import zlib
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime

from callwright.domain.errors import BadInputError, CallwrightError, NotAllowedError, UnavailableError, UnknownKeyError
from callwright.domain.limits import MAX_NAME_CHARACTERS
from callwright.platform.accounts.rules import (
    ADMIN,
    CALL,
    FULL,
    KEY_PREFIX,
    MEMBER,
    OPERATOR,
    READ,
    SUB_ACCOUNT_PREFIX,
    ApiKey,
    Principal,
    Tenant,
    expiry_of_new,
    operator,
)
from callwright.platform.audit.actions.record import audit
from callwright.platform.services import Services, missing, object_id
from callwright.platform.unit import Unit
from callwright.platform.wallet.rules import AVAILABLE

_RANDOM_BYTES = 20
_SUB_ACCOUNT_BYTES = 16
_CHECK_DIGITS = 8
SCOPES = (FULL, READ, CALL)
"""Scopes of keys that organisations make. Only the command line makes one of the scope OPERATOR."""
ALL_SCOPES = (*SCOPES, OPERATOR)
ROLES = (ADMIN, MEMBER)

NEWS_SECONDS = 0.1
"""A revocation is answered after this time: by then the other processes, told by the database within milliseconds, refuse the key too."""

#: The documented words for a key that is not known (contract 1.2).
ACCESS_DENIED = "Access denied"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made. ``secret`` is the key itself: it is nowhere else, and can be shown again only when it is a derived one."""

    secret: str
    stored: ApiKey


@dataclass(frozen=True, slots=True)
class KeyWish:
    """What a new key is to be. ``derived``: computed from its id and the server's secret, so that it can be shown again."""

    tenant_id: str
    name: str
    scope: str = FULL
    role: str = ADMIN
    holder: str = ""
    expires_at: datetime | None = None
    of_sub_account: bool = False
    derived: bool = False


def checksum(random_hex: str) -> str:
    """The last digits of a user key, which tell a mistyped key from an unknown one without asking anybody."""
    return f"{zlib.crc32(random_hex.encode()):0{_CHECK_DIGITS}x}"


def looks_like_key(text: str) -> bool:
    """Whether ``text`` has the form of a user key, checksum included. Says nothing about whether it is known."""
    digits = text.removeprefix(KEY_PREFIX)
    body, check = digits[:-_CHECK_DIGITS], digits[-_CHECK_DIGITS:]
    return text.startswith(KEY_PREFIX) and len(body) == 2 * _RANDOM_BYTES and check == checksum(body)


def digest_of(key: str, secret: bytes) -> bytes:
    """The keyed hash under which a key is stored: HMAC-SHA256 with the server's secret for keys."""
    return hmac.digest(secret, key.encode(), "sha256")


def _derived_key(secret: bytes, key_id: str, *, of_sub_account: bool) -> str:
    digits = hmac.new(secret, f"key of {key_id}".encode(), hashlib.sha256).hexdigest()
    return _key_of(digits, of_sub_account=of_sub_account)


def derived_key(services: Services, key: ApiKey) -> str | None:
    """A stored key in clear: derived from its id, the same again for whoever has the server's secret, and for nobody else. None where the
    secret it was derived from is gone."""
    secrets = services.key_secrets()
    for secret in secrets:
        text = _derived_key(secret, key.id, of_sub_account=key.parent_id is not None)
        # It may be stored under another secret than it was derived from.
        if any(digest_of(text, one) == key.digest for one in secrets):
            return text
    return None


def _key_of(digits: str, *, of_sub_account: bool) -> str:
    if of_sub_account:
        return SUB_ACCOUNT_PREFIX + digits[: 2 * _SUB_ACCOUNT_BYTES]
    body = digits[: 2 * _RANDOM_BYTES]
    return f"{KEY_PREFIX}{body}{checksum(body)}"


def _checked(services: Services, wish: KeyWish, scopes: Sequence[str]) -> None:
    if not 1 <= len(wish.name) <= MAX_NAME_CHARACTERS or not wish.name.isprintable():
        raise BadInputError(
            f"the name of a key must have 1 to {MAX_NAME_CHARACTERS} printable characters", field="name"
        )
    if wish.scope not in scopes:
        raise BadInputError(f"the scope of a key must be one of {', '.join(scopes)}", field="scope")
    if wish.role not in ROLES:
        raise BadInputError(f"the role of a key must be one of {', '.join(ROLES)}", field="role")
    if wish.expires_at is not None and wish.expires_at <= services.clock.now():
        raise BadInputError("expires_at must lie in the future", field="expires_at")


async def insert_key(
    services: Services, unit: Unit, by: Principal, wish: KeyWish, scopes: Sequence[str] = SCOPES
) -> NewKey:
    """Make a key within a unit. A member's key without a holder is its own holder, and a key without an expiry gets that of the key that
    makes it. Raises BadInputError, also for a wish that outlives that key; UnknownKeyError when that key was revoked in the
    meantime."""
    _checked(services, wish, scopes)
    if not await unit.keys.lock_good(by.key_id):
        # The request may have waited since it was let in, and a revoked key leaves no successor.
        raise UnknownKeyError(ACCESS_DENIED)
    expires_at = expiry_of_new(by, wish.expires_at)
    key_id = services.ids.uuid()
    if wish.derived:
        secret = _derived_key(services.key_secrets()[0], key_id, of_sub_account=wish.of_sub_account)
    else:
        secret = _key_of(services.ids.token(_RANDOM_BYTES), of_sub_account=wish.of_sub_account)
    stored = ApiKey(
        id=key_id,
        tenant_id=wish.tenant_id,
        name=wish.name,
        digest=digest_of(secret, services.key_secrets()[0]),
        last4=secret[-4:],
        scope=wish.scope,
        created_at=services.clock.now(),
        expires_at=expires_at,
        role=wish.role,
        holder=wish.holder or (key_id if wish.role == MEMBER else ""),
        derived=wish.derived,
        parent_id=by.organisation_id if wish.of_sub_account else None,
    )
    await unit.keys.insert(stored)
    made = {"name": stored.name, "scope": stored.scope, "role": stored.role, "last4": stored.last4}
    await audit(unit, by, "key.created", stored.id, after={**made, "tenant_id": stored.tenant_id})
    return NewKey(secret, stored)


async def create_key(
    services: Services,
    tenant_id: str,
    name: str,
    *,
    scope: str = FULL,
    role: str = ADMIN,
    holder: str = "",
    expires_at: datetime | None = None,
) -> NewKey:
    """Make a key of a tenant for the operator. Raises BadInputError for what cannot be, NotFoundError for no such tenant."""
    async with services.ledger.unit() as unit:
        tenant = await unit.accounts.tenant(tenant_id)
        if tenant is None or tenant.deleted_at is not None:
            raise missing("account")
        wish = KeyWish(
            tenant_id, name.strip(), scope, role, holder, expires_at, of_sub_account=tenant.parent_id is not None
        )
        by = Principal(tenant_id, "cli", "cli", parent_id=tenant.parent_id)
        return await insert_key(services, unit, by, wish, ALL_SCOPES)


async def list_keys(services: Services, tenant_id: str) -> list[ApiKey]:
    """The tenant's keys, newest first; of an organisation, those of its sub-accounts too."""
    async with services.ledger.unit() as unit:
        return await unit.keys.of_organisation(tenant_id)


async def revoke_key(services: Services, tenant_id: str, key_id: str) -> None:
    """Revoke a key of the tenant or of one of its sub-accounts: it is refused from now on. Raises NotFoundError."""
    key_id = object_id(key_id, "key")
    async with services.ledger.unit() as unit:
        found = await unit.keys.one_of_organisation(tenant_id, key_id)
        if found is None:
            raise missing("key")
        await revoke_found(services, unit, operator(tenant_id), found)


async def revoke_found(services: Services, unit: Unit, by: Principal, key: ApiKey) -> None:
    """Revoke a key that was found; one that was revoked before keeps its first time."""
    await unit.keys.revoke(key.tenant_id, key.id, services.clock.now())
    if key.revoked_at is None:
        await audit(unit, by, "key.revoked", key.id, before={"name": key.name, "last4": key.last4})


async def authenticate(
    services: Services, key: str, looking_up: AbstractAsyncContextManager[None] | None = None
) -> Principal:
    """Who ``key`` belongs to. A key that is not in memory is looked up within ``looking_up``, which may wait or refuse. Raises
    UnknownKeyError, in the same words and after the same work for a key that never was, one that was revoked and one that expired: the
    hash is always computed and always looked up, whatever the key looks like. A key that is stored under a former secret is stored under
    the present one then."""
    digests = [digest_of(key, secret) for secret in services.key_secrets()]
    found = next((known for digest in digests if (known := services.ledger.known_key(digest)) is not None), None)
    if found is None:
        async with looking_up or nullcontext():
            found = await _stored(services, digests)
    now = services.clock.now()
    if found is None or not found.is_good(now):
        raise UnknownKeyError(ACCESS_DENIED)
    if found.digest != digests[0]:
        # Without the database it is done at a later request.
        with suppress(UnavailableError):
            async with services.ledger.unit() as unit:
                await unit.keys.rehash(found.id, digests[0])
    services.key_used(found.id, now)
    return holder_of(found)


async def _stored(services: Services, digests: Sequence[bytes]) -> ApiKey | None:
    """The key that is stored under one of some hashes."""
    for digest in digests:
        found = await services.ledger.key_of(digest)
        if found is not None:
            return found
    return None


def holder_of(key: ApiKey) -> Principal:
    """Who asks with a key."""
    return Principal(
        tenant_id=key.tenant_id,
        key_id=key.id,
        name=key.name,
        scope=key.scope,
        parent_id=key.parent_id,
        role=key.role,
        holder=key.holder,
        expires_at=key.expires_at,
    )


async def is_good(services: Services, key_id: str) -> bool:
    """Whether a key, by its id, is neither revoked nor expired, and its account not deleted."""
    async with services.ledger.reading() as unit:
        found = await unit.keys.by_id(key_id)
    return found is not None and found.is_good(services.clock.now())


async def lost_standing(services: Services, key: str, opened: Principal) -> CallwrightError | None:
    """Why a request that ``key`` opened as ``opened`` may not stay open: UnknownKeyError when the key was revoked or has expired,
    NotAllowedError when it may do something else now. None while it may. Raises UnavailableError when nobody can tell."""
    found = await _stored(services, [digest_of(key, secret) for secret in services.key_secrets()])
    if found is None or found.revoked_at is not None:
        return UnknownKeyError("the key this was opened with was revoked")
    if found.expires_at is not None and found.expires_at <= services.clock.now():
        return UnknownKeyError("the key this was opened with has expired")
    if rights_of(holder_of(found)) != rights_of(opened):
        return NotAllowedError("what the key this was opened with may do has changed; ask again")
    return None


def rights_of(principal: Principal) -> tuple[str, ...]:
    """What a request may do, to compare it with what it may do later."""
    return (principal.organisation_id, principal.tenant_id, principal.scope, principal.role, principal.holder)


@dataclass(frozen=True, slots=True)
class Account:
    """A tenant, its organisation (itself, but for a sub-account) and how many of its calls are live; of an organisation, those of its
    sub-accounts too. ``available_nano``: what the organisation's wallet has for further calls; 0 where it is off."""

    tenant: Tenant
    organisation: Tenant
    live_calls: int
    available_nano: int


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
        wallet = await unit.wallets.get(organisation.id)
        on = wallet is not None and wallet.enabled
        balances = await unit.wallets.balances(organisation.id) if on else {}
        return Account(tenant, organisation, live, balances.get(AVAILABLE, 0))
