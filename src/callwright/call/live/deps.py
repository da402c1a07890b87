"""What the call runtime is built from."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import ParamSpec, TypeVar

from callwright.call.live.access import Accesses, NoAccess
from callwright.call.live.breakers import Breakers
from callwright.call.live.caller_lookup import CallerLookup
from callwright.call.live.equipment import LocalEars, billed_by
from callwright.call.live.tools import NoTools, ToolRunner
from callwright.call.live.trunk_routes import TrunkRoutes
from callwright.domain.errors import CallwrightError
from callwright.domain.limits import INBOUND_CALLS_A_SECOND
from callwright.ops.metrics import Metrics
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.spec import AgentSpec, ProviderDefaults
from callwright.platform.availability import Availability, EverythingAvailable
from callwright.platform.dialling.actions import Decisions
from callwright.platform.executions.actions.transition import Publisher
from callwright.platform.executions.rules.execution import Execution
from callwright.platform.ledger import Ledger
from callwright.platform.prices.rules import BilledAs, Prices
from callwright.platform.wallet.rules import LEAST_RESERVATION_NANO, worst_price
from callwright.ports.registry import FileClient, PluginGetter
from callwright.ports.world import Clock, Ids, Recordings

_P = ParamSpec("_P")
_R = TypeVar("_R")

ToolsOf = Callable[[Execution, AgentSpec, Mapping[str, str]], ToolRunner]
"""The tools of a call: its execution, agent and variables."""


def no_tools(execution: Execution, spec: AgentSpec, variables: Mapping[str, str]) -> ToolRunner:
    """The tools of a platform without any."""
    return NoTools()


WriteContacts = Callable[[str, str], Awaitable[None]]
"""Writes the executions of all contacts that a stopped batch (tenant and id) still holds."""


@dataclass(frozen=True, slots=True)
class RuntimeSettings:
    """Settings of the call runtime. ``sync_logs`` also survives a power failure, at the price of a disk access before each hang-up.
    ``refuse_unfunded``: calls that come in are refused where the wallet or a cap is used up."""

    node_name: str = "callwright"
    max_calls: int = 50
    inbound_per_second: int = INBOUND_CALLS_A_SECOND
    retention_days: int = 90
    ears: LocalEars = field(default_factory=LocalEars)
    defaults: ProviderDefaults = field(default_factory=ProviderDefaults)
    sync_logs: bool = False
    ambient_folder: Path | None = None
    ringing_tone: str = "us"
    refuse_unfunded: bool = False


class Background:
    """Work with the logs and recordings of calls that are over, one piece at a time on a thread.

    Several threads would leave the event loop, and with it the live calls, a fraction of the processor when many calls end at once.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(1)

    async def run(self, work: Callable[_P, _R], *arguments: _P.args, **named: _P.kwargs) -> _R:
        """What ``work`` returns or raises, when its turn has come."""
        async with self._turn:
            return await asyncio.to_thread(work, *arguments, **named)


@dataclass(frozen=True, slots=True)
class RuntimeDeps:
    """Ports and settings of the call runtime.

    ``plugin(kind, name)`` gives registered plugins (``UnknownPluginError`` otherwise); ``data_folder`` is the process's data folder, whose
    ``live`` folder holds logs and raw recordings of calls in progress; ``disk`` is one thread that appends to recordings.
    """

    ledger: Ledger
    clock: Clock
    ids: Ids
    plugin: PluginGetter
    publisher: Publisher
    recordings: Recordings
    data_folder: Path
    book: Prices
    disk: Executor
    metrics: Metrics
    settings: RuntimeSettings = field(default_factory=RuntimeSettings)
    tools_of: ToolsOf = no_tools
    caller_lookup: CallerLookup | None = None
    access: Accesses = field(default_factory=NoAccess)
    availability: Availability = field(default_factory=EverythingAvailable)
    trunks: TrunkRoutes | None = None
    write_contacts: WriteContacts | None = None
    decisions: Decisions = field(default_factory=lambda: Decisions({}))
    breakers: Breakers = field(default_factory=Breakers)
    files: FileClient | None = None
    background: Background = field(default_factory=Background)

    @property
    def live_folder(self) -> Path:
        """Where calls in progress keep their files."""
        return self.data_folder / "live"

    @property
    def billed_as(self) -> BilledAs:
        """Under which names the plugins bill an agent's choices."""
        return billed_by(self.plugin)

    def price_of(self, execution: Execution, held_as: Callable[[AgentSpec], AgentSpec]) -> int:
        """What a call that somebody else begins costs at worst, in nano-cents; ``held_as``: its agent as the call has it."""
        try:
            spec = parse_agent(execution.agent, defaults=self.settings.defaults)
        except CallwrightError:
            # It cannot be tried, and the attempt says why.
            return LEAST_RESERVATION_NANO
        return worst_price(held_as(spec), execution.carrier, self.book.at(self.clock.now()), self.billed_as)
