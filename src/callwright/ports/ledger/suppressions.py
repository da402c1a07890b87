"""Port of storage: numbers that a tenant does not call any more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from callwright.domain.suppression import Suppression


class Suppressions(Protocol):
    """Numbers that a tenant does not call any more. That none of them is dialled is a rule of the storage: a new outbound execution to
    one, and the step to ``dialling``, raise SuppressedError. An address is found however it is spelt (``domain.dialled``). Each tenant has
    a list of its own; an organisation's binds its sub-accounts too."""

    async def add(self, suppression: Suppression) -> tuple[Suppression, bool]:
        """Put a number on the list; the one that is there stays as it is, also where this is another spelling of it. Returns it, and
        whether it is new. Waits for calls to it that are about to be dialled."""
        ...

    async def get(self, tenant_id: str, number: str) -> Suppression | None:
        """The number's entry in the tenant's own list, or None."""
        ...

    async def binding(self, tenant_id: str, number: str) -> Suppression | None:
        """The entry that forbids the tenant to call the number: its own, else its organisation's; or None."""
        ...

    async def among(self, tenant_id: str, numbers: Sequence[str]) -> set[str]:
        """Those of ``numbers`` that the tenant may not call, as they were given."""
        ...

    async def page(self, tenant_id: str, number: int, size: int) -> tuple[list[Suppression], int]:
        """Page ``number`` (from 1) of the list, newest first, and how many there are."""
        ...

    async def annotate(self, tenant_id: str, number: str, note: str) -> list[Suppression]:
        """Give every row of the number's address another note: a SIP address is one with the number that is its user. Returns the rows
        that had another one, as they were."""
        ...

    async def delete(self, tenant_id: str, number: str) -> list[Suppression]:
        """Take a number off the list, every row of its address. Returns the rows that are gone; none when it is not there."""
        ...
