"""A call runtime on a real database with scripted providers and the loopback carrier, for acceptance tests and benches."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.telephone import PLUGINS as TELEPHONE
from tests.telephone import Telephone
from tests.typed_answers import typed
from tests.waiting import until

from callwright.bootstrap.plugins import PluginInstances
from callwright.call.afterwards.postcall import PostCall
from callwright.call.live.access import NoAccess, TenantAccess
from callwright.call.live.availability import NEVER, AvailabilitySettings, PluginAvailability
from callwright.call.live.caller_lookup import CallerLookup
from callwright.call.live.deps import RuntimeDeps, RuntimeSettings, no_tools
from callwright.call.live.equipment import LocalEars
from callwright.call.live.web_tools import WebDesk
from callwright.call.process.retention import delete_expired
from callwright.call.process.runtime import CallRuntime
from callwright.insight.record import execution_body
from callwright.net.client import GuardedClient
from callwright.ops.clock import SystemClock
from callwright.ops.folders import DataFolder, RecordingFiles
from callwright.ops.ids import RandomIds
from callwright.ops.metrics import Metrics
from callwright.outbox.publication import WebhookPublisher
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.agents.rules.spec import ProviderDefaults
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.availability import EverythingAvailable
from callwright.platform.batches.actions.stop import StoppedContacts
from callwright.platform.executions.actions.transition import insert
from callwright.platform.executions.rules.execution import Execution, Phase, Status
from callwright.platform.extensions.rules import Extension
from callwright.platform.jobs.runner import JobRunner
from callwright.platform.ledger import Ledger
from callwright.platform.prices.rules import PriceBook
from callwright.ports.registry import Plugin, PluginContext, Registry
from callwright.ports.vault import Vault
from callwright.ports.world import Clock
from callwright.providers.openai_compatible import PLUGINS as ENDPOINTS
from callwright.providers.scripted import PLUGINS as SCRIPTED
from callwright.telephony.loopback import PLUGINS as LOOPBACK

AGENT_ID = "00000000-0000-4000-8000-00000000a9e1"

RULES = [
    {"when": "dentist|book", "say": "Of course. Which day suits you?"},
    {"when": "monday", "say": "Monday at nine is free. What is your name?"},
    {"when": "my name is", "say": "Thank you. You are booked.", "end_call": True},
]

SCENARIO: dict[str, Any] = {
    "default": "patient",
    "personas": {
        "patient": {
            "answer": {"how": "answer", "after_s": 0.1},
            "think_ms": 200,
            "rules": [
                {"say": "I want to book a dentist."},
                {"say": "On Monday please."},
                {"say": "My name is Ann."},
            ],
        },
        "busy": {"answer": {"how": "busy", "after_s": 0.05}},
        "absent": {"answer": {"how": "no-answer", "after_s": 0.05}},
        "waiting": {"answer": {"how": "answer", "after_s": 0.1}, "patience_s": 0, "rules": []},
    },
}


def agent_body(**changes: Any) -> dict[str, Any]:
    """A scripted agent as stored. ``changes`` go into its task settings."""
    return {
        "agent_name": "Reception",
        "agent_welcome_message": "Hello, this is reception.",
        "webhook_url": "https://hooks.example.org/calls",
        "tasks": [
            {
                "task_type": "conversation",
                "tools_config": {
                    "transcriber": {"provider": "scripted", "model": "scripted", "language": "en"},
                    "llm_agent": {"provider": "scripted", "model": "scripted", "rules": RULES, "max_tokens": 200},
                    "synthesizer": {"provider": "scripted", "provider_config": {"voice": "scripted"}},
                },
                "task_config": {"call_terminate": 120, **changes},
            },
            {
                "task_type": "extraction",
                "tools_config": {
                    "llm_agent": {
                        "provider": "scripted",
                        "model": "scripted",
                        "extraction_details": "name : the caller's name",
                        "answers": {"extraction": [{"json": {"name": "Ann"}}]},
                    }
                },
            },
        ],
        "agent_prompts": {"task_1": {"system_prompt": "Book appointments."}},
        "end_call_tool_mode": "auto",
    }


class MovedClock(SystemClock):
    """The system's clock, with the wall clock at another time."""

    def __init__(self, at: datetime) -> None:
        self._ahead = at - super().now()

    def now(self) -> datetime:
        return super().now() + self._ahead

    def move(self, at: datetime) -> None:
        self._ahead += at - self.now()


@dataclass(slots=True)
class CallWorld:
    """A running runtime, its ledger and hands to place and follow calls."""

    ledger: Ledger
    runtime: CallRuntime
    publisher: WebhookPublisher
    folder: Path
    ids: RandomIds
    clock: Clock
    deps: RuntimeDeps

    async def telephone(self, body: Mapping[str, Any] | None = None, extension: str = "") -> Telephone:
        """A telephone that calls the agent (with ``body``, under ``extension`` where one is given)."""
        now = self.clock.now()
        agent = StoredAgent(AGENT_ID, DEFAULT_TENANT_ID, "Reception", body or agent_body(), 1, now, now)
        async with self.ledger.unit() as unit:
            await unit.agents.insert(agent)
            if extension:
                await unit.extensions.put(Extension(extension, DEFAULT_TENANT_ID, AGENT_ID, now))
        telephone = self.deps.plugin("carrier", "telephone")
        assert isinstance(telephone, Telephone)
        await telephone.open(self.runtime.desk)
        return telephone

    async def sweep(self) -> int:
        """Complete what is overdue, as the runtime does every ten seconds."""
        return await PostCall(self.deps).sweep()

    async def forget(self) -> int:
        """Delete what is past its time, as the runtime does every hour."""
        return await delete_expired(self.deps)

    async def place(self, body: Mapping[str, Any] | None = None, *, persona: str = "", to: str = "+15550199") -> str:
        """Place a call; returns the execution's id."""
        return (await place(self.ledger, self.publisher, body or agent_body(), persona=persona, to=to)).id

    async def row(self, execution_id: str) -> Execution:
        """The execution as it is now."""
        async with self.ledger.unit() as unit:
            found = await unit.executions.get_any(execution_id)
        assert found is not None
        return found

    async def until(self, execution_id: str, *statuses: str, seconds: float = 60) -> Execution:
        """Wait until the execution has one of ``statuses``. Raises AssertionError with the execution as it is when it takes too long."""
        end = self.clock.monotonic_us() + round(seconds * 1e6)
        while (row := await self.row(execution_id)).status not in statuses:
            assert self.clock.monotonic_us() < end, f"{row.status} within {seconds} s: {row}"
            await asyncio.sleep(0.05)
        return row

    async def until_logged(self, execution_id: str, text: str, seconds: float = 30) -> None:
        """Wait until the log in the ledger holds ``text``."""

        async def written() -> bool:
            return text in await self.log(execution_id)

        await until(written, seconds)

    async def published(self, execution_id: str) -> list[str]:
        """The statuses whose webhooks were written, in order. A typed client can read each."""
        async with self.ledger.unit() as unit:
            entries = await unit.outbox.of_execution(DEFAULT_TENANT_ID, execution_id)
        assert [typed(entry.body).status for entry in entries] == [entry.status for entry in entries]
        return [entry.status for entry in entries]

    async def log(self, execution_id: str) -> str:
        """The call's log in the ledger."""
        async with self.ledger.unit() as unit:
            return (await unit.logs.read(execution_id)).decode()

    def body(self, row: Execution) -> dict[str, Any]:
        """The execution as the API shows it, which a typed client can read."""
        found = execution_body(row, public_url="")
        typed(found)
        return found


async def place(
    ledger: Ledger,
    publisher: WebhookPublisher,
    body: Mapping[str, Any],
    *,
    persona: str = "",
    to: str = "",
    options: Mapping[str, Any] | None = None,
) -> Execution:
    """Write a waiting execution of the default tenant, and its agent if that is missing."""
    now = SystemClock().now()
    execution = Execution(
        id=RandomIds().uuid(),
        tenant_id=DEFAULT_TENANT_ID,
        agent_id=AGENT_ID,
        status=Status.QUEUED,
        phase=Phase.WAITING,
        detail="queued",
        attempt=0,
        direction="outbound",
        carrier="loopback",
        to_number=to or "+15550199",
        from_number="+15550100",
        created_at=now,
        updated_at=now,
        user_data={"persona": persona} if persona else {},
        options=dict(options or {}),
        agent=dict(body),
    )
    async with ledger.unit() as unit:
        if await unit.agents.get(DEFAULT_TENANT_ID, AGENT_ID) is None:
            await unit.agents.insert(StoredAgent(AGENT_ID, DEFAULT_TENANT_ID, "Reception", body, 1, now, now))
        await insert(unit, execution, publisher)
    return execution


def web_desk(ledger: Ledger, client: GuardedClient, clock: Clock) -> WebDesk:
    """HTTP tools as the bootstrap makes them."""

    async def row(execution_id: str) -> Execution | None:
        async with ledger.unit() as unit:
            return await unit.executions.get_any(execution_id)

    return WebDesk(client, clock, row, lambda execution: execution_body(execution, public_url=""))


def scripted_plugins(
    folder: Path, scenario: Mapping[str, Any], loopback: Iterable[Plugin] = LOOPBACK
) -> PluginInstances:
    """The scripted providers, the loopback carrier with ``scenario`` (or another in its place), and a telephone."""
    path = folder / "scenario.json"
    path.write_text(json.dumps(scenario))
    instances = PluginInstances(Registry([*SCRIPTED, *loopback, *TELEPHONE, *ENDPOINTS]))
    settings = {"scenario": str(path), "allow_private_urls": "1"}
    instances.use(PluginContext(settings, folder, instances))
    return instances


@asynccontextmanager
async def call_world(
    dsn: str,
    folder: Path,
    *,
    scenario: Mapping[str, Any] = SCENARIO,
    settings: RuntimeSettings | None = None,
    loopback: Iterable[Plugin] = LOOPBACK,
    client: GuardedClient | None = None,
    vault: Vault | None = None,
    book: PriceBook | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[CallWorld]:
    """Start a runtime with its job runner on the database ``dsn``; HTTP tools go through ``client``, if there is one. With ``vault`` calls
    use the provider keys of their tenants, all of whom count as connected."""
    data = DataFolder(folder)
    data.prepare()
    ledger = Ledger(dsn)
    await ledger.open()
    clock, ids = clock or SystemClock(), RandomIds()
    publisher = WebhookPublisher("", False, ids.uuid, clock.now)
    plugins = scripted_plugins(folder, scenario, loopback)
    names = ProviderDefaults("scripted", "scripted", "scripted")
    access = None if vault is None else TenantAccess(ledger, vault, clock, plugins.key_names_of)
    looked_at = AvailabilitySettings(defaults=names, ears=LocalEars("energy", "scripted"), sandbox=NEVER)
    with ThreadPoolExecutor(1) as disk:
        deps = RuntimeDeps(
            ledger,
            clock,
            ids,
            plugins,
            publisher,
            RecordingFiles(data.recordings),
            data.path,
            book or PriceBook(),
            disk,
            Metrics(),
            settings or RuntimeSettings(ears=LocalEars("energy", "scripted"), defaults=names),
            no_tools if client is None else web_desk(ledger, client, clock).tools,
            None if client is None else CallerLookup(client, ledger),
            access or NoAccess(),
            write_contacts=StoppedContacts(ledger, clock, publisher, "+15550100").write,
            availability=EverythingAvailable()
            if access is None
            else PluginAvailability(plugins.registry, plugins, access, looked_at),
        )
        runtime = CallRuntime(deps)
        await runtime.start()
        jobs = JobRunner(dsn, runtime.jobs)
        running = asyncio.create_task(jobs.run())
        # As the bootstrap does: a full collection over everything that was there before stops the audio for 100 ms and more. None is made
        # first: over all that tests import it takes a second, of each of hundreds of tests.
        gc.freeze()
        try:
            yield CallWorld(ledger, runtime, publisher, data.path, ids, clock, deps)
        finally:
            gc.unfreeze()
            await runtime.aclose()
            jobs.stop()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await plugins.aclose()
            await ledger.aclose()
