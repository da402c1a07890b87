"""SIP trunks."""

from __future__ import annotations

from typing import Any

from callwright.platform.sip_trunks.rules import SipTrunk

_COLUMNS = "id, tenant_id, body, is_active, created_at, updated_at, sealed"
_SELECT_ONE = f"select {_COLUMNS} from sip_trunk where tenant_id = $1 and id = $2"
_OF_TRUNK = ", ".join(f"t.{name}" for name in _COLUMNS.split(", "))


class TrunkRows:
    """SIP trunks. A name is there once for a tenant."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def add(self, trunk: SipTrunk) -> None:
        """A new trunk. ConflictError when the tenant has one of that name."""
        await self._connection.execute(
            f"insert into sip_trunk ({_COLUMNS}, name, inbound, networks)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text[]::cidr[])",
            *_values(trunk),
        )

    async def get(self, tenant_id: str, trunk_id: str) -> SipTrunk | None:
        """One trunk of the tenant, or None."""
        row = await self._connection.fetchrow(_SELECT_ONE, tenant_id, trunk_id)
        return SipTrunk(**row) if row else None

    async def lock(self, tenant_id: str, trunk_id: str) -> SipTrunk | None:
        """One trunk, locked until the unit ends, so that what is written anew is what was read; or None."""
        row = await self._connection.fetchrow(f"{_SELECT_ONE} for update", tenant_id, trunk_id)
        return SipTrunk(**row) if row else None

    async def all(self, tenant_id: str) -> list[SipTrunk]:
        """All trunks of the tenant, newest first."""
        rows = await self._connection.fetch(
            f"select {_COLUMNS} from sip_trunk where tenant_id = $1 order by created_at desc, id", tenant_id
        )
        return [SipTrunk(**row) for row in rows]

    async def of_number(self, tenant_id: str, dialled: str) -> SipTrunk | None:
        """The active trunk of the tenant that has a number, or None."""
        row = await self._connection.fetchrow(
            f"select {_OF_TRUNK} from sip_trunk t join phone_number n on n.tenant_id = t.tenant_id and n.trunk_id = t.id"
            " where t.tenant_id = $1 and n.dialled = $2 and t.is_active",
            tenant_id,
            dialled,
        )
        return SipTrunk(**row) if row else None

    async def active(self, most: int) -> list[SipTrunk]:
        """Active trunks of every tenant, the oldest first. For the upkeep of trunks, never for a request."""
        rows = await self._connection.fetch(
            f"select {_COLUMNS} from sip_trunk where is_active order by created_at, id limit $1", most
        )
        return [SipTrunk(**row) for row in rows]

    async def change(self, trunk: SipTrunk) -> bool:
        """Write a trunk anew. False when the tenant has no such trunk, ConflictError when it has another one of that name."""
        changed = await self._connection.fetchval(
            "update sip_trunk set body = $3, is_active = $4, updated_at = greatest($6, $5, created_at), sealed = $7, name = $8,"
            " inbound = $9, networks = $10::text[]::cidr[] where id = $1 and tenant_id = $2 returning true",
            *_values(trunk),
        )
        return bool(changed)

    async def delete(self, tenant_id: str, trunk_id: str) -> int | None:
        """Forget a trunk with its numbers; how many there were. None when there is no such trunk."""
        numbers = await self._connection.fetchval(
            "select count(*) from phone_number where tenant_id = $1 and trunk_id = $2", tenant_id, trunk_id
        )
        gone = await self._connection.fetchval(
            "delete from sip_trunk where tenant_id = $1 and id = $2 returning true", tenant_id, trunk_id
        )
        return int(numbers) if gone else None


def _values(trunk: SipTrunk) -> tuple[Any, ...]:
    settings = trunk.settings
    return (
        trunk.id,
        trunk.tenant_id,
        dict(trunk.body),
        trunk.is_active,
        trunk.created_at,
        trunk.updated_at,
        trunk.sealed,
        settings.name,
        settings.inbound_enabled,
        list(settings.networks),
    )
