"""Port of storage: SIP trunks."""

from __future__ import annotations

from typing import Protocol

from callwright.domain.sip_trunk import SipTrunk


class Trunks(Protocol):
    """SIP trunks. A name is there once for a tenant."""

    async def add(self, trunk: SipTrunk) -> None:
        """A new trunk. ConflictError when the tenant has one of that name."""

    async def get(self, tenant_id: str, trunk_id: str) -> SipTrunk | None:
        """One trunk of the tenant, or None."""

    async def lock(self, tenant_id: str, trunk_id: str) -> SipTrunk | None:
        """One trunk, locked until the unit ends, or None."""

    async def all(self, tenant_id: str) -> list[SipTrunk]:
        """All trunks of the tenant, newest first."""
        ...

    async def of_number(self, tenant_id: str, dialled: str) -> SipTrunk | None:
        """The active trunk of the tenant that has a number, or None."""

    async def active(self, most: int) -> list[SipTrunk]:
        """Active trunks of every tenant, the oldest first. For the upkeep of trunks, never for a request."""
        ...

    async def change(self, trunk: SipTrunk) -> bool:
        """Write a trunk anew. False when the tenant has no such trunk, ConflictError when it has another one of that name."""
        ...

    async def delete(self, tenant_id: str, trunk_id: str) -> int | None:
        """Forget a trunk with its numbers; how many there were. None when there is no such trunk."""
