"""The unit of work: one transaction. This is the only place that commits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

from callwright.domain.errors import UnavailableError
from callwright.platform.accounts.rows import AccountRows
from callwright.platform.agents.rows.agents import AgentRows
from callwright.platform.ambient_sounds.rows import OwnTrackRows
from callwright.platform.audit.rows import AuditTrail
from callwright.platform.batches.rows.batches import BatchRows
from callwright.platform.call_logs.rows import LogRows
from callwright.platform.calling_policy.rows import CallingPolicyRows
from callwright.platform.contact_files.rows import ContactRows
from callwright.platform.custom_models.rows import CustomModelRows
from callwright.platform.dialling.rows import DialDecisionRows
from callwright.platform.dispositions.rows import DispositionRows
from callwright.platform.events.rows import EventRows
from callwright.platform.executions.rows.executions import ExecutionRows
from callwright.platform.extensions.rows import ExtensionRows
from callwright.platform.idempotency.rows import IdempotencyRows
from callwright.platform.jobs.rows import JobRows
from callwright.platform.keys.rows import KeyRows
from callwright.platform.knowledge_bases.rows import KnowledgeBaseRows
from callwright.platform.nodes.rows import NodeRows
from callwright.platform.pace.rows.pace import PaceRows
from callwright.platform.phone_numbers.rows import NumberRows
from callwright.platform.provider_keys.rows import ProviderKeyRows
from callwright.platform.sip_trunks.rows import TrunkRows
from callwright.platform.suppressions.rows import SuppressionRows
from callwright.platform.usage.rows import UsageRows
from callwright.platform.violations.rows import ViolationRows
from callwright.platform.wallet.rows import WalletRows
from callwright.platform.webhooks.rows.deliveries import DeliveryRows
from callwright.platform.webhooks.rows.endpoints import EndpointRows
from callwright.platform.webhooks.rows.outbox import OutboxRows
from callwright.storage import failures
from callwright.storage.deferred import DeferringConnection
from callwright.storage.pool import ACQUIRE_SECONDS

_R = TypeVar("_R")


class _Rows(Generic[_R]):
    """Rows of one kind in a unit, made when first asked for: most units need one or two kinds of twenty-five."""

    def __init__(self, kind: Callable[[Any], _R]) -> None:
        self._kind = kind
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, unit: Unit, owner: type) -> _R:
        rows = self._kind(unit.connection)
        # From now on the unit's own attribute answers, and this is not asked again.
        vars(unit)[self._name] = rows
        return rows


class Unit:
    """One transaction."""

    executions = _Rows(ExecutionRows)
    agents = _Rows(AgentRows)
    extensions = _Rows(ExtensionRows)
    numbers = _Rows(NumberRows)
    trunks = _Rows(TrunkRows)
    contact_files = _Rows(ContactRows)
    suppressions = _Rows(SuppressionRows)
    dispositions = _Rows(DispositionRows)
    keys = _Rows(KeyRows)
    accounts = _Rows(AccountRows)
    usage = _Rows(UsageRows)
    outbox = _Rows(OutboxRows)
    deliveries = _Rows(DeliveryRows)
    endpoints = _Rows(EndpointRows)
    events = _Rows(EventRows)
    logs = _Rows(LogRows)
    nodes = _Rows(NodeRows)
    pace = _Rows(PaceRows)
    idempotency = _Rows(IdempotencyRows)
    audit = _Rows(AuditTrail)
    batches = _Rows(BatchRows)
    calling_policies = _Rows(CallingPolicyRows)
    dial_decisions = _Rows(DialDecisionRows)
    jobs = _Rows(JobRows)
    provider_keys = _Rows(ProviderKeyRows)
    custom_models = _Rows(CustomModelRows)
    own_tracks = _Rows(OwnTrackRows)
    knowledge_bases = _Rows(KnowledgeBaseRows)
    violations = _Rows(ViolationRows)
    wallets = _Rows(WalletRows)

    def __init__(self, connection: Any) -> None:
        self.connection = connection


@asynccontextmanager
async def transaction(pool: Any, keys_changed: Callable[[], None] = lambda: None) -> AsyncIterator[Unit]:
    """A unit that commits when the block ends without an exception and is undone otherwise (cancellation included).

    Database errors leave as domain errors. When the connection is lost while committing, nobody knows whether the change was
    saved: the UnavailableError says so.
    """
    with failures.translated(connecting=True):
        connection = await pool.acquire(timeout=ACQUIRE_SECONDS)
    try:
        with failures.translated():
            work = connection.transaction()
            # Entered, not just started: asyncpg would complain in the log of a start that is cancelled before it is done.
            await work.__aenter__()
            writing = DeferringConnection(connection)
            unit = Unit(writing)
            try:
                yield unit
                await writing.flush()
            except BaseException as error:
                await _undo(connection, work, error)
                raise
        await _commit(work)
        if unit.keys.changed:
            # Others hear of it from the database; this process shall not believe a revoked key a moment longer.
            keys_changed()
    finally:
        await pool.release(connection)


class Reading:
    """A connection outside any transaction, for single statements. Database errors leave as domain errors."""

    # A class, not a generator: reads of the API that clients poll spend more on the way to a connection than on the query.
    __slots__ = ("_connection", "_pool")

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._connection: Any = None

    async def __aenter__(self) -> Unit:
        with failures.translated(connecting=True):
            self._connection = await self._pool.acquire(timeout=ACQUIRE_SECONDS)
        return Unit(self._connection)

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        await self._pool.release(self._connection)
        known = None if error is None else failures.translate(error)
        if known is not None:
            raise known from error


async def _undo(connection: Any, work: Any, error: BaseException) -> None:
    # A lost connection undoes by itself; a failing rollback must not hide why we roll back.
    if not connection.is_closed():
        with failures.ignored():
            await work.__aexit__(type(error), error, error.__traceback__)


async def _commit(work: Any) -> None:
    try:
        with failures.translated():
            await work.__aexit__(None, None, None)
    except UnavailableError as error:
        raise UnavailableError(
            "the connection to the database was lost while saving: read the object again to see whether the change was made"
        ) from error
