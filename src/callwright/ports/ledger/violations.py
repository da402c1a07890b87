"""Port of storage: complaints about calls."""

from __future__ import annotations

from typing import Protocol

from callwright.domain.violation import Violation


class Violations(Protocol):
    """Complaints about calls, and the accounts' answers."""

    async def insert(self, violation: Violation) -> None:
        """A new one."""

    async def get(self, tenant_id: str, violation_id: str) -> Violation | None:
        """One of the account, or None. It is locked until the unit ends."""

    async def get_any(self, violation_id: str) -> Violation | None:
        """One whoever it is put before: for the operator, never for a request. It is locked until the unit ends."""

    async def page(self, tenant_id: str, status: str, number: int, size: int) -> tuple[list[Violation], int]:
        """Page ``number`` (from 1) of the account's, newest first, and how many there are; an empty status is any."""
        ...

    async def update(self, violation: Violation, content: bytes | None = None) -> None:
        """Write its status, and the file that answers it where one is given."""

    async def content(self, tenant_id: str, violation_id: str) -> bytes | None:
        """The file that answers it, or None."""
