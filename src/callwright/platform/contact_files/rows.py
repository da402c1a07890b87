"""Files of contacts in which callers are looked up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callwright.platform.contact_files.rules import ContactFile, Contacts

_COLUMNS = "name, tenant_id, columns, contacts, created_at, updated_at, bytes"


class ContactRows:
    """Files of contacts in which callers are looked up."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def put(self, file: ContactFile, contacts: Contacts) -> bool:
        """Write a file with all its contacts, in place of the one of that name. True when it is new."""
        is_new = await self._connection.fetchval(
            f"insert into contact_file as f ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7) on conflict (tenant_id, name) do update"
            " set columns = excluded.columns, contacts = excluded.contacts, updated_at = excluded.updated_at, bytes = excluded.bytes"
            " returning xmax = 0",
            file.name,
            file.tenant_id,
            list(file.columns),
            file.contacts,
            file.created_at,
            file.updated_at,
            file.bytes,
        )
        if not is_new:
            await self._connection.execute(
                "delete from contact where tenant_id = $1 and file = $2", file.tenant_id, file.name
            )
        await self._connection.copy_records_to_table(
            "contact",
            columns=("tenant_id", "file", "contact_number", "data"),
            records=((file.tenant_id, file.name, number, data) for number, data in contacts.by_number.items()),
        )
        return bool(is_new)

    async def get(self, tenant_id: str, name: str) -> ContactFile | None:
        """One file of the tenant, or None."""
        row = await self._connection.fetchrow(
            f"select {_COLUMNS} from contact_file where tenant_id = $1 and name = $2", tenant_id, name
        )
        return _file(row) if row else None

    async def all(self, tenant_id: str) -> list[ContactFile]:
        """All files of the tenant by name."""
        rows = await self._connection.fetch(
            f"select {_COLUMNS} from contact_file where tenant_id = $1 order by name", tenant_id
        )
        return [_file(row) for row in rows]

    async def delete(self, tenant_id: str, name: str) -> bool:
        """Forget a file. False when there is none."""
        gone = await self._connection.fetchval(
            "delete from contact_file where tenant_id = $1 and name = $2 returning true", tenant_id, name
        )
        return bool(gone)

    async def find(self, tenant_id: str, name: str, contact_number: str) -> Mapping[str, str] | None:
        """What a file says of a number, or None."""
        found: Mapping[str, str] | None = await self._connection.fetchval(
            "select data from contact where tenant_id = $1 and file = $2 and contact_number = $3",
            tenant_id,
            name,
            contact_number,
        )
        return found


def _file(row: Any) -> ContactFile:
    return ContactFile(**{**row, "columns": tuple(row["columns"])})
