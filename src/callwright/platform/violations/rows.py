"""Violations, with the files that answer them."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from callwright.platform.violations.rules import Violation

_NAMES = tuple(field.name for field in fields(Violation))
_COLUMNS = ", ".join(_NAMES)
_PLACES = ", ".join(f"${number}" for number in range(1, len(_NAMES) + 1))


class ViolationRows:
    """Complaints about calls, and the accounts' answers."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def insert(self, violation: Violation) -> None:
        """A new one."""
        await self._connection.execute(
            f"insert into violation ({_COLUMNS}) values ({_PLACES})", *(getattr(violation, name) for name in _NAMES)
        )

    async def get(self, tenant_id: str, violation_id: str) -> Violation | None:
        """One of the account, or None. It is locked until the unit ends."""
        row = await self._connection.fetchrow(
            f"select {_COLUMNS} from violation where tenant_id = $1 and id = $2 for update", tenant_id, violation_id
        )
        return Violation(**row) if row else None

    async def get_any(self, violation_id: str) -> Violation | None:
        """One whoever it is put before: for the operator, never for a request. It is locked until the unit ends."""
        row = await self._connection.fetchrow(
            f"select {_COLUMNS} from violation where id = $1 for update", violation_id
        )
        return Violation(**row) if row else None

    async def page(self, tenant_id: str, status: str, number: int, size: int) -> tuple[list[Violation], int]:
        """Page ``number`` (from 1) of the account's, newest first, and how many there are; an empty status is any."""
        narrow = "tenant_id = $1 and ($2 = '' or status = $2)"
        total = await self._connection.fetchval(f"select count(*) from violation where {narrow}", tenant_id, status)
        rows = await self._connection.fetch(
            f"select {_COLUMNS} from violation where {narrow} order by created_at desc, id desc limit $3 offset $4",
            tenant_id,
            status,
            size,
            (number - 1) * size,
        )
        return [Violation(**row) for row in rows], int(total)

    async def update(self, violation: Violation, content: bytes | None = None) -> None:
        """Write its status, and the file that answers it where one is given."""
        await self._connection.execute(
            "update violation set status = $2, updated_at = greatest($3, created_at), file_name = $4,"
            " content = coalesce($5, content) where id = $1",
            violation.id,
            violation.status,
            violation.updated_at,
            violation.file_name,
            content,
        )

    async def content(self, tenant_id: str, violation_id: str) -> bytes | None:
        """The file that answers it, or None."""
        found = await self._connection.fetchval(
            "select content from violation where tenant_id = $1 and id = $2", tenant_id, violation_id
        )
        return None if found is None else bytes(found)
