"""Port of storage: files of contacts in which callers are looked up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from callwright.domain.contacts import ContactFile, Contacts


class ContactFiles(Protocol):
    """Files of contacts in which callers are looked up."""

    async def put(self, file: ContactFile, contacts: Contacts) -> bool:
        """Write a file with all its contacts, in place of the one of that name. True when it is new."""
        ...

    async def get(self, tenant_id: str, name: str) -> ContactFile | None:
        """One file of the tenant, or None."""

    async def all(self, tenant_id: str) -> list[ContactFile]:
        """All files of the tenant by name."""
        ...

    async def delete(self, tenant_id: str, name: str) -> bool:
        """Forget a file. False when there is none."""
        ...

    async def find(self, tenant_id: str, name: str, contact_number: str) -> Mapping[str, str] | None:
        """What a file says of a number, or None."""
