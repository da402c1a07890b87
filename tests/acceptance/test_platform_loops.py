"""A platform whose loops all run is ready; one that lost a loop says which; and an error nobody expects ends none of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.acceptance.test_batch_crash import BATCH_ID, a_due_batch
from tests.api_world import create, place
from tests.database import fetch, run_sql
from tests.waiting import until

from callwright.bootstrap.platform import Platform, open_platform
from callwright.lab.caller_scenario import BUILT_IN
from callwright.ops.settings import Settings
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.batches.actions.stop import STOPPED_CONTACTS_JOB
from callwright.platform.batches.rules.batch import BatchStatus
from callwright.platform.keys.actions.keys import create_key
from callwright.platform.ledger import Ledger

SCRIPTED: dict[str, Any] = dict.fromkeys(
    ("transcriber", "model", "voice", "loopback_voice", "loopback_ears"), "scripted"
)


@pytest.fixture
async def platform(dsn: str, tmp_path: Path) -> AsyncIterator[Platform]:
    settings = Settings(data=tmp_path, database_url=dsn, sip_listen="", vad="energy", turn="none", **SCRIPTED)
    async with open_platform(settings, "http://callwright.test") as opened:
        yield opened


async def ready(platform: Platform) -> httpx.Response:
    transport = httpx.ASGITransport(platform.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://callwright.test") as client:
        return await client.get("/readyz")


async def test_a_platform_is_ready_and_says_when_it_drains(platform: Platform) -> None:
    first = await ready(platform)
    assert (first.status_code, first.json()["carriers"]["sip"]) == (200, "off")
    await platform.drain()
    answer = await ready(platform)
    assert (answer.status_code, "draining" in answer.text) == (503, True)


async def test_a_platform_without_models_is_ready_and_names_them(dsn: str, tmp_path: Path) -> None:
    settings = Settings(
        data=tmp_path,
        database_url=dsn,
        sip_listen="",
        models=tmp_path,
        transcriber="whisper",
        model="intents",
        turn="none",
    )
    async with open_platform(settings, "http://callwright.test") as opened:
        answer = await ready(opened)
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    install = "callwright models install --default"
    assert answer.json()["lacking"] == [
        f"the recogniser 'whisper' lacks its model whisper-tiny.en: {install}",
        f"the voice 'local' lacks its model piper-joe: {install}",
        f"the model 'intents' lacks its model minilm-l6-int8: {install}",
    ]


async def test_the_synthetic_callers_of_the_scenario_file_may_be_called(dsn: str, tmp_path: Path) -> None:
    file = tmp_path / "callers.json"
    file.write_text('{"personas": {"ann": {"extends": "demo"}}, "numbers": {"+15550101": "ann"}}')
    settings = Settings(data=tmp_path, database_url=dsn, sip_listen="", vad="energy", turn="none", scenario=file)
    async with open_platform(settings, "http://callwright.test") as opened:
        assert opened.services.policy.callers == {*BUILT_IN, "ann", "+15550101"}


@pytest.mark.parametrize(
    "name", ["webhooks", "events", "database", "worker", "admission", "node", "log shipper", "audit trail"]
)
async def test_a_platform_that_lost_a_loop_is_not_ready_and_names_it(platform: Platform, name: str) -> None:
    (task,) = [task for task in asyncio.all_tasks() if task.get_name() == name]
    task.cancel()

    async def unready() -> bool:
        return (await ready(platform)).status_code == 503

    await until(unready, 5)
    assert name in (await ready(platform)).json()["message"]


async def test_a_platform_that_keeps_everything_lacks_no_loop(dsn: str, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, database_url=dsn, sip_listen="", vad="energy", turn="none", retention_days=0)
    async with open_platform(settings, "http://callwright.test") as opened:
        await asyncio.sleep(0.1)
        assert (await ready(opened)).status_code == 200


@pytest.mark.parametrize(("days", "left"), [(365, 1), (0, 2)])
async def test_a_platform_prunes_the_audit_trail_as_its_setting_says(
    dsn: str, tmp_path: Path, days: int, left: int
) -> None:
    await run_sql(
        dsn,
        "insert into audit (tenant_id, actor, action, object_type, object_id, at) select id, 'key-1', 'a', 'agent', 'old',"
        " now() - age * interval '1 day' from tenant, unnest(array[366, 364]) age",
    )
    settings = Settings(
        data=tmp_path, database_url=dsn, sip_listen="", vad="energy", turn="none", audit_retention_days=days
    )
    async with open_platform(settings, "http://callwright.test"):

        async def rows() -> bool:
            return len(await fetch(dsn, "select from audit where object_id = 'old'")) == left

        await until(rows, 10)


async def test_a_platform_writes_the_calls_of_a_stopped_batch(platform: Platform, dsn: str, ledger: Ledger) -> None:
    ids = await a_due_batch(ledger, 3, BatchStatus.STOPPED, webhook_url="https://hooks.example.org/calls")
    async with ledger.unit() as unit:
        await unit.jobs.put(STOPPED_CONTACTS_JOB, f"{DEFAULT_TENANT_ID} {BATCH_ID}".encode(), DEFAULT_TENANT_ID)

    async def told() -> bool:
        rows = await fetch(dsn, "select execution_id from outbox where status = 'stopped'")
        return {row["execution_id"] for row in rows} == set(ids)

    await until(told, 10)


async def test_an_error_of_the_database_nobody_expects_ends_no_loop(platform: Platform, dsn: str) -> None:
    tables = ("execution", "outbox", "node", "idempotency")
    for table in tables:
        await run_sql(dsn, f"alter table {table} rename to {table}_elsewhere")
    await asyncio.sleep(6.5)
    for table in tables:
        await run_sql(dsn, f"alter table {table}_elsewhere rename to {table}")

    assert platform.ended_loops == []
    assert (await ready(platform)).status_code == 200


async def test_a_platform_puts_events_in_order_and_tells_those_who_wait(platform: Platform) -> None:
    key = (await create_key(platform.services, DEFAULT_TENANT_ID, "reader")).secret
    transport = httpx.ASGITransport(platform.app)
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://callwright.test", headers=headers) as client:
        waiting = asyncio.ensure_future(client.get("/v1/callwright/events", params={"wait": 20}))
        await asyncio.sleep(0.2)
        agent_id = await create(client, webhook_url=None)
        execution_id = await place(client, agent_id, scheduled_at=(datetime.now(UTC) + timedelta(days=1)).isoformat())
        stopped = await client.post(f"/call/{execution_id}/stop")
        assert stopped.status_code == 200, stopped.text
        async with asyncio.timeout(10):
            (event,) = (await waiting).json()["data"]
    assert (event["type"], event["execution_id"]) == ("execution.stopped", execution_id)
