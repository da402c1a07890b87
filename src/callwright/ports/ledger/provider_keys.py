"""Port of storage: tenants' credentials with providers, sealed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from callwright.domain.provider_key import ProviderKey
from callwright.domain.sealing import WrappedKey
from callwright.ports.ledger.imported_voices import ImportedVoices


class ProviderKeys(Protocol):
    """Tenants' credentials with providers, sealed, and the data keys they are sealed under. Names differ in more than capitals."""

    @property
    def voices(self) -> ImportedVoices:
        """The voices that organisations imported with their keys."""
        ...

    async def put(self, key: ProviderKey) -> ProviderKey | None:
        """A new key, or another value under a name there is: that one keeps its id and time of creation. Returns the one before."""

    async def get(self, tenant_id: str, name: str) -> ProviderKey | None:
        """One key of the tenant, or None."""

    async def all(self, tenant_id: str) -> list[ProviderKey]:
        """The tenant's keys, newest first."""
        ...

    async def of_organisation(self, tenant_id: str, names: Sequence[str]) -> Mapping[str, ProviderKey]:
        """Those of ``names`` (in capitals) that a tenant's organisation has a key of, by name."""
        ...

    async def delete(self, tenant_id: str, name: str) -> bool:
        """Forget a key. False when there is none."""
        ...

    async def data_key(self, tenant_id: str) -> WrappedKey | None:
        """The tenant's data key, or None before its first secret."""

    async def stored_names(self) -> frozenset[str]:
        """The names, in capitals, of which any tenant has a key."""
        ...

    async def lock_data_keys(self) -> None:
        """Nobody else makes or wraps data keys until the unit ends."""

    async def data_keys(self) -> list[WrappedKey]:
        """Every data key, of all tenants: for the platform's own work, never for a request."""
        ...

    async def put_data_key(self, data_key: WrappedKey) -> None:
        """A tenant's data key, new or wrapped anew."""
