"""Port of storage: the ledger of executions and what belongs to it.

One request or one task is one :class:`Unit`, a database transaction: it commits when the ``async with`` block ends without
an exception, and only there. Rows are the frozen dataclasses of ``domain``. Every read of a tenant's object takes the
tenant id: a foreign object is as missing as one that never was. Owner writes carry the owner's incarnation and attempt;
when another node settled the execution they raise StaleOwnerError and the call must be hung up. A database out of reach
raises domain UnavailableError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from callwright.domain.audit import AuditEntry
from callwright.domain.contacts import ContactFile, Contacts
from callwright.domain.custom_model import CustomModel
from callwright.domain.disposition import StoredDisposition
from callwright.domain.execution import Execution, Phase
from callwright.domain.knowledge_base import KnowledgeBase
from callwright.domain.own_track import OwnTrack
from callwright.domain.phone_number import PhoneNumber
from callwright.domain.provider_key import ProviderKey
from callwright.domain.sealing import WrappedKey
from callwright.domain.sip_trunk import SipTrunk
from callwright.domain.suppression import Suppression
from callwright.domain.tenant import ApiKey, Tenant
from callwright.domain.usage import UsageKey, Used
from callwright.domain.violation import Violation
from callwright.ports.batches import BatchContacts, Batches


@dataclass(frozen=True, slots=True)
class StoredAgent:
    """An agent as stored. ``body`` is the flat object of the contract (agent_config keys plus agent_prompts), unknown keys kept."""

    id: str
    tenant_id: str
    name: str
    body: Mapping[str, Any]
    revision: int
    created_at: datetime
    updated_at: datetime
    dispositions: Sequence[Mapping[str, Any]] | None = None
    """What is asked after its calls (``id``, ``name``, ``category``), None for nothing; only reads of a tenant's agents look for it."""
    inbound_phone_number: str | None = None
    """The number it answers, a phone number before an extension and the one it has had longest first; looked for by the same reads."""


@dataclass(frozen=True, slots=True)
class StoredTemplate:
    """An extraction template as stored: the contract's keys and unknown ones as they came."""

    id: str
    tenant_id: str
    body: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Extension:
    """A short name under which an agent is called (``domain.extension`` says which names there may be). ``agent_id`` is None where
    nobody answers it."""

    name: str
    tenant_id: str
    agent_id: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ExecutionFilter:
    """What a list of executions is narrowed to; None means any."""

    status: str | None = None
    call_type: str | None = None
    provider: str | None = None
    answered_by_voice_mail: bool | None = None
    batch_id: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of executions, newest first. ``total`` counts all that match."""

    rows: Sequence[Execution]
    total: int


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """A webhook waiting to be delivered. ``body`` is frozen at the change; ``sequence`` orders the entries of one execution from 1."""

    id: str
    tenant_id: str
    execution_id: str
    sequence: int
    status: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    tries: int
    created_at: datetime
    gap: bool = False


@dataclass(frozen=True, slots=True)
class IdempotentAnswer:
    """The first answer under an idempotency key. ``request_digest`` tells whether the same key came with other content."""

    request_digest: str
    http_status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class HeldKey:
    """An idempotency key under which somebody works outside of a transaction, until ``until`` at the latest."""

    request_digest: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """An idempotency key that is held by who gets this, until ``until``; that tells it from every later hold of the same key, too."""

    until: datetime


@dataclass(frozen=True, slots=True)
class LogChunk:
    """A piece of a call's log as stored: whole lines, in order of ``chunk`` within section file ``section`` (live or post)."""

    execution_id: str
    attempt: int
    section: str
    chunk: int
    data: bytes


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node as the reaper sees it."""

    incarnation: str
    name: str
    counter: int
    stopped: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A change of an execution. Only the given columns change; ``record`` is merged into the stored record key by key."""

    phase: Phase | None = None
    detail: str | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)


class Executions(Protocol):
    """The ledger of executions."""

    async def insert(self, execution: Execution) -> None:
        """A new execution (phase waiting)."""

    async def insert_owned(self, execution: Execution) -> bool:
        """A call that comes in: a new execution that already belongs to its owner, in its first attempt (the attempt row is opened
        too). False, and nothing is written, when the tenant's concurrency is used up. StaleOwnerError when the owner was declared dead."""
        ...

    async def get(self, tenant_id: str, execution_id: str) -> Execution | None:
        """One execution of the tenant, or None."""

    async def get_any(self, execution_id: str) -> Execution | None:
        """One execution whoever owns it: for the platform's own work, never for a request."""

    async def lock(self, execution_id: str) -> Execution | None:
        """The row, locked until the unit ends (select for update)."""

    async def page(self, tenant_id: str, agent_id: str, narrow: ExecutionFilter, number: int, size: int) -> Page:
        """Page ``number`` (from 1) of an agent's executions, newest first."""

    async def page_after(
        self, tenant_id: str, agent_id: str, narrow: ExecutionFilter, after: tuple[datetime, str], size: int
    ) -> Page:
        """The executions behind one of them, given by its time of creation and its id."""
        ...

    async def get_shown(self, tenant_id: str, execution_id: str) -> tuple[Execution, int] | None:
        """One execution of the tenant without its agent, and the version of its row; or None."""
        ...

    async def version(self, tenant_id: str, execution_id: str) -> int | None:
        """The version of an execution's row, another one after every change; None when there is no such execution."""
        ...

    async def admit(self, node_limit: int) -> list[Execution]:
        """The admission query: waiting and due executions within their tenant's concurrency become ``admitted``. Returns them. Must be
        run by one node at a time (advisory lock inside; returns [] when another holds it)."""

    async def claim(self, owner: str, count: int) -> list[Execution]:
        """Take up to ``count`` admitted executions for ``owner`` (skip locked): phase claimed, attempt + 1. Also opens the attempt row."""

    async def change(
        self, execution_id: str, change: Change, *, owner: str | None = None, attempt: int | None = None
    ) -> Execution:
        """Apply a change and return the row after it. Follows the phase and status tables (domain WrongStateError
        otherwise). With ``owner``: only
        while that incarnation owns that attempt (StaleOwnerError otherwise). Sets updated_at. NOTIFYs listeners of the execution."""

    async def owned_by(self, owner: str) -> list[Execution]:
        """Executions in phases claimed, dialling or live that ``owner`` holds."""

    async def overdue(self, seconds: int) -> list[Execution]:
        """Executions in phase finishing since more than ``seconds``."""

    async def live_count(self, tenant_id: str) -> int:
        """The tenant's executions in phases admitted to live."""

    async def calls_before(self, execution: Execution) -> int:
        """How many calls of the same caller (``options["caller"]``) to the same agent began before this one and were answered or go on."""

    async def waiting_of_batch(self, batch_id: str, count: int) -> list[str]:
        """Ids of up to ``count`` executions of a batch that are waiting or admitted, not claimed yet."""
        ...

    async def of_batch(
        self, tenant_id: str, batch_id: str, after: tuple[datetime, str] | None, count: int
    ) -> list[Execution]:
        """Up to ``count`` executions of a batch, in the order in which they were released, from behind ``after`` (creation, id) on."""
        ...

    async def delete_of_agent(self, tenant_id: str, agent_id: str) -> list[str]:
        """Delete an agent's executions with everything that belongs to them; returns their ids (for the files)."""

    async def older_than(self, before: datetime, count: int) -> list[str]:
        """Ids of terminal executions created before ``before``, oldest first, for retention."""

    async def delete(self, execution_ids: Sequence[str]) -> None:
        """Delete executions with logs, attempts and outbox rows."""


class Agents(Protocol):
    """Agents."""

    async def insert(self, agent: StoredAgent) -> None:
        """A new agent."""

    async def get(self, tenant_id: str, agent_id: str) -> StoredAgent | None:
        """One agent of the tenant, or None."""

    async def get_any(self, agent_id: str) -> StoredAgent | None:
        """One agent whoever it belongs to: for calls that come in, never for a request."""

    async def all(self, tenant_id: str) -> list[StoredAgent]:
        """All agents of the tenant, newest first."""

    async def newest(self, count: int) -> list[StoredAgent]:
        """The agents last saved, of all tenants: to prepare for their calls, never for a request."""

    async def update(self, tenant_id: str, agent_id: str, name: str, body: Mapping[str, Any]) -> StoredAgent | None:
        """Replace the body; revision + 1. None when there is no such agent."""

    async def delete(self, tenant_id: str, agent_id: str) -> bool:
        """Delete the agent. False when there was none. Refused (ConflictError) while it has live calls."""


class Extensions(Protocol):
    """Short names under which agents are called. One name belongs to one tenant of the whole platform, as a phone number would."""

    async def put(self, extension: Extension) -> bool:
        """Point a name at an agent, whether it is new or pointed elsewhere. True when it is new. ConflictError when it is another
        tenant's, NotFoundError when the agent is not one of the tenant."""
        ...

    async def get(self, tenant_id: str, name: str) -> Extension | None:
        """One name of the tenant, or None."""

    async def all(self, tenant_id: str) -> list[Extension]:
        """All names of the tenant in their order."""
        ...

    async def delete(self, tenant_id: str, name: str) -> bool:
        """Forget a name. False when there was none."""
        ...


class Numbers(Protocol):
    """Everything under which agents are called, extensions included: what a call that comes in is looked up in. A number of a trunk or a
    carrier is there once for a tenant."""

    async def add(self, number: PhoneNumber) -> None:
        """A new number. ConflictError when the tenant has it already."""

    async def get(self, tenant_id: str, number_id: str) -> PhoneNumber | None:
        """One number of the tenant, or None."""

    async def all(self, tenant_id: str) -> list[PhoneNumber]:
        """All numbers of the tenant, newest first."""
        ...

    async def has(self, tenant_id: str, dialled: str) -> bool:
        """Whether the tenant has a number that is found by ``dialled`` (``domain.phone_number.dialled_form``)."""
        ...

    async def link(self, number: PhoneNumber) -> bool:
        """Write who answers a number and its details. False when the tenant has no such number, NotFoundError without such an agent."""
        ...

    async def delete(self, tenant_id: str, number_id: str) -> bool:
        """Forget a number. False when there is none."""
        ...

    async def called(self, dialled: str, source: str = "") -> PhoneNumber | None:
        """What is called so from the IP address ``source`` (empty: it is not known), whoever it belongs to: a number of an active trunk
        whose calls come from there, else an extension. For calls that come in, never for a request."""


class Trunks(Protocol):
    """SIP trunks. A name is there once for a tenant."""

    async def add(self, trunk: SipTrunk) -> None:
        """A new trunk. ConflictError when the tenant has one of that name."""

    async def get(self, tenant_id: str, trunk_id: str) -> SipTrunk | None:
        """One trunk of the tenant, or None."""

    async def all(self, tenant_id: str) -> list[SipTrunk]:
        """All trunks of the tenant, newest first."""
        ...

    async def of_number(self, tenant_id: str, dialled: str) -> SipTrunk | None:
        """The active trunk of the tenant that has a number, or None."""

    async def change(self, trunk: SipTrunk) -> bool:
        """Write a trunk anew. False when the tenant has no such trunk, ConflictError when it has another one of that name."""
        ...

    async def delete(self, tenant_id: str, trunk_id: str) -> int | None:
        """Forget a trunk with its numbers; how many there were. None when there is no such trunk."""


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


class Suppressions(Protocol):
    """Numbers that a tenant does not call any more. That none of them is dialled is a rule of the storage: a new outbound execution to
    one, and the step to ``dialling``, raise SuppressedError. An address is found however it is spelt."""

    async def add(self, suppression: Suppression) -> tuple[Suppression, bool]:
        """Put a number on the list; the one that is there stays as it is. Returns it, and whether it is new. Waits for calls to it that
        are about to be dialled."""
        ...

    async def get(self, tenant_id: str, number: str) -> Suppression | None:
        """The number's entry, or None."""

    async def among(self, tenant_id: str, numbers: Sequence[str]) -> set[str]:
        """Those of ``numbers`` that are on the list, as they were given."""
        ...

    async def page(self, tenant_id: str, number: int, size: int) -> tuple[list[Suppression], int]:
        """Page ``number`` (from 1) of the list, newest first, and how many there are."""
        ...

    async def delete(self, tenant_id: str, number: str) -> bool:
        """Take a number off the list. False when it is not there."""
        ...


class Dispositions(Protocol):
    """Questions asked after a call, and whose calls they are asked of."""

    async def insert(self, disposition: StoredDisposition) -> None:
        """A new disposition with its links. NotFoundError when one of its agents does not exist."""

    async def get(self, tenant_id: str, disposition_id: str) -> StoredDisposition | None:
        """One disposition of the tenant, or None."""

    async def lock(self, tenant_id: str, disposition_id: str) -> StoredDisposition | None:
        """One disposition, locked until the unit ends, or None."""

    async def of_tenant(self, tenant_id: str) -> list[StoredDisposition]:
        """All dispositions of the tenant, oldest first."""
        ...

    async def of_agent(self, tenant_id: str, agent_id: str) -> list[StoredDisposition]:
        """The dispositions that are asked of the agent's calls, in the order in which they are asked."""
        ...

    async def count(self, tenant_id: str) -> int:
        """How many dispositions the tenant has."""
        ...

    async def update(self, tenant_id: str, disposition_id: str, body: Mapping[str, Any]) -> StoredDisposition | None:
        """Replace the body. None when there is no such disposition."""

    async def link(self, tenant_id: str, disposition_id: str, agent_id: str) -> None:
        """Ask it of the agent's calls from now on. NotFoundError when the tenant has no such agent or disposition."""

    async def unlink(self, tenant_id: str, disposition_id: str, agent_id: str) -> bool:
        """Ask it of the agent's calls no more. False when it was not."""
        ...

    async def put_in_place(self, tenant_id: str, old_id: str, new_id: str, agent_id: str) -> bool:
        """Ask ``new_id`` of the agent's calls where ``old_id`` was asked, at its place among the questions. False when it was not."""
        ...

    async def delete(self, tenant_id: str, disposition_id: str) -> bool:
        """Delete it with its links. False when there was none. What it found in earlier calls stays."""
        ...


class Accounts(Protocol):
    """Organisations and their sub-accounts."""

    async def tenant(self, tenant_id: str) -> Tenant | None:
        """An organisation or a sub-account, a deleted one too."""

    async def lock_organisation(self, tenant_id: str) -> Tenant | None:
        """The organisation, locked until the unit ends, so that the numbers of its sub-accounts are changed one after the other."""

    async def organisations(self) -> list[Tenant]:
        """All organisations, oldest first: for the operator, never for a request."""
        ...

    async def insert(self, tenant: Tenant) -> None:
        """A new organisation or sub-account."""

    async def sub_accounts(self, organisation_id: str) -> list[Tenant]:
        """The organisation's sub-accounts that are not deleted, newest first."""
        ...

    async def sub_account(self, organisation_id: str, tenant_id: str) -> Tenant | None:
        """One of the organisation's sub-accounts that is not deleted, or None."""

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
        """Delete every row of a deleted sub-account, in every table that has a ``tenant_id``, but for its own, the audit trail and usage.
        Its executions are deleted before."""


class Usage(Protocol):
    """What accounts used. It is counted by ``Executions.change``, in the unit in which a call is done or its record changes after that."""

    async def total(
        self, tenant_ids: Sequence[str], since: datetime, until: datetime
    ) -> Mapping[str, Mapping[UsageKey, Used]]:
        """What calls of each tenant that were created from ``since`` to before ``until``, both at quarters of an hour, have added."""
        ...

    async def unfinished(
        self, tenant_ids: Sequence[str], since: datetime, until: datetime
    ) -> Mapping[str, Mapping[str, int]]:
        """How many of each tenant's calls of that time are not done, by status."""
        ...


class Templates(Protocol):
    """Extraction templates."""

    async def insert(self, template: StoredTemplate) -> None:
        """A new template."""

    async def get(self, tenant_id: str, template_id: str) -> StoredTemplate | None:
        """One template of the tenant, or None."""

    async def all(self, tenant_id: str) -> list[StoredTemplate]:
        """All templates of the tenant, oldest first."""
        ...

    async def update(self, tenant_id: str, template_id: str, body: Mapping[str, Any]) -> StoredTemplate | None:
        """Replace the body. None when there is no such template."""

    async def delete(self, tenant_id: str, template_id: str) -> bool:
        """Delete it. False when there was none."""
        ...


class Keys(Protocol):
    """API keys."""

    async def insert(self, key: ApiKey) -> None:
        """A new key."""

    async def by_digest(self, digest: bytes) -> ApiKey | None:
        """The key with that keyed hash, revoked and expired ones included, those of a deleted sub-account not."""

    async def all(self, tenant_id: str) -> list[ApiKey]:
        """The tenant's keys, newest first."""

    async def revoke(self, tenant_id: str, key_id: str, at: datetime) -> bool:
        """Revoke a key. False when there is none."""

    async def revoke_all(self, tenant_id: str) -> None:
        """Revoke all keys of a tenant."""

    async def of_organisation(self, organisation_id: str) -> list[ApiKey]:
        """The newest MAX_LISTED_KEYS keys of the organisation and of its sub-accounts that are not deleted, newest first."""
        ...

    async def one_of_organisation(self, organisation_id: str, key_id: str) -> ApiKey | None:
        """One of them, or None."""

    async def newest_of_sub_accounts(self, organisation_id: str, now: datetime) -> dict[str, ApiKey]:
        """Of each sub-account the newest key that is neither revoked nor expired, by the sub-account's id."""
        ...

    async def count(self, tenant_id: str) -> int:
        """How many keys of the tenant are not revoked."""
        ...

    async def used(self, times: Mapping[str, datetime]) -> None:
        """Write when keys were last used."""


class ProviderKeys(Protocol):
    """Tenants' credentials with providers, sealed, and the data keys they are sealed under. Names differ in more than capitals."""

    async def put(self, key: ProviderKey) -> ProviderKey | None:
        """A new key, or another value under a name there is: that one keeps its id and time of creation. Returns the one before."""

    async def get(self, tenant_id: str, name: str) -> ProviderKey | None:
        """One key of the tenant, or None."""

    async def all(self, tenant_id: str) -> list[ProviderKey]:
        """The tenant's keys, newest first."""
        ...

    async def delete(self, tenant_id: str, name: str) -> bool:
        """Forget a key. False when there is none."""
        ...

    async def data_key(self, tenant_id: str) -> WrappedKey | None:
        """The tenant's data key, or None before its first secret."""

    async def lock_data_keys(self) -> None:
        """Nobody else makes or wraps data keys until the unit ends."""

    async def data_keys(self) -> list[WrappedKey]:
        """Every data key, of all tenants: for the platform's own work, never for a request."""
        ...

    async def put_data_key(self, data_key: WrappedKey) -> None:
        """A tenant's data key, new or wrapped anew."""


class CustomModels(Protocol):
    """Language models of tenants' own."""

    async def put(self, model: CustomModel) -> CustomModel | None:
        """A new model, or another endpoint under a name there is, which keeps its id and time of creation. Returns the one before."""

    async def all(self, tenant_id: str) -> list[CustomModel]:
        """The tenant's models by name."""
        ...

    async def delete(self, tenant_id: str, name: str) -> bool:
        """Forget a model. False when there is none."""
        ...


class OwnTracks(Protocol):
    """Ambient tracks of accounts' own. A track never changes: another sound is another track."""

    async def insert(self, track: OwnTrack, pcm: bytes) -> None:
        """A new track with its sound (PCM at 8,000 Hz). ConflictError when the account has one of that name."""

    async def all(self, tenant_id: str) -> list[OwnTrack]:
        """The account's tracks, oldest first."""
        ...

    async def find(self, tenant_id: str, name: str) -> OwnTrack | None:
        """The account's track with that id, or else of that name."""

    async def pcm(self, tenant_id: str, track_id: str) -> bytes | None:
        """The sound of a track."""

    async def delete(self, tenant_id: str, track_id: str) -> bool:
        """Forget a track. False when there is none."""
        ...


class KnowledgeBases(Protocol):
    """Knowledge bases, with the files they were made from."""

    async def insert(self, base: KnowledgeBase, content: bytes | None) -> None:
        """A new one, with its file where it has one."""

    async def all(self, tenant_id: str) -> list[KnowledgeBase]:
        """The account's, newest first."""
        ...

    async def get(self, tenant_id: str, base_id: str) -> KnowledgeBase | None:
        """One of the account, or None."""

    async def delete(self, tenant_id: str, base_id: str) -> bool:
        """Forget one with its file. False when there is none."""
        ...


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


class Outbox(Protocol):
    """Webhooks to deliver, head of line per execution."""

    async def add(self, entry: OutboxEntry) -> None:
        """Append; ``sequence`` is assigned as the next of the execution (the entry's own value is ignored)."""

    async def lease(self, worker: str, seconds: int, count: int, gap_after_seconds: int) -> list[OutboxEntry]:
        """Take due entries for ``worker``: only the oldest undelivered one of each execution, or the next one when the
        oldest has been failing for
        ``gap_after_seconds`` (then ``gap`` is True). No row stays locked; the lease ends by time."""

    async def delivered(self, entry_id: str, worker: str, http_status: int, answer: str) -> bool:
        """Mark as delivered. False when the lease was lost."""

    async def failed(
        self, entry_id: str, worker: str, retry_in_seconds: int | None, http_status: int | None, answer: str
    ) -> bool:
        """Give the lease back for a later try, or for good with None."""

    async def of_execution(self, tenant_id: str, execution_id: str) -> list[OutboxEntry]:
        """All entries of one execution in order, delivered or not."""


class BatchLedger(Batches, Protocol):
    """Batches, and what belongs to them."""

    @property
    def contacts(self) -> BatchContacts:
        """Contacts that wait."""
        ...

    @property
    def outbox(self) -> Outbox:
        """Webhooks of batches; ``execution_id`` of an entry is the batch's id."""
        ...


class Logs(Protocol):
    """Call logs in pieces."""

    async def append(self, chunk: LogChunk) -> None:
        """Store a piece; the same (execution, attempt, section, chunk) again replaces it."""

    async def read(self, execution_id: str, attempt: int | None = None, section: str | None = None) -> bytes:
        """The log of an attempt (the newest one by default): live section, then post section, or one of them. Empty when there is none."""


class Nodes(Protocol):
    """Processes that run calls, and whether they still move."""

    async def beat(self, incarnation: str, name: str) -> None:
        """Register or advance the counter of this incarnation."""

    async def stopped(self, incarnation: str) -> None:
        """This incarnation ended in order."""

    async def all(self) -> list[NodeView]:
        """Every node that has not stopped or still owns executions."""

    async def forget(self, incarnation: str) -> None:
        """Mark as dead: its writes are refused from now on (owned rows are settled by the caller)."""


class Idempotency(Protocol):
    """First answers under idempotency keys, kept 24 hours."""

    async def begin(self, tenant_id: str, key: str, request_digest: str) -> IdempotentAnswer | HeldKey | None:
        """Claim the key for this unit (waits for a concurrent unit). Returns the stored answer, or who holds the key, if there is one."""

    async def store(self, tenant_id: str, key: str, answer: IdempotentAnswer) -> None:
        """Keep the answer, in the same unit as the work."""

    async def hold(
        self, tenant_id: str, key: str, request_digest: str, seconds: int
    ) -> Hold | IdempotentAnswer | HeldKey:
        """Hold the key for work that is no transaction: nobody else gets it for so many seconds, or until :meth:`release`. A :class:`Hold`
        when it is held now, else what :meth:`begin` returns. Commit at once."""
        ...

    async def find(self, tenant_id: str, key: str) -> IdempotentAnswer | HeldKey | None:
        """What is under the key, without a lock; None when it is free."""
        ...

    async def release(self, tenant_id: str, key: str, hold: Hold) -> None:
        """Let go of a key that has no answer; nothing when somebody else holds it by now."""

    async def keep(self, tenant_id: str, key: str, answer: IdempotentAnswer, hold: Hold) -> bool:
        """Keep the answer of work under a hold; False when somebody else has the key by now."""
        ...


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries of the audit trail are wanted: those with an id below ``before``; None means any."""

    before: int
    object_type: str | None = None
    object_id: str | None = None
    actor: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Audit(Protocol):
    """Who changed what. Only ever added to; use cases write with ``actions.audit.audit``."""

    async def page(self, tenant_id: str, narrow: AuditFilter, size: int) -> list[AuditEntry]:
        """Up to ``size`` entries of the tenant, newest first."""
        ...

    async def add(self, entry: AuditEntry) -> None:
        """Write the entry in the same unit as the change it tells of."""


class Jobs(Protocol):
    """Durable background jobs; handlers may run twice."""

    async def put(self, name: str, payload: bytes, after_seconds: int = 0) -> None:
        """Enqueue in the same unit as the change that caused it."""


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
    def suppressions(self) -> Suppressions:
        """Numbers that are not called any more."""
        ...

    @property
    def templates(self) -> Templates:
        """Extraction templates."""
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
    def outbox(self) -> Outbox:
        """Webhooks to deliver."""
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

    def slow_unit(self) -> AbstractAsyncContextManager[Unit]:
        """A transaction that may stay open while a body is read or another service asked; only so many of a process at once."""
        ...

    def reading(self) -> AbstractAsyncContextManager[Unit]:
        """For single reads, without a transaction: cheaper than a unit."""
        ...

    async def key_of(self, digest: bytes) -> ApiKey | None:
        """The key with that keyed hash, revoked and expired ones included; from memory while changes of it would be heard of."""
        ...

    def known_key(self, digest: bytes) -> ApiKey | None:
        """What :meth:`key_of` would return from memory; None when it would have to ask."""
        ...

    async def ping(self) -> None:
        """Raises UnavailableError when the database cannot be reached."""

    async def wait_for_admitted(self, timeout_seconds: float) -> bool:
        """Sleep until some execution was admitted (NOTIFY) or the time is over; True when woken."""
        ...

    async def wait_for_waiting(self, timeout_seconds: float) -> bool:
        """Sleep until a new execution waits (NOTIFY) or the time is over."""
        ...

    async def wait_for_outbox(self, timeout_seconds: float) -> bool:
        """Sleep until a webhook was added (NOTIFY) or the time is over."""
        ...
