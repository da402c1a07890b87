"""Organisations and their sub-accounts, and taking away everything that belonged to one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from callwright.platform.accounts.rules import Tenant

_COLUMNS = "id, name, email, max_concurrency, created_at, parent_id, min_concurrency, updated_at, deleted_at"
_BUSY = "phase in ('admitted', 'claimed', 'dialling', 'live')"

#: What outlives a sub-account: what was done and what it cost, and which numbers were dialled. The organisation counts those until
#: housekeeping deletes them; its other decisions go with its executions.
_KEPT = ("tenant", "audit", "usage_entry", "usage_quarter", "dial_decision")

#: Tables of uploaded files, and the size of one. Sizes of values that lie outside of their row are read without them.
_UPLOADS = {
    "knowledge_base": "octet_length(u.content)",
    "own_track": "octet_length(u.pcm)",
    "violation": "octet_length(u.content)",
    "contact_file": "u.bytes",
}


class AccountRows:
    """Organisations and their sub-accounts."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def tenant(self, tenant_id: str) -> Tenant | None:
        """An organisation or a sub-account, a deleted one too."""
        row = await self._connection.fetchrow(f"select {_COLUMNS} from tenant where id = $1", tenant_id)
        return Tenant(**row) if row else None

    async def lines(self, tenant_id: str) -> tuple[frozenset[str], Sequence[bool]]:
        """What the organisation of an account has for its lines: the names of its provider keys in capitals, and of each of its SIP trunks
        whether it is active."""
        row = await self._connection.fetchrow(
            "select array(select upper(name) from provider_key where tenant_id = o.id) as keys,"
            " array(select is_active from sip_trunk where tenant_id = o.id) as trunks"
            " from (select coalesce((select parent_id from tenant where id = $1), $1) as id) o",
            tenant_id,
        )
        return frozenset(row["keys"]), row["trunks"]

    async def lock_organisation(self, tenant_id: str) -> Tenant | None:
        """The organisation, locked until the unit ends, so that the numbers of its sub-accounts are changed one after the other."""
        row = await self._connection.fetchrow(
            f"select {_COLUMNS} from tenant where id = $1 and parent_id is null for no key update", tenant_id
        )
        return Tenant(**row) if row else None

    async def organisations(self) -> list[Tenant]:
        """All organisations, oldest first: for the operator, never for a request."""
        rows = await self._connection.fetch(
            f"select {_COLUMNS} from tenant where parent_id is null order by created_at, id"
        )
        return [Tenant(**row) for row in rows]

    async def insert(self, tenant: Tenant) -> None:
        """A new organisation or sub-account."""
        await self._connection.execute(
            f"insert into tenant ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, null)",
            tenant.id,
            tenant.name,
            tenant.email,
            tenant.max_concurrency,
            tenant.created_at,
            tenant.parent_id,
            tenant.min_concurrency,
            tenant.updated_at or tenant.created_at,
        )

    async def sub_accounts(self, organisation_id: str, *, deleted: bool = False) -> list[Tenant]:
        """The organisation's sub-accounts, newest first; those that are deleted only if asked for."""
        rows = await self._connection.fetch(
            f"select {_COLUMNS} from tenant where parent_id = $1 and ($2 or deleted_at is null) order by created_at desc, id desc",
            organisation_id,
            deleted,
        )
        return [Tenant(**row) for row in rows]

    async def sub_account(self, organisation_id: str, tenant_id: str, *, deleted: bool = False) -> Tenant | None:
        """One of the organisation's sub-accounts, or None; one that is deleted only if asked for."""
        row = await self._connection.fetchrow(
            f"select {_COLUMNS} from tenant where parent_id = $1 and id = $2 and ($3 or deleted_at is null)",
            organisation_id,
            tenant_id,
            deleted,
        )
        return Tenant(**row) if row else None

    async def update(self, tenant: Tenant) -> None:
        """Write name, email and places."""
        await self._connection.execute(
            "update tenant set name = $2, email = $3, min_concurrency = $4, max_concurrency = $5, updated_at = now() where id = $1",
            tenant.id,
            tenant.name,
            tenant.email,
            tenant.min_concurrency,
            tenant.max_concurrency,
        )

    async def delete(self, tenant_id: str) -> None:
        """Mark a sub-account as deleted: it takes no calls. Its keys are revoked with ``keys.revoke_all``."""
        await self._connection.execute(
            "update tenant set deleted_at = now(), updated_at = now(), min_concurrency = 0, max_concurrency = 0"
            " where id = $1 and parent_id is not null",
            tenant_id,
        )

    async def live_calls(self, organisation_id: str) -> int:
        """Calls of the organisation and all of its sub-accounts in phases admitted to live."""
        return int(
            await self._connection.fetchval(
                f"select count(*) from execution where {_BUSY}"
                " and tenant_id in (select id from tenant where id = $1 or parent_id = $1)",
                organisation_id,
            )
        )

    async def lock_uploads(self, organisation_id: str) -> None:
        """Wait for other units of the organisation that have written a file, and let later ones wait, until the unit ends."""
        await self._connection.execute(
            "select pg_advisory_xact_lock(hashtextextended('uploads ' || $1, 0))", organisation_id
        )

    async def uploaded_bytes(self, organisation_id: str) -> int:
        """Bytes of the files that an organisation and its sub-accounts have uploaded and not deleted."""
        parts = " + ".join(
            f"(select coalesce(sum({size}), 0) from {table} u join account a on u.tenant_id = a.id)"
            for table, size in _UPLOADS.items()
        )
        return int(
            await self._connection.fetchval(
                f"with account as (select id from tenant where id = $1 or parent_id = $1) select {parts}",
                organisation_id,
            )
        )

    async def unfinished(self, tenant_id: str, count: int) -> list[str]:
        """Ids of up to ``count`` executions that are not done, those that wait first."""
        rows = await self._connection.fetch(
            "select id from execution where tenant_id = $1 and phase <> 'done' order by phase <> 'waiting', id limit $2",
            tenant_id,
            count,
        )
        return [str(row["id"]) for row in rows]

    async def some_executions(self, tenant_id: str, count: int) -> list[str]:
        """Ids of up to ``count`` executions of the tenant."""
        rows = await self._connection.fetch("select id from execution where tenant_id = $1 limit $2", tenant_id, count)
        return [str(row["id"]) for row in rows]

    async def purge(self, tenant_id: str) -> None:
        """Delete every row of a deleted sub-account, in every table that has a ``tenant_id``, whatever tables there are, but for what
        outlives it (its own row, the audit trail, its usage, the numbers it dialled). Its executions are deleted before, with
        ``executions.delete``."""
        for table in await self._tables():
            await self._connection.execute(f'delete from "{table}" where tenant_id = $1', tenant_id)

    async def _tables(self) -> list[str]:
        """Tables of tenants' rows, those that refer to others before those they refer to."""
        names = {
            str(row["table_name"])
            for row in await self._connection.fetch(
                "select table_name from information_schema.columns c join information_schema.tables t using (table_schema, table_name)"
                " where table_schema = current_schema() and column_name = 'tenant_id' and table_type = 'BASE TABLE'"
            )
        } - set(_KEPT)
        references = await self._connection.fetch(
            "select distinct conrelid::regclass::text as child, confrelid::regclass::text as parent from pg_constraint"
            " where contype = 'f' and conrelid <> confrelid"
        )
        return children_first(
            sorted(names),
            [(row["child"], row["parent"]) for row in references if {row["child"], row["parent"]} <= names],
        )


def children_first(names: Sequence[str], references: Sequence[tuple[str, str]]) -> list[str]:
    """``names`` so that each comes before those it refers to; what refers in a circle comes last, in the order given."""
    left = list(names)
    ordered: list[str] = []
    while left:
        free = [name for name in left if not any(parent == name and child in left for child, parent in references)]
        if not free:
            return [*ordered, *left]
        ordered += free
        left = [name for name in left if name not in free]
    return ordered
