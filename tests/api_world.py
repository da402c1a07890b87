"""A real application on a real database for tests of the API: two organisations, their keys, and hands on time and on live events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.database import database_at, run_sql

from callwright.api.app import build_app
from callwright.api.services import ApiServices
from callwright.insight.dispositions import questions_of, unanswered
from callwright.ops.ids import RandomIds
from callwright.ops.master_key import MasterKeys
from callwright.ops.metrics import Metrics
from callwright.ops.vault import SealedVault
from callwright.outbox.publication import BatchWebhookPublisher, WebhookPublisher
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID, Principal
from callwright.platform.dispositions.rules import read_disposition
from callwright.platform.keys.actions.keys import create_key, revoke_key
from callwright.platform.ledger import Ledger
from callwright.platform.services import CallPolicy, Services
from callwright.platform.sub_accounts.actions.sub_accounts import create_sub_account, delete_sub_account
from callwright.platform.sub_accounts.rules import Places
from callwright.ports.catalogue import VoiceOffer
from callwright.ports.questions import Examination, Examined
from callwright.ports.registry import Plugin
from callwright.providers.openai_compatible import PLUGINS as ENDPOINTS
from callwright.providers.scripted import PLUGINS as SCRIPTED
from callwright.providers.scripted.voice import ScriptedVoice

NILA = VoiceOffer("v-1", "Nila")
SAMPLED = Plugin("voice", "sampled", "a voice that is listed", lambda _: ScriptedVoice(), voices=(NILA,))
OTHER_TENANT_ID = "00000000-0000-4000-8000-0000000000ff"
PUBLIC_URL = "http://callwright.test"
BRANCH = Places(0, None)

AGENT: dict[str, Any] = {
    "agent_config": {
        "agent_name": "Clinic reminder",
        "agent_welcome_message": "Hello {customer_name}.",
        "webhook_url": "https://hooks.example.org/calls",
        "colour": {"of": "the caller's choice"},
        "tasks": [
            {"task_type": "conversation", "task_config": {"call_terminate": "300", "hangup_after_silence": 12.0}}
        ],
    },
    "agent_prompts": {"task_1": {"system_prompt": "Confirm the appointment."}},
}


class TestClock:
    """The real time, moved by hand."""

    __test__ = False

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def monotonic_us(self) -> int:
        return 0

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class FolderRecordings:
    """Recordings in a folder of the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, execution_id: str, name: str, data: bytes) -> None:
        (self.folder / execution_id).mkdir(exist_ok=True)
        (self.folder / execution_id / name).write_bytes(data)

    def new_path(self, execution_id: str, name: str) -> str:
        (self.folder / execution_id).mkdir(exist_ok=True)
        return str(self.folder / execution_id / name)

    def path(self, execution_id: str, name: str) -> str | None:
        path = self.folder / execution_id / name
        return str(path) if path.exists() else None

    def delete(self, execution_id: str) -> None:
        for path in (self.folder / execution_id).glob("*"):
            path.unlink()


@dataclass
class StopWishes:
    """A call control that keeps what was asked of it."""

    asked: list[tuple[str, str, str]] = field(default_factory=list)
    told: list[tuple[str, list[str]]] = field(default_factory=list)
    captured: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def request_stop(self, execution_id: str, by: str, reason: str) -> None:
        self.asked.append((execution_id, by, reason))

    async def deliver_events(self, execution_id: str, events: Sequence[Mapping[str, Any]]) -> None:
        self.told.append((execution_id, [str(event["name"]) for event in events]))

    async def request_capture(self, execution_id: str, wish: Mapping[str, Any]) -> None:
        self.captured.append((execution_id, dict(wish)))


class Examining:
    """Questions about transcripts answered without a model: every disposition hears the transcript itself."""

    def __init__(self) -> None:
        self.asked: list[Examination] = []

    async def examine(self, asked: Examination) -> Examined:
        self.asked.append(asked)
        found: dict[str, Any] = {}
        for one in questions_of([read_disposition(body) for body in asked.bodies], {}):
            result = {**unanswered(one.asked, ""), "answered": True, "error": None}
            found.setdefault(one.asked.category, {})[one.name] = {**result, "subjective": asked.transcript}
        usage = {
            "kind": "model",
            "provider": "p",
            "model": "m",
            "purpose": "extraction",
            "amount": 10,
            "amount_output": 1,
        }
        return Examined(found, [usage], 7_000_000)


class ScriptedEvents:
    """Live events from a list; the stream then stays open until ``hold`` is over."""

    def __init__(self) -> None:
        self.events: list[Mapping[str, Any]] = []
        self.after: list[str | None] = []
        self.hold_seconds = 0.0
        self.closed = 0

    async def subscribe(self, execution_id: str, after: str | None) -> AsyncIterator[Mapping[str, Any]]:
        self.after.append(after)
        try:
            for event in self.events:
                yield event
            await asyncio.sleep(self.hold_seconds)
        finally:
            self.closed += 1


@dataclass
class ApiWorld:
    """The application, clients of both organisations and what a test wants to touch behind it."""

    services: ApiServices
    ledger: Ledger
    clock: TestClock
    control: StopWishes
    live: ScriptedEvents
    recordings: FolderRecordings
    dsn: str
    key: str
    other_key: str
    revoked_key: str
    read_key: str
    call_key: str
    operator_key: str
    member_key: str
    expired_key: str
    sub_key: str
    other_sub_key: str
    deleted_key: str

    @asynccontextmanager
    async def client(self, key: str | None = "", **policy: Any) -> AsyncIterator[httpx.AsyncClient]:
        """A client with a key (ours by default, none with None) of the application, with another policy where wanted."""
        services = self.services
        if policy:
            services = replace(services, actions=replace(services.actions, policy=CallPolicy(**policy)))
        transport = httpx.ASGITransport(build_app(services), raise_app_exceptions=True)
        headers = {} if key is None else {"Authorization": f"Bearer {key or self.key}"}
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL, headers=headers) as client:
            yield client


@dataclass(frozen=True, slots=True)
class WorldTemplate:
    """A database with the organisations of a world, and their keys under the names that :class:`ApiWorld` has for them."""

    name: str
    keys: Mapping[str, str]


@pytest.fixture(scope="session")
def world_template(
    postgres_server: str, database_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WorldTemplate]:
    """What ``dsn`` is copied from where a test uses ``world``."""
    # Each folder of tests that imports this fixture has a template of its own in a process: "world0", "world1".
    folder = tmp_path_factory.mktemp("world")
    name = f"{database_template}_{folder.name}"
    dsn = database_at(postgres_server, name)

    async def make() -> dict[str, str]:
        await run_sql(
            postgres_server, f"drop database if exists {name}", f"create database {name} template {database_template}"
        )
        ledger = Ledger(dsn)
        await ledger.open()
        try:
            made = await make_world(ledger, dsn, folder)
        finally:
            await ledger.aclose()
        return {one.name: getattr(made, one.name) for one in fields(made) if one.name.endswith("key")}

    yield WorldTemplate(name, asyncio.run(make()))
    asyncio.run(run_sql(postgres_server, f"drop database if exists {name}"))


@pytest.fixture
async def world(ledger: Ledger, dsn: str, tmp_path: Path, world_template: WorldTemplate) -> ApiWorld:
    """A world with an own and another organisation."""
    return await make_world(ledger, dsn, tmp_path, world_template.keys)


async def make_world(ledger: Ledger, dsn: str, folder: Path, keys: Mapping[str, str] | None = None) -> ApiWorld:
    """A world over an open ledger and an empty folder. ``keys`` are those of organisations that the database has already."""
    clock, control, live, recordings = TestClock(), StopWishes(), ScriptedEvents(), FolderRecordings(folder)
    ids = RandomIds()
    actions = Services(
        ledger=ledger,
        clock=clock,
        ids=ids,
        batch_publisher=BatchWebhookPublisher(ids.uuid, clock.now),
        publisher=WebhookPublisher(PUBLIC_URL, True, ids.uuid, clock.now),
        control=control,
        recordings=recordings,
        names=lambda kind: {"carrier": {"loopback", "sip", "sip-trunk"}, "voice": {"acme"}}.get(kind, set()),
        policy=CallPolicy(),
        key_secrets=lambda: (b"k" * 32,),
        vault=SealedVault(MasterKeys("", folder)),
        plugins=lambda: [*SCRIPTED, *ENDPOINTS, SAMPLED],
        voice_of=lambda _: ScriptedVoice(),
        questions=Examining(),
    )

    async def ready() -> None:
        return None

    services = ApiServices(
        actions=actions,
        live=live,
        metrics=Metrics(),
        ready=ready,
        public_url=PUBLIC_URL,
        link_secrets=lambda: (b"l" * 32,),
    )
    if keys is None:
        keys = await make_organisations(actions, clock, dsn)
    return ApiWorld(services, ledger, clock, control, live, recordings, dsn, **keys)


async def make_organisations(actions: Services, clock: TestClock, dsn: str) -> dict[str, str]:
    """Makes the other organisation and the keys of both; returns these under their names in :class:`ApiWorld`."""
    await run_sql(
        dsn,
        "insert into tenant (id, name, email, max_concurrency, created_at)"
        f" values ('{OTHER_TENANT_ID}', 'Others', 'others@example.org', 2, now())",
    )
    ours = await create_key(actions, DEFAULT_TENANT_ID, "ours")
    others = await create_key(actions, OTHER_TENANT_ID, "others")
    revoked = await create_key(actions, DEFAULT_TENANT_ID, "revoked")
    await revoke_key(actions, DEFAULT_TENANT_ID, revoked.stored.id)
    reading = await create_key(actions, DEFAULT_TENANT_ID, "reading", scope="read")
    calling = await create_key(actions, DEFAULT_TENANT_ID, "calling", scope="call")
    operating = await create_key(actions, DEFAULT_TENANT_ID, "operating", scope="operator")
    member = await create_key(actions, DEFAULT_TENANT_ID, "member", role="member", holder="asha")
    clock.ahead = timedelta(days=-2)
    expired = await create_key(actions, DEFAULT_TENANT_ID, "old", expires_at=clock.now() + timedelta(days=1))
    clock.ahead = timedelta()
    sub = await create_sub_account(actions, Principal(DEFAULT_TENANT_ID, "cli", ""), "north", BRANCH, None)
    others_sub = await create_sub_account(actions, Principal(OTHER_TENANT_ID, "cli", ""), "branch", BRANCH, None)
    deleted = await create_sub_account(actions, Principal(OTHER_TENANT_ID, "cli", ""), "branch", BRANCH, None)
    await delete_sub_account(actions, Principal(OTHER_TENANT_ID, "cli", ""), deleted.tenant.id)
    return {
        "key": ours.secret,
        "other_key": others.secret,
        "revoked_key": revoked.secret,
        "read_key": reading.secret,
        "call_key": calling.secret,
        "operator_key": operating.secret,
        "member_key": member.secret,
        "expired_key": expired.secret,
        "sub_key": sub.secret or "",
        "other_sub_key": others_sub.secret or "",
        "deleted_key": deleted.secret or "",
    }


async def create(client: httpx.AsyncClient, **config: Any) -> str:
    """Create the usual agent, with other settings where wanted; returns its id."""
    body = {**AGENT, "agent_config": {**AGENT["agent_config"], **config}}
    answer = await client.post("/v2/agent", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["agent_id"])


async def place(client: httpx.AsyncClient, agent_id: str, **more: Any) -> str:
    """Place a call to a synthetic caller; returns its execution id."""
    body = {"agent_id": agent_id, "recipient_phone_number": "loopback:demo", **more}
    answer = await client.post("/call", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["execution_id"])
