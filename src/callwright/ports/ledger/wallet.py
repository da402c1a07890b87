"""Port of storage: wallets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Protocol

from callwright.domain.execution import Execution
from callwright.domain.wallet import Attempted, Committed, Doubt, Entry, Wallet
from callwright.ports.ledger.prices import PriceRows


class Wallets(Protocol):
    """The ledgers of organisations. What an entry moves sums to zero, nothing in them is ever changed, and an attempt reserves once and is
    settled once: rules of the storage."""

    @property
    def prices(self) -> PriceRows:
        """Rows of the price book."""
        ...

    async def get(self, tenant_id: str) -> Wallet | None:
        """The wallet of a tenant's organisation; None where there never was one."""
        ...

    async def lock(self, tenant_id: str) -> Wallet | None:
        """The same, locked until the unit ends, so that reservations are decided one after the other."""
        ...

    async def put(self, organisation_id: str, *, enabled: bool | None = None) -> Wallet:
        """Make the organisation's wallet if it has none, switch it where ``enabled`` is given, and lock it."""
        ...

    async def committed(self, wallet: Wallet, execution: Execution, day: date) -> Committed:
        """What is available, and reserved or spent already, by all that a reservation of ``execution`` is measured by."""
        ...

    async def held(self, wallet: Wallet, execution: Execution, rule: str) -> int:
        """What calls under way have reserved of the sum that ``rule`` measures for ``execution``; 0 for a cap of one call."""
        ...

    async def add(self, organisation_id: str, entry: Entry) -> Entry:
        """Write an entry; returns it with its id and time. ConflictError for a second reservation or settlement of an attempt."""
        ...

    async def attempts(self, execution_id: str) -> list[Attempted]:
        """What the ledger has of the attempts of an execution that reserved money, the first one first."""
        ...

    async def balances(self, organisation_id: str) -> Mapping[str, int]:
        """Nano-cents by account; an account that nothing moved is missing."""
        ...

    async def entries(self, organisation_id: str, account_id: str | None, after: int, size: int) -> list[Entry]:
        """Up to ``size`` entries behind the id ``after``, oldest first; with ``account_id`` only those of its calls."""
        ...

    async def known(self) -> list[Wallet]:
        """All wallets: for the operator, never for a request."""
        ...

    async def contradictions(self, organisation_id: str) -> list[str]:
        """What in the ledger contradicts itself, a sentence each: entries that do not sum to zero, sums that are not those of the postings.
        Nothing, as long as the storage's rules hold."""
        ...

    async def doubtful(self, organisation_id: str) -> list[Doubt]:
        """Executions that reserve money, and those that are done and have spent another amount than they cost since."""
        ...
