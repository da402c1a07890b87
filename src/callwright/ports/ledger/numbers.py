"""Port of storage: everything under which agents are called."""

from __future__ import annotations

from typing import Protocol

from callwright.domain.phone_number import OwnedNumber, PhoneNumber


class Numbers(Protocol):
    """Everything under which agents are called, extensions included: what a call that comes in is looked up in. A number of a trunk or a
    carrier is there once for a tenant. One that is only ordered at a carrier (``domain.phone_number.ORDER``) is no number yet: only
    ``of_carriers`` and ``find`` know it."""

    async def add(self, number: PhoneNumber) -> None:
        """A new number. ConflictError when the tenant has it already."""

    async def move(self, before: PhoneNumber, after: PhoneNumber) -> bool:
        """Let a trunk take over a number of a carrier, or the other way round; who answers it stays. False when ``before`` is not, or not
        any more, what the ledger has."""
        ...

    async def add_seen(self, number: PhoneNumber) -> bool:
        """A number that was seen at a carrier. False when the tenant has it already."""
        ...

    async def get(self, tenant_id: str, number_id: str) -> PhoneNumber | None:
        """One number of the tenant, or None."""

    async def all(self, tenant_id: str) -> list[PhoneNumber]:
        """All numbers of the tenant, newest first."""
        ...

    async def of_carriers(self, tenant_id: str) -> list[PhoneNumber]:
        """All numbers of carriers of the tenant, those that are only ordered as well."""
        ...

    async def find(self, tenant_id: str, dialled: str) -> PhoneNumber | None:
        """The tenant's number of a trunk or carrier that is found by ``dialled``, also one that is only ordered."""
        ...

    async def order(self, before: PhoneNumber, after: PhoneNumber) -> bool:
        """Write the details of a number that is only ordered. False when it is not any more, or was written after ``before`` was read."""
        ...

    async def settle(self, number: PhoneNumber) -> bool:
        """Write the details of a number that was only ordered and is had now, whoever wrote the order last. False when it is not only
        ordered, or not any more."""
        ...

    async def drop_order(self, order: PhoneNumber) -> bool:
        """Forget a number that is only ordered. False when it is not any more, or was written after ``order`` was read."""
        ...

    async def has(self, tenant_id: str, dialled: str) -> bool:
        """Whether the tenant has a number that is found by ``dialled`` (``domain.phone_number.dialled_form``)."""
        ...

    async def link(self, number: PhoneNumber) -> bool:
        """Write who answers a number and its details. False when the tenant has no such number of that kind, NotFoundError without such
        an agent."""
        ...

    async def delete(self, tenant_id: str, number_id: str) -> bool:
        """Forget a number. False when there is none."""
        ...

    async def called(self, dialled: str, source: str = "") -> PhoneNumber | None:
        """What is called so from the IP address ``source`` (empty: it is not known): a number of an active trunk whose calls come from
        there, of its owner where it has one, else an extension. For calls that come in, never for a request."""

    async def called_over(self, trunk_id: str, dialled: str) -> PhoneNumber | None:
        """The number of an active trunk for incoming calls that is called so over its registration. A trunk with one number is called there
        whatever was dialled."""

    async def called_at(self, carrier: str, dialled: str) -> PhoneNumber | None:
        """The number of a carrier that is called so, of its owner where it has one, else the older entry. For calls that come in, never for
        a request."""

    async def owner(self, dialled: str) -> str | None:
        """The organisation to which a number belongs, None for nobody."""

    async def own(self, number: OwnedNumber) -> str:
        """Let a number belong to an organisation, unless it belongs to one already; returns to which it belongs."""
        ...

    async def disown(self, number: str) -> str | None:
        """Let a number belong to nobody; returns to whom it belonged, None for nobody."""

    async def owned(self) -> list[OwnedNumber]:
        """Every number that belongs to somebody, of all organisations: for the operator, never for a request."""
        ...
