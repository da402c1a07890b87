"""The unit of work: one transaction. This is the only place that commits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from callwright.domain.errors import UnavailableError
from callwright.storage import failures
from callwright.storage.accounts import AccountRows
from callwright.storage.agents import AgentRows
from callwright.storage.audit import AuditTrail
from callwright.storage.batches import BatchRows
from callwright.storage.contacts import ContactRows
from callwright.storage.custom_models import CustomModelRows
from callwright.storage.dispositions import DispositionRows
from callwright.storage.executions import ExecutionRows
from callwright.storage.extensions import ExtensionRows
from callwright.storage.idempotency import IdempotencyRows
from callwright.storage.jobs import JobRows
from callwright.storage.keys import KeyRows
from callwright.storage.knowledge_bases import KnowledgeBaseRows
from callwright.storage.logs import LogRows
from callwright.storage.nodes import NodeRows
from callwright.storage.numbers import NumberRows
from callwright.storage.outbox import OutboxRows
from callwright.storage.own_tracks import OwnTrackRows
from callwright.storage.pool import ACQUIRE_SECONDS
from callwright.storage.provider_keys import ProviderKeyRows
from callwright.storage.suppressions import SuppressionRows
from callwright.storage.templates import TemplateRows
from callwright.storage.trunks import TrunkRows
from callwright.storage.usage import UsageRows
from callwright.storage.violations import ViolationRows


class PostgresUnit:
    """``ports.ledger.Unit`` on one connection inside one transaction."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.executions = ExecutionRows(connection)
        self.agents = AgentRows(connection)
        self.extensions = ExtensionRows(connection)
        self.numbers = NumberRows(connection)
        self.trunks = TrunkRows(connection)
        self.contact_files = ContactRows(connection)
        self.suppressions = SuppressionRows(connection)
        self.dispositions = DispositionRows(connection)
        self.templates = TemplateRows(connection)
        self.keys = KeyRows(connection)
        self.accounts = AccountRows(connection)
        self.usage = UsageRows(connection)
        self.outbox = OutboxRows(connection)
        self.logs = LogRows(connection)
        self.nodes = NodeRows(connection)
        self.idempotency = IdempotencyRows(connection)
        self.audit = AuditTrail(connection)

    @property
    def batches(self) -> BatchRows:
        """Batches of calls, their contacts and webhooks."""
        return BatchRows(self._connection)

    @property
    def jobs(self) -> JobRows:
        """Durable background jobs."""
        return JobRows(self._connection)

    @property
    def provider_keys(self) -> ProviderKeyRows:
        """Tenants' credentials with providers, sealed."""
        return ProviderKeyRows(self._connection)

    @property
    def custom_models(self) -> CustomModelRows:
        """Language models of tenants' own."""
        return CustomModelRows(self._connection)

    @property
    def own_tracks(self) -> OwnTrackRows:
        """Ambient tracks of accounts' own."""
        return OwnTrackRows(self._connection)

    @property
    def knowledge_bases(self) -> KnowledgeBaseRows:
        """Knowledge bases."""
        return KnowledgeBaseRows(self._connection)

    @property
    def violations(self) -> ViolationRows:
        """Complaints about calls."""
        return ViolationRows(self._connection)


@asynccontextmanager
async def transaction(pool: Any, keys_changed: Callable[[], None] = lambda: None) -> AsyncIterator[PostgresUnit]:
    """A unit that commits when the block ends without an exception and is undone otherwise (cancellation included).

    Database errors leave as domain errors. When the connection is lost while committing, nobody knows whether the change was
    saved: the UnavailableError says so.
    """
    with failures.translated(connecting=True):
        connection = await pool.acquire(timeout=ACQUIRE_SECONDS)
    try:
        with failures.translated():
            work = connection.transaction()
            await work.start()
            unit = PostgresUnit(connection)
            try:
                yield unit
            except BaseException:
                await _undo(connection, work)
                raise
        await _commit(work)
        if unit.keys.changed:
            # Others hear of it from the database; this process shall not believe a revoked key a moment longer.
            keys_changed()
    finally:
        await pool.release(connection)


@asynccontextmanager
async def reading(pool: Any) -> AsyncIterator[PostgresUnit]:
    """A connection outside any transaction, for single reads. Database errors leave as domain errors."""
    with failures.translated(connecting=True):
        connection = await pool.acquire(timeout=ACQUIRE_SECONDS)
    try:
        with failures.translated():
            yield PostgresUnit(connection)
    finally:
        await pool.release(connection)


async def _undo(connection: Any, work: Any) -> None:
    # A lost connection undoes by itself; a failing rollback must not hide why we roll back.
    if not connection.is_closed():
        with failures.ignored():
            await work.rollback()


async def _commit(work: Any) -> None:
    try:
        with failures.translated():
            await work.commit()
    except UnavailableError as error:
        raise UnavailableError(
            "the connection to the database was lost while saving: read the object again to see whether the change was made"
        ) from error
