"""Port of storage: API keys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from callwright.domain.tenant import ApiKey
from callwright.ports.ledger.sessions import Sessions


class Keys(Protocol):
    """API keys."""

    @property
    def sessions(self) -> Sessions:
        """Sessions of the dashboard, each of a key."""
        ...

    async def insert(self, key: ApiKey) -> None:
        """A new key."""

    async def by_digest(self, digest: bytes) -> ApiKey | None:
        """The key with that keyed hash, revoked and expired ones included, those of a deleted sub-account not."""

    async def by_id(self, key_id: str) -> ApiKey | None:
        """The key with that id, revoked and expired ones included, those of a deleted sub-account not."""

    async def all(self, tenant_id: str) -> list[ApiKey]:
        """The tenant's keys, newest first."""

    async def lock_good(self, key_id: str) -> bool:
        """Whether a key is not revoked; nobody revokes it until the unit ends. True for an id that is no key's (the operator's)."""
        ...

    async def rehash(self, key_id: str, digest: bytes) -> None:
        """Store a key under another keyed hash."""

    async def revoke(self, tenant_id: str, key_id: str, at: datetime) -> bool:
        """Revoke a key. False when there is none."""

    async def revoke_all(self, tenant_id: str) -> None:
        """Revoke all keys of a tenant."""

    async def of_organisation(self, organisation_id: str) -> list[ApiKey]:
        """The newest MAX_LISTED_KEYS keys of the organisation and of its sub-accounts that are not deleted, newest first."""
        ...

    async def one_of_organisation(self, organisation_id: str, key_id: str) -> ApiKey | None:
        """One of them, or None."""

    async def newest_of_sub_accounts(self, organisation_id: str, now: datetime) -> dict[str, ApiKey]:
        """Of each sub-account the newest key that is neither revoked nor expired, by the sub-account's id."""
        ...

    async def count(self, tenant_id: str) -> int:
        """How many keys of the tenant are not revoked."""
        ...

    async def used(self, times: Mapping[str, datetime]) -> None:
        """Write when keys were last used."""
