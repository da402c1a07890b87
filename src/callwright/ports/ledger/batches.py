"""Port of storage: batches together with their contacts and webhooks."""

from __future__ import annotations

from typing import Protocol

from callwright.ports.batches import BatchContacts, Batches, RefusedRows
from callwright.ports.ledger.outbox import Outbox


class BatchLedger(Batches, Protocol):
    """Batches, and what belongs to them."""

    @property
    def contacts(self) -> BatchContacts:
        """Contacts that wait."""
        ...

    @property
    def refused(self) -> RefusedRows:
        """Rows of lists that are not called."""
        ...

    @property
    def outbox(self) -> Outbox:
        """Webhooks of batches; ``execution_id`` of an entry is the batch's id."""
        ...
