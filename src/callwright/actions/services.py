"""What the use cases work with: ports and policy, handed in by whoever builds the process."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from callwright.actions.batch_transition import BatchPublisher, NoBatchWebhooks
from callwright.actions.encoded import EncodedExecutions
from callwright.actions.transition import Publisher
from callwright.domain.agent.parsing import ProviderDefaults
from callwright.domain.errors import NotFoundError, UnavailableError, VaultLockedError
from callwright.domain.sealing import WrappedKey
from callwright.ports.chat import ChatReply, Chats, NewChat
from callwright.ports.ledger import Ledger
from callwright.ports.market import NumberMarket
from callwright.ports.questions import Examination, Examined, Questions
from callwright.ports.registry import Plugin
from callwright.ports.vault import Vault
from callwright.ports.world import Clock, Ids, Recordings

_CANONICAL = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
"""How an id is written almost always; every other form ``uuid.UUID`` reads is brought to this one."""


class CallControl(Protocol):
    """Reaches the process that runs a call."""

    async def request_stop(self, execution_id: str, by: str, reason: str) -> None:
        """Ask for a hang-up. ``by`` becomes ``hangup_by``, ``reason`` becomes ``hangup_reason``.

        The wish is already in the row (``options["stop_requested"] = {"by", "reason"}``, written with a NOTIFY of the execution), so an
        implementation may do nothing for calls of other processes: their owner reads the row. Returns at once.
        """
        ...

    async def deliver_events(self, execution_id: str, events: Sequence[Mapping[str, Any]]) -> None:
        """Tell a call of this process the events sent to it so far (``name``, and ``properties`` as JSON text); it takes those it does not
        have yet. They are in the row already (``options["events"]``), where the owner of a call of another process reads them."""
        ...


@dataclass(frozen=True, slots=True)
class CallPolicy:
    """Settings that decide how calls are placed.

    ``carrier`` places the calls of agents whose own carrier is not installed or is ``default``; ``from_number`` is ours when a request
    names none. ``strict`` answers as strictly as the hosted service where we are tolerant.
    """

    carrier: str = "loopback"
    from_number: str = "+15550100"
    strict: bool = False
    defaults: ProviderDefaults = field(default_factory=ProviderDefaults)


class NoChats:
    """``ports.chat.Chats`` of a process that holds none."""

    async def open(self, chat: NewChat, wait_s: float) -> tuple[str, ChatReply]:
        """Raises UnavailableError."""
        raise UnavailableError("this process holds no chats; ask one that was started with `callwright serve`")

    async def say(self, execution_id: str, text: str, wait_s: float) -> ChatReply:
        """Raises NotFoundError."""
        raise missing("chat")

    def end(self, execution_id: str) -> None:
        """Raises NotFoundError."""
        raise missing("chat")


class NoVault:
    """``ports.vault.Vault`` of a process that opens nothing. Every method raises VaultLockedError."""

    def new_data_key(self, tenant_id: str, masters: Collection[str]) -> WrappedKey:
        """See the port."""
        raise self._locked()

    def seal(self, data_key: WrappedKey, name: str, value: str) -> bytes:
        """See the port."""
        raise self._locked()

    def open(self, data_key: WrappedKey, name: str, sealed: bytes) -> str:
        """See the port."""
        raise self._locked()

    def rewrap(self, data_key: WrappedKey) -> WrappedKey:
        """See the port."""
        raise self._locked()

    def _locked(self) -> VaultLockedError:
        return VaultLockedError("this process was built without a vault for provider keys")


class NoQuestions:
    """``ports.questions.Questions`` of a process that has no models."""

    async def examine(self, asked: Examination) -> Examined:
        """Raises UnavailableError."""
        raise UnavailableError("this process asks no models; ask one that was started with `callwright serve`")


@dataclass(frozen=True, slots=True)
class CarrierLook:
    """A look at a carrier's list of an organisation's numbers. ``keys_of``: when the keys it was made with were stored."""

    at: datetime
    keys_of: tuple[datetime, ...]


def _nothing(_: Mapping[str, Any]) -> None:
    """Nobody wants to know."""


def _unnoted(_: str, __: datetime) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Services:
    """Ports and policy of the use cases. ``agent_saved(body)`` hears of saved agents, to prepare for their calls. ``has(kind, name)``: is
    such a plugin registered; ``plugins()``: all of them; ``key_secret``: of the key hashes; ``markets``: carriers that rent numbers, by
    name; ``key_used(id, time)`` hears of every request that came with a key; ``show_sub_account_keys``: lists of sub-accounts show keys in
    clear, as the hosted service does; ``upload_quota_bytes``: of the files of one organisation, 0 for as many as there is room for;
    ``key_waiters``: tenants and idempotency keys for whose answer a request of this process waits; ``carrier_looks``: when the numbers of
    an organisation at a carrier were last looked at; ``encoded``: executions as bytes, for clients that poll."""

    ledger: Ledger
    clock: Clock
    ids: Ids
    publisher: Publisher
    control: CallControl
    recordings: Recordings
    has: Callable[[str, str], bool]
    policy: CallPolicy
    key_secret: bytes = field(repr=False)
    agent_saved: Callable[[Mapping[str, Any]], None] = _nothing
    chats: Chats = field(default_factory=NoChats)
    questions: Questions = field(default_factory=NoQuestions)
    markets: Mapping[str, NumberMarket] = field(default_factory=dict)
    key_used: Callable[[str, datetime], None] = _unnoted
    show_sub_account_keys: bool = False
    vault: Vault = field(default_factory=NoVault)
    plugins: Callable[[], Sequence[Plugin]] = tuple
    upload_quota_bytes: int = 0
    batch_publisher: BatchPublisher = field(default_factory=NoBatchWebhooks)
    key_waiters: set[tuple[str, str]] = field(default_factory=set)
    carrier_looks: dict[tuple[str, str], CarrierLook] = field(default_factory=dict)
    encoded: EncodedExecutions = field(default_factory=EncodedExecutions)


def object_id(text: str, what: str) -> str:
    """An id as the ledger holds it. Anything that cannot be one is a NotFoundError: the same answer as for a missing object."""
    if _CANONICAL.fullmatch(text):
        return text
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise NotFoundError(f"there is no such {what}") from None


def missing(what: str) -> NotFoundError:
    """The answer for an object that does not exist or belongs to another tenant."""
    return NotFoundError(f"there is no such {what}")
