"""Ports and policy of the use cases. ``bootstrap`` builds them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from callwright.domain.errors import CapacityError, NotFoundError, UnavailableError, VaultLockedError
from callwright.platform.accounts.rules import Principal
from callwright.platform.agents.rules.parsing import ProviderDefaults
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.availability import Availability, EverythingAvailable
from callwright.platform.batches.actions.transition import BatchPublisher, NoBatchWebhooks
from callwright.platform.encoded import EncodedExecutions
from callwright.platform.executions.actions.transition import Publisher
from callwright.platform.executions.rules.execution import Execution
from callwright.platform.ledger import Ledger
from callwright.platform.prices.rules import BilledAs, DatedPrices, as_written
from callwright.platform.provider_keys.rules.sealing import WrappedKey
from callwright.platform.unit import Unit
from callwright.platform.voices.actions.memory import VoiceLists, VoiceSamples
from callwright.ports.chat import ChatReply, Chats, NewChat
from callwright.ports.door import DoorSocket
from callwright.ports.leg import RoutesNumbers
from callwright.ports.market import NumberMarket
from callwright.ports.questions import Examination, Examined, Questions
from callwright.ports.registry import Plugin, UnknownPluginError
from callwright.ports.replays import Replays, WhatIfWish
from callwright.ports.tool_trial import ToolTrial, ToolTrials, ToolTried
from callwright.ports.trunk_lines import NoTrunkStates, TrunkStates
from callwright.ports.vault import Vault
from callwright.ports.web_call import SipWebSession, WebCall, WebCalls, WebProtocol, WebSession
from callwright.ports.world import Clock, Ids, Recordings

_CANONICAL = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
"""The usual form of an id. Other forms that ``uuid.UUID`` reads are converted to it."""


class CallControl(Protocol):
    """Reaches the process that runs a call."""

    async def request_stop(self, execution_id: str, by: str, reason: str) -> None:
        """Ask for a hang-up. ``by`` becomes ``hangup_by``, ``reason`` becomes ``hangup_reason``.

        The row holds the request already (``options["stop_requested"] = {"by", "reason"}``, written with a NOTIFY of the execution). An
        implementation may therefore ignore calls of other processes: their owner reads the row. Returns at once.
        """
        ...

    async def deliver_events(self, execution_id: str, events: Sequence[Mapping[str, Any]]) -> None:
        """Hand a call of this process all events sent to it so far: ``name``, and ``properties`` as JSON text. It takes the new ones.

        The row holds them already (``options["events"]``). The owner of a call in another process reads them there.
        """
        ...

    async def request_capture(self, execution_id: str, wish: Mapping[str, Any]) -> None:
        """Ask a call of this process for its packets: ``attempt``, ``seconds``, ``keep_secrets``.

        The row holds the wish already (``options["capture"]``). The owner of a call in another process reads it there.
        """
        ...


@dataclass(frozen=True, slots=True)
class CallPolicy:
    """Settings that decide how calls are placed."""

    carrier: str = "loopback"
    """Places the calls of agents whose own carrier is ``default`` or not installed."""
    from_number: str = "+15550100"
    """Our number, if a request names none."""
    strict: bool = False
    """Whether to answer as strictly as the hosted service."""
    defaults: ProviderDefaults = field(default_factory=ProviderDefaults)
    """Providers of agents that name none."""
    callers: frozenset[str] = frozenset()
    """Names and numbers of synthetic callers: what a ``loopback:`` address may name. Empty: anything."""
    allow_private_urls: bool = False
    """Whether webhooks and tools may be at private addresses."""
    sip_call_headers: tuple[str, ...] = ()
    """Headers beside X-... that a call over SIP may be given."""
    trunk_networks: tuple[str, ...] = ()
    """Networks that trunks may name though they are wide or not public."""


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


class NoWebCalls:
    """``ports.web_call.WebCalls`` of a process that takes none."""

    def session(self, call: WebCall) -> WebSession:
        """Raises CapacityError."""
        raise CapacityError(
            "this process takes no web calls; ask one that was started with `callwright serve`", "global"
        )

    def sip_session(self, call: WebCall) -> SipWebSession:
        """Raises CapacityError."""
        raise CapacityError(
            "this process takes no web calls; ask one that was started with `callwright serve`", "global"
        )

    async def serve(self, call: WebCall, socket: DoorSocket, protocol: WebProtocol, source: str) -> None:
        """Closes the websocket."""
        socket.end()


class NoToolTrials:
    """``ports.tool_trial.ToolTrials`` of a process that calls no tools."""

    async def run(self, agent: StoredAgent, trial: ToolTrial, user_data: Mapping[str, Any]) -> ToolTried:
        """Raises UnavailableError."""
        raise UnavailableError("this process calls no tools; ask one that was started with `callwright serve`")


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


class NoReplays:
    """``ports.replays.Replays`` of a process that runs no calls again. Every method raises UnavailableError."""

    async def replay(self, log: bytes) -> Mapping[str, Any]:
        """See the port."""
        raise self._none()

    async def what_if(self, wish: WhatIfWish) -> Mapping[str, Any]:
        """See the port."""
        raise self._none()

    async def scenario(
        self, log: bytes, user_data: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        """See the port."""
        raise self._none()

    def _none(self) -> UnavailableError:
        return UnavailableError("this process runs no calls again; ask one that was started with `callwright serve`")


@dataclass(frozen=True, slots=True)
class CarrierLook:
    """A look at a carrier's list of an organisation's numbers."""

    at: datetime
    """Time of the look."""
    keys_of: tuple[datetime | None, ...]
    """When the provider keys of the look were stored, None for those that were not."""


def _nothing(_: Mapping[str, Any]) -> None:
    """Ignores a saved agent."""


def _no_voice(name: str) -> Any:
    """Raises UnknownPluginError: a process that speaks nothing has no voices."""
    raise UnknownPluginError(f"there is no voice named {name!r} in this process")


def _any_line(_: str) -> None:
    """Takes whatever a test line is to be like."""


def _unnoted(_: str, __: datetime) -> None:
    """Ignores the use of a key."""


@dataclass(frozen=True, slots=True)
class Services:
    """Ports and policy of the use cases."""

    ledger: Ledger
    """The tables of the platform; opens the transaction of each use case."""
    clock: Clock
    """Wall clock and monotonic time."""
    ids: Ids
    """Makes ids, seeds and tokens."""
    publisher: Publisher
    """Makes the webhook of a published status."""
    control: CallControl
    """Reaches the process that runs a call."""
    recordings: Recordings
    """Stores and finds recordings."""
    names: Callable[[str], Collection[str]]
    """Names and aliases of the registered plugins of a kind."""
    policy: CallPolicy
    """Settings that decide how calls are placed."""
    key_secrets: Callable[[], Sequence[bytes]] = field(repr=False)
    """Returns the secrets under which API keys are hashed: the present one, then former ones."""
    agent_saved: Callable[[Mapping[str, Any]], None] = _nothing
    """Receives the body of every saved agent, to prepare for its calls."""
    renders_speech: bool = False
    """Whether jobs of this server render the fixed sentences of saved agents."""
    availability: Availability = field(default_factory=EverythingAvailable)
    """Says what of an agent cannot be used here."""
    chats: Chats = field(default_factory=NoChats)
    """Opens and continues chats in this process."""
    trunks: TrunkStates = field(default_factory=NoTrunkStates)
    """Keeps SIP trunks ready in this process, and says how they are."""
    web_calls: WebCalls = field(default_factory=NoWebCalls)
    """Takes calls of web pages in this process."""
    questions: Questions = field(default_factory=NoQuestions)
    """Asks models about transcripts."""
    tool_trials: ToolTrials = field(default_factory=NoToolTrials)
    """Calls tools outside of calls."""
    markets: Mapping[str, NumberMarket] = field(default_factory=dict)
    """Carriers that rent numbers, by name."""
    number_routes: Mapping[str, RoutesNumbers] = field(default_factory=dict)
    """Carriers whose vendor can be told where to ask about calls to a number, by name."""
    public_url: str = ""
    """How the outside reaches this server."""
    key_used: Callable[[str, datetime], None] = _unnoted
    """Receives key id and time of every request with a valid key."""
    check_line: Callable[[str], object] = _any_line
    """Raises ConfigurationError for conditions of a test line that cannot be read."""
    show_sub_account_keys: bool = False
    """Whether lists of sub-accounts show keys in clear, as the hosted service does."""
    webhook_secret: str = field(default="", repr=False)
    """Signs the webhooks of organisations without a secret of their own; empty: nothing signs them."""
    vault: Vault = field(default_factory=NoVault)
    """Seals and opens provider keys."""
    plugins: Callable[[], Sequence[Plugin]] = tuple
    """Returns every registered plugin."""
    allow_private_urls: bool = False
    """Whether addresses of private networks may be named (``net.policy.may_connect``)."""
    upload_quota_bytes: int = 0
    """Bytes that the uploaded files of one organisation may take; 0: no limit."""
    batch_publisher: BatchPublisher = field(default_factory=NoBatchWebhooks)
    """Makes the webhook of a batch."""
    key_waiters: set[tuple[str, str]] = field(default_factory=set)
    """Tenant and idempotency key of each answer that a request of this process waits for."""
    carrier_looks: dict[tuple[str, str], CarrierLook] = field(default_factory=dict)
    """The last look at an organisation's numbers at a carrier."""
    replays: Replays = field(default_factory=NoReplays)
    """Runs finished calls again."""
    prices: DatedPrices = field(default_factory=DatedPrices)
    """The price book."""
    billed_as: BilledAs = as_written
    """Returns the provider and the model under which an agent's choice is billed."""
    encoded: EncodedExecutions = field(default_factory=EncodedExecutions)
    """Executions as bytes, for clients that poll."""
    voice_of: Callable[[str], Any] = _no_voice
    """Returns the instance of the voice with this name. Raises UnknownPluginError."""
    voice_lists: VoiceLists = field(default_factory=VoiceLists)
    """Vendors' lists of organisations' voices."""
    voice_samples: VoiceSamples = field(default_factory=VoiceSamples)
    """Samples of voices."""


def object_id(text: str, what: str) -> str:
    """Returns an id in the ledger's form. Raises NotFoundError for text that cannot be an id, as for a missing object."""
    if _CANONICAL.fullmatch(text):
        return text
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise NotFoundError(f"there is no such {what}") from None


def missing(what: str) -> NotFoundError:
    """Returns the error for an object that does not exist or belongs to another tenant."""
    return NotFoundError(f"there is no such {what}")


async def locked_execution(unit: Unit, principal: Principal, execution_id: str) -> Execution:
    """Returns an execution of the principal's organisation, locked until the unit ends. Raises NotFoundError."""
    execution_id = object_id(execution_id, "execution")
    if await unit.executions.get(principal.tenant_id, execution_id) is None:
        raise missing("execution")
    row = await unit.executions.lock(execution_id)
    if row is None:
        raise missing("execution")
    return row
