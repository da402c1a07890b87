"""Port of storage: organisations and their sub-accounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from callwright.domain.tenant import Tenant


class Accounts(Protocol):
    """Organisations and their sub-accounts."""

    async def tenant(self, tenant_id: str) -> Tenant | None:
        """An organisation or a sub-account, a deleted one too."""

    async def lines(self, tenant_id: str) -> tuple[frozenset[str], Sequence[bool]]:
        """What the organisation of an account has for its lines: the names of its provider keys in capitals, and of each of its SIP trunks
        whether it is active."""
        ...

    async def lock_organisation(self, tenant_id: str) -> Tenant | None:
        """The organisation, locked until the unit ends, so that the numbers of its sub-accounts are changed one after the other."""

    async def organisations(self) -> list[Tenant]:
        """All organisations, oldest first: for the operator, never for a request."""
        ...

    async def insert(self, tenant: Tenant) -> None:
        """A new organisation or sub-account."""

    async def sub_accounts(self, organisation_id: str, *, deleted: bool = False) -> list[Tenant]:
        """The organisation's sub-accounts, newest first; those that are deleted only if asked for."""
        ...

    async def sub_account(self, organisation_id: str, tenant_id: str, *, deleted: bool = False) -> Tenant | None:
        """One of the organisation's sub-accounts, or None; one that is deleted only if asked for."""

    async def update(self, tenant: Tenant) -> None:
        """Write name, email and places."""

    async def delete(self, tenant_id: str) -> None:
        """Mark a sub-account as deleted: it takes no calls. Its keys are revoked with ``Keys.revoke_all``."""

    async def live_calls(self, organisation_id: str) -> int:
        """Calls of the organisation and all of its sub-accounts in phases admitted to live."""
        ...

    async def lock_uploads(self, organisation_id: str) -> None:
        """Wait for other units of the organisation that have written a file, and let later ones wait, until the unit ends."""

    async def uploaded_bytes(self, organisation_id: str) -> int:
        """Bytes of the files that an organisation and its sub-accounts have uploaded and not deleted."""
        ...

    async def unfinished(self, tenant_id: str, count: int) -> list[str]:
        """Ids of up to ``count`` executions that are not done, those that wait first."""
        ...

    async def some_executions(self, tenant_id: str, count: int) -> list[str]:
        """Ids of up to ``count`` executions of the tenant."""
        ...

    async def purge(self, tenant_id: str) -> None:
        """Delete every row of a deleted sub-account, in every table that has a ``tenant_id``, but for its own, the audit trail, usage and
        the numbers it dialled. Its executions are deleted before."""
