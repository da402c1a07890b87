"""API keys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from callwright.domain.limits import MAX_LISTED_KEYS
from callwright.platform.accounts.rules import ApiKey
from callwright.platform.sessions.rows import SessionRows

_COLUMNS = (
    "id, tenant_id, name, digest, last4, scope, created_at, expires_at, revoked_at, role, holder, derived, used_at"
)

_WITH_ACCOUNT = (
    f"select k.*, t.parent_id from (select {_COLUMNS} from api_key) k join tenant t on t.id = k.tenant_id"
    " where (t.id = $1 or t.parent_id = $1) and t.deleted_at is null"
)


class KeyRows:
    """API keys."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.sessions = SessionRows(connection)
        self.changed = False
        """Whether this unit revoked keys or changed what they may do."""

    async def insert(self, key: ApiKey) -> None:
        """A new key. ConflictError when one with this hash exists."""
        await self._connection.execute(
            f"insert into api_key ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            key.id,
            key.tenant_id,
            key.name,
            key.digest,
            key.last4,
            key.scope,
            key.created_at,
            key.expires_at,
            key.revoked_at,
            key.role,
            key.holder,
            key.derived,
            key.used_at,
        )

    async def by_digest(self, digest: bytes) -> ApiKey | None:
        """The key with that keyed hash, revoked and expired ones included, those of a deleted sub-account not."""
        return await self._one("digest", digest)

    async def by_id(self, key_id: str) -> ApiKey | None:
        """The key with that id, revoked and expired ones included, those of a deleted sub-account not."""
        return await self._one("id", key_id)

    async def _one(self, column: str, value: str | bytes) -> ApiKey | None:
        row = await self._connection.fetchrow(
            f"select {_COLUMNS}, (select parent_id from tenant t where t.id = tenant_id) as parent_id"
            f" from api_key where {column} = $1 and (select deleted_at from tenant t where t.id = tenant_id) is null",
            value,
        )
        return ApiKey(**row) if row else None

    async def all(self, tenant_id: str) -> list[ApiKey]:
        """The tenant's keys, newest first."""
        rows = await self._connection.fetch(
            f"select {_COLUMNS} from api_key where tenant_id = $1 order by created_at desc, id desc", tenant_id
        )
        return [ApiKey(**row) for row in rows]

    async def lock_good(self, key_id: str) -> bool:
        """Whether a key is not revoked; nobody revokes it until the unit ends. True for an id that is no key's (the operator's)."""
        revoked = await self._connection.fetchval(
            "select revoked_at is not null from api_key where id = $1 for share", key_id
        )
        return not revoked

    async def rehash(self, key_id: str, digest: bytes) -> None:
        """Store a key under another keyed hash."""
        await self._connection.execute("update api_key set digest = $2 where id = $1", key_id, digest)

    async def revoke(self, tenant_id: str, key_id: str, at: datetime) -> bool:
        """Revoke a key; one that was revoked before keeps its first time. False when there is none."""
        self.changed = True
        found = await self._connection.fetchval(
            "update api_key set revoked_at = coalesce(revoked_at, $3) where tenant_id = $1 and id = $2 returning true",
            tenant_id,
            key_id,
            at,
        )
        return bool(found)

    async def revoke_all(self, tenant_id: str) -> None:
        """Revoke all keys of a tenant."""
        self.changed = True
        await self._connection.execute(
            "update api_key set revoked_at = coalesce(revoked_at, greatest(now(), created_at)) where tenant_id = $1",
            tenant_id,
        )

    async def of_organisation(self, organisation_id: str) -> list[ApiKey]:
        """The newest MAX_LISTED_KEYS keys of the organisation and of its sub-accounts that are not deleted, newest first."""
        rows = await self._connection.fetch(
            f"{_WITH_ACCOUNT} order by k.created_at desc, k.id desc limit {MAX_LISTED_KEYS}", organisation_id
        )
        return [ApiKey(**row) for row in rows]

    async def one_of_organisation(self, organisation_id: str, key_id: str) -> ApiKey | None:
        """One of them, or None."""
        row = await self._connection.fetchrow(f"{_WITH_ACCOUNT} and k.id = $2", organisation_id, key_id)
        return ApiKey(**row) if row else None

    async def newest_of_sub_accounts(self, organisation_id: str, now: datetime) -> dict[str, ApiKey]:
        """Of each sub-account the newest key that is neither revoked nor expired, by the sub-account's id."""
        rows = await self._connection.fetch(
            f"select distinct on (tenant_id) * from ({_WITH_ACCOUNT}) k where parent_id is not null and revoked_at is null"
            " and (expires_at is null or expires_at > $2) order by tenant_id, created_at desc, id desc",
            organisation_id,
            now,
        )
        return {row["tenant_id"]: ApiKey(**row) for row in rows}

    async def count(self, tenant_id: str) -> int:
        """How many keys of the tenant are not revoked."""
        counted = await self._connection.fetchval(
            "select count(*) from api_key where tenant_id = $1 and revoked_at is null", tenant_id
        )
        return int(counted)

    async def used(self, times: Mapping[str, datetime]) -> None:
        """Write when keys were last used; a time that is there and later stays."""
        await self._connection.execute(
            "update api_key k set used_at = greatest(k.used_at, u.at)"
            " from unnest($1::text[], $2::timestamptz[]) as u (id, at) where k.id = u.id",
            list(times),
            list(times.values()),
        )
