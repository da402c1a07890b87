"""Port of storage: one transaction, and the storage that begins it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from callwright.domain.tenant import ApiKey
from callwright.ports.ledger.accounts import Accounts
from callwright.ports.ledger.agents import Agents
from callwright.ports.ledger.audit import Audit
from callwright.ports.ledger.batches import BatchLedger
from callwright.ports.ledger.calling_policies import CallingPolicies
from callwright.ports.ledger.contact_files import ContactFiles
from callwright.ports.ledger.custom_models import CustomModels
from callwright.ports.ledger.deliveries import Deliveries
from callwright.ports.ledger.dial_decisions import DialDecisions
from callwright.ports.ledger.dispositions import Dispositions
from callwright.ports.ledger.endpoints import Endpoints
from callwright.ports.ledger.events import Events
from callwright.ports.ledger.executions import Executions
from callwright.ports.ledger.extensions import Extensions
from callwright.ports.ledger.idempotency import Idempotency
from callwright.ports.ledger.jobs import Jobs
from callwright.ports.ledger.keys import Keys
from callwright.ports.ledger.knowledge_bases import KnowledgeBases
from callwright.ports.ledger.logs import Logs
from callwright.ports.ledger.nodes import Nodes
from callwright.ports.ledger.numbers import Numbers
from callwright.ports.ledger.outbox import Outbox
from callwright.ports.ledger.own_tracks import OwnTracks
from callwright.ports.ledger.pace import Pace
from callwright.ports.ledger.provider_keys import ProviderKeys
from callwright.ports.ledger.suppressions import Suppressions
from callwright.ports.ledger.trunks import Trunks
from callwright.ports.ledger.usage import Usage
from callwright.ports.ledger.violations import Violations
from callwright.ports.ledger.wallet import Wallets


class Unit(Protocol):
    """One transaction."""

    @property
    def executions(self) -> Executions:
        """The ledger of executions."""
        ...

    @property
    def agents(self) -> Agents:
        """Agents."""
        ...

    @property
    def extensions(self) -> Extensions:
        """Short names of agents."""
        ...

    @property
    def numbers(self) -> Numbers:
        """Everything under which agents are called."""
        ...

    @property
    def trunks(self) -> Trunks:
        """SIP trunks."""
        ...

    @property
    def contact_files(self) -> ContactFiles:
        """Files of contacts."""
        ...

    @property
    def pace(self) -> Pace:
        """Limits per second, and how attempts ended."""
        ...

    @property
    def suppressions(self) -> Suppressions:
        """Numbers that are not called any more."""
        ...

    @property
    def dispositions(self) -> Dispositions:
        """Questions asked after a call."""
        ...

    @property
    def batches(self) -> BatchLedger:
        """Batches of calls, their contacts and webhooks."""
        ...

    @property
    def calling_policies(self) -> CallingPolicies:
        """Which numbers organisations let dial, and when."""
        ...

    @property
    def dial_decisions(self) -> DialDecisions:
        """Decisions whether calls may be dialled."""
        ...

    @property
    def keys(self) -> Keys:
        """API keys."""
        ...

    @property
    def usage(self) -> Usage:
        """What accounts used."""
        ...

    @property
    def accounts(self) -> Accounts:
        """Organisations and their sub-accounts."""
        ...

    @property
    def provider_keys(self) -> ProviderKeys:
        """Tenants' credentials with providers, sealed."""
        ...

    @property
    def custom_models(self) -> CustomModels:
        """Language models of tenants' own."""
        ...

    @property
    def own_tracks(self) -> OwnTracks:
        """Ambient tracks of accounts' own."""
        ...

    @property
    def knowledge_bases(self) -> KnowledgeBases:
        """Knowledge bases."""
        ...

    @property
    def violations(self) -> Violations:
        """Complaints about calls."""
        ...

    @property
    def wallets(self) -> Wallets:
        """What organisations may spend, and have spent."""
        ...

    @property
    def outbox(self) -> Outbox:
        """Webhooks to deliver."""
        ...

    @property
    def deliveries(self) -> Deliveries:
        """How the delivery of each webhook went."""
        ...

    @property
    def endpoints(self) -> Endpoints:
        """Webhook endpoints that fail."""
        ...

    @property
    def events(self) -> Events:
        """Published changes in the order in which accounts read them."""
        ...

    @property
    def logs(self) -> Logs:
        """Call logs in pieces."""
        ...

    @property
    def nodes(self) -> Nodes:
        """Processes that run calls."""
        ...

    @property
    def idempotency(self) -> Idempotency:
        """First answers under idempotency keys."""
        ...

    @property
    def audit(self) -> Audit:
        """Who changed what."""
        ...

    @property
    def jobs(self) -> Jobs:
        """Durable background jobs."""
        ...


class Ledger(Protocol):
    """The storage as the use cases see it."""

    def unit(self) -> AbstractAsyncContextManager[Unit]:
        """A transaction."""
        ...

    def slow_unit(self, organisation_id: str) -> AbstractAsyncContextManager[Unit]:
        """A transaction that may stay open while a body is read or another service asked; only so many of a process at once, and half as
        many of one organisation."""
        ...

    def reading(self) -> AbstractAsyncContextManager[Unit]:
        """For single statements, without a transaction: cheaper than a unit."""
        ...

    async def key_of(self, digest: bytes) -> ApiKey | None:
        """The key with that keyed hash, revoked and expired ones included; from memory while changes of it would be heard of."""
        ...

    def known_key(self, digest: bytes) -> ApiKey | None:
        """What :meth:`key_of` would return from memory; None when it would have to ask."""
        ...

    async def ping(self) -> None:
        """Raises UnavailableError when the database cannot be reached."""

    async def wait_for_admitted(self, timeout_seconds: float, at_rest_seconds: float = 0.0) -> bool:
        """Sleep until some execution was admitted (NOTIFY) or the time is over; True when woken. The time is ``at_rest_seconds``, if given,
        while the process's own looks at the database, one every few seconds for all of these, find nothing to do."""
        ...

    async def wait_for_waiting(self, timeout_seconds: float, at_rest_seconds: float = 0.0) -> bool:
        """Sleep until a new execution waits (NOTIFY) or the time is over."""
        ...

    async def wait_for_outbox(self, timeout_seconds: float, at_rest_seconds: float = 0.0) -> bool:
        """Sleep until a webhook was added (NOTIFY) or the time is over."""
        ...

    async def wait_for_batches(self, timeout_seconds: float, at_rest_seconds: float = 0.0) -> bool:
        """Sleep until a batch may have something to do, or the time is over."""
        ...

    async def wait_for_batch_outbox(self, timeout_seconds: float, at_rest_seconds: float = 0.0) -> bool:
        """Sleep until a webhook of a batch may wait, or the time is over."""
        ...

    def new_events(self, tenant_id: str, heartbeat_seconds: float) -> AsyncGenerator[bool, None]:
        """True at once and whenever an account has new events to read, so that reading after each True misses none; False after
        ``heartbeat_seconds`` without one. Close it when done."""
        ...
