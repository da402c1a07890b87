"""Provider keys and the data keys they are sealed under. Nothing here can open them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from callwright.platform.provider_keys.rules.provider_key import ProviderKey
from callwright.platform.provider_keys.rules.sealing import WrappedKey
from callwright.platform.voices.rows import ImportedVoiceRows

_COLUMNS = "id, tenant_id, name, hint, sealed, created_at, updated_at"
_DATA_KEYS_LOCK = 0x6364_6B65


class ProviderKeyRows:
    """Tenants' credentials with providers, sealed, and the data keys they are sealed under. Names differ in more than capitals."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.voices = ImportedVoiceRows(connection)

    async def put(self, key: ProviderKey) -> ProviderKey | None:
        """A new key, or another value under a name there is: that one keeps its id and time of creation. Returns the one before."""
        before = await self.get(key.tenant_id, key.name)
        await self._connection.execute(
            f"insert into provider_key ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7) on conflict (tenant_id, upper(name)) do update"
            " set name = excluded.name, hint = excluded.hint, sealed = excluded.sealed,"
            " updated_at = greatest(excluded.updated_at, provider_key.created_at)",
            key.id,
            key.tenant_id,
            key.name,
            key.hint,
            key.sealed,
            key.created_at,
            key.updated_at,
        )
        return before

    async def get(self, tenant_id: str, name: str) -> ProviderKey | None:
        """One key of the tenant, or None."""
        row = await self._connection.fetchrow(
            f"select {_COLUMNS} from provider_key where tenant_id = $1 and upper(name) = upper($2)", tenant_id, name
        )
        return ProviderKey(**row) if row else None

    async def all(self, tenant_id: str) -> list[ProviderKey]:
        """The tenant's keys, newest first."""
        rows = await self._connection.fetch(
            f"select {_COLUMNS} from provider_key where tenant_id = $1 order by created_at desc, id desc", tenant_id
        )
        return [ProviderKey(**row) for row in rows]

    async def of_organisation(self, tenant_id: str, names: Sequence[str]) -> Mapping[str, ProviderKey]:
        """Those of ``names`` (in capitals) that a tenant's organisation has a key of, by name."""
        rows = await self._connection.fetch(
            f"select {_COLUMNS} from provider_key where upper(name) = any ($2)"
            " and tenant_id = coalesce((select parent_id from tenant where id = $1), $1)",
            tenant_id,
            list(names),
        )
        return {row["name"].upper(): ProviderKey(**row) for row in rows}

    async def delete(self, tenant_id: str, name: str) -> bool:
        """Forget a key. False when there is none."""
        gone = await self._connection.fetchval(
            "delete from provider_key where tenant_id = $1 and upper(name) = upper($2) returning true", tenant_id, name
        )
        return bool(gone)

    async def data_key(self, tenant_id: str) -> WrappedKey | None:
        """The tenant's data key, or None before its first secret."""
        row = await self._connection.fetchrow(
            "select tenant_id, master, wrapped from data_key where tenant_id = $1", tenant_id
        )
        return WrappedKey(**row) if row else None

    async def stored_names(self) -> frozenset[str]:
        """The names, in capitals, of which any tenant has a key."""
        rows = await self._connection.fetch("select distinct upper(name) as name from provider_key")
        return frozenset(row["name"] for row in rows)

    async def lock_data_keys(self) -> None:
        """Nobody else makes or wraps data keys until the unit ends."""
        await self._connection.execute("select pg_advisory_xact_lock($1)", _DATA_KEYS_LOCK)

    async def data_keys(self) -> list[WrappedKey]:
        """Every data key, of all tenants: for the platform's own work, never for a request."""
        rows = await self._connection.fetch("select tenant_id, master, wrapped from data_key order by tenant_id")
        return [WrappedKey(**row) for row in rows]

    async def put_data_key(self, data_key: WrappedKey) -> None:
        """A tenant's data key, new or wrapped anew."""
        await self._connection.execute(
            "insert into data_key (tenant_id, master, wrapped) values ($1, $2, $3)"
            " on conflict (tenant_id) do update set master = excluded.master, wrapped = excluded.wrapped",
            data_key.tenant_id,
            data_key.master,
            data_key.wrapped,
        )
