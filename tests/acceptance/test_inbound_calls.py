"""Calls that come in, over a telephone in this process, with scripted providers on a real database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.call_world import AGENT_ID, CallWorld, agent_body, call_world
from tests.database import fetch, run_sql
from tests.waiting import until

from callwright.call.live.deps import RuntimeSettings
from callwright.call.live.equipment import LocalEars
from callwright.conversation.core import Conversation
from callwright.conversation.log import event_from_wire, read_log, values_of
from callwright.media.wav import read_wav
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.agents.rules.spec import ProviderDefaults
from callwright.platform.executions.rules.changes import ExecutionFilter
from callwright.platform.executions.rules.execution import Execution

pytestmark = pytest.mark.real_time

PATIENT: dict[str, Any] = {
    "think_ms": 200,
    "rules": [{"say": "I want to book a dentist."}, {"say": "On Monday please."}, {"say": "My name is Ann."}],
}
SILENT: dict[str, Any] = {"patience_s": 0, "rules": []}


@pytest.fixture
async def world(dsn: str, tmp_path: Path) -> AsyncIterator[CallWorld]:
    async with call_world(dsn, tmp_path) as started:
        yield started


async def the_call(world: CallWorld, *statuses: str, seconds: float = 60) -> Execution:
    """The one execution there is, once it has one of ``statuses``."""

    async def there() -> bool:
        return bool(await executions(world))

    await until(there, seconds)
    (row,) = await executions(world)
    return await world.until(row.id, *statuses, seconds=seconds)


async def executions(world: CallWorld) -> list[Execution]:
    async with world.ledger.unit() as unit:
        found: list[Execution] = []
        for row in await unit.agents.all(DEFAULT_TENANT_ID):
            page = await unit.executions.page(DEFAULT_TENANT_ID, row.id, ExecutionFilter(), 1, 50)
            found.extend(page.rows)
    return found


def refused(world: CallWorld, reason: str) -> float:
    """How many calls were refused for ``reason``."""
    found = world.deps.metrics.registry.get_sample_value("callwright_inbound_refused_total", {"reason": reason})
    return found or 0


async def test_a_call_that_comes_in_is_answered_and_ends_completed_with_its_record(world: CallWorld) -> None:
    telephone = await world.telephone()

    call = telephone.ring(AGENT_ID, PATIENT)

    row = await the_call(world, "completed", "error")
    body = world.body(row)
    assert body["transcript"].splitlines() == [
        "assistant: Hello, this is reception.",
        "user: I want to book a dentist.",
        "assistant: Of course. Which day suits you?",
        "user: On Monday please.",
        "assistant: Monday at nine is free. What is your name?",
        "user: My name is Ann.",
        "assistant: Thank you. You are booked.",
    ]
    assert body["extracted_data"] == {"name": "Ann"}
    telephony = body["telephony_data"]
    assert (telephony["call_type"], telephony["provider"]) == ("inbound", "telephone")
    assert (telephony["to_number"], telephony["from_number"]) == (AGENT_ID, "sip:ann@phone.example")
    assert (body["user_number"], body["agent_number"]) == ("sip:ann@phone.example", AGENT_ID)
    assert telephony["provider_call_id"] == call.provider_call_id
    assert (row.hangup_by, row.hangup_reason) == ("API Request", "end_call_tool")
    assert await world.published(row.id) == ["ringing", "in-progress", "call-disconnected", "completed"]
    wav = read_wav((world.folder / "recordings" / row.id / "call.wav").read_bytes())
    assert abs(wav.duration_ms - row.record["conversation_ms"]) < 200
    assert not list((world.folder / "live").iterdir())


async def test_a_caller_is_not_watched_for_an_answering_machine(world: CallWorld) -> None:
    telephone = await world.telephone(agent_body(voicemail=True))
    says = [{"say": "Please leave a message after the tone."}, {"say": "Bye.", "hang_up": True, "linger_ms": 200}]

    telephone.ring(AGENT_ID, {"think_ms": 200, "rules": says})

    row = await the_call(world, "completed", "error")
    assert row.hangup_reason != "voicemail_detected"
    assert world.body(row)["answered_by_voice_mail"] is None


async def test_the_caller_who_hangs_up_is_the_caller(world: CallWorld) -> None:
    telephone = await world.telephone()
    call = telephone.ring(AGENT_ID, SILENT)
    await the_call(world, "in-progress")

    call.put_down()

    row = await the_call(world, "completed")
    assert (row.hangup_by, row.hangup_reason, row.hangup_code) == ("Caller", "Call ended", 4000)
    assert row.record["ended_by"] == "far_end"


@pytest.mark.long
async def test_replaying_the_log_of_a_call_that_came_in_gives_the_same_effects(world: CallWorld) -> None:
    telephone = await world.telephone()
    telephone.ring(AGENT_ID, PATIENT)
    row = await the_call(world, "completed")

    _, entries = read_log(await world.log(row.id))
    core = Conversation()
    replayed: list[object] = []
    for entry in entries:
        if entry.direction == "in":
            effects = core.step(event_from_wire(entry.type, entry.at_us, entry.values))
            replayed.extend([type(e).__name__, json.loads(json.dumps(values_of(e)))] for e in effects)

    assert replayed == [[e.type, e.values] for e in entries if e.direction == "out"]


@pytest.mark.parametrize("called", ["reception", "Reception", AGENT_ID.upper(), AGENT_ID.replace("-", "")])
async def test_an_agent_is_reached_by_its_extension_and_by_its_id_however_spelt(world: CallWorld, called: str) -> None:
    telephone = await world.telephone(extension="reception")

    call = telephone.ring(called, SILENT)

    row = await the_call(world, "in-progress")
    assert (row.agent_id, row.to_number) == (AGENT_ID, called)
    call.put_down()
    await the_call(world, "completed")


@pytest.mark.proves("agent.sip_header_variables")
async def test_headers_are_in_the_log_in_the_execution_and_variables_of_the_prompt(world: CallWorld) -> None:
    body = {
        **agent_body(),
        "agent_welcome_message": "Campaign {sip_x_campaign}, {reason}, {from_number}.",
        "sip_header_variables": {"X-Call-Reason": "reason", "X-Missing": "nothing"},
    }
    telephone = await world.telephone(body)
    headers = {"X-Campaign": "spring", "X-Call-Reason": "toothache"}

    call = telephone.ring(AGENT_ID, SILENT, caller="4711", headers=headers)

    await until(lambda: call.answered_at is not None)
    await asyncio.sleep(4)
    call.put_down()
    row = await the_call(world, "completed")
    assert "assistant: Campaign spring, toothache, 4711." in row.record["transcript"]
    assert row.options["headers"] == headers
    assert world.body(row)["context_details"]["recipient_data"] == {
        "sip_x_campaign": "spring",
        "sip_x_call_reason": "toothache",
        "reason": "toothache",
        "nothing": "",
    }
    _, entries = read_log(await world.log(row.id))
    assert [entry.values for entry in entries if entry.type == "headers"] == [headers]


async def test_of_the_other_headers_of_a_call_those_are_kept_that_its_agent_names(world: CallWorld) -> None:
    body = {
        **agent_body(),
        "sip_header_variables": {"X-CALLERNO": "caller_no", "X-Campaign": "campaign", "X-Missing": "nothing"},
        "ingest_lookup_key": "X-Customer",
    }
    telephone = await world.telephone(body)
    others = {"x-callerno": "47\x0011", "x-campaign": "", "x-customer": "C-7", "p-asserted-identity": "<sip:ann@x>"}

    call = telephone.ring(AGENT_ID, SILENT, headers={"X-Campaign": "spring"}, others=others)

    row = await the_call(world, "in-progress")
    assert row.options["headers"] == {"X-Campaign": "spring", "X-CALLERNO": "4711", "X-Customer": "C-7"}
    assert (row.user_data["caller_no"], row.user_data["campaign"], row.user_data["nothing"]) == ("4711", "spring", "")
    call.put_down()
    await the_call(world, "completed")


async def test_hostile_texts_of_a_caller_are_made_harmless(world: CallWorld) -> None:
    telephone = await world.telephone()

    call = telephone.ring(
        AGENT_ID,
        SILENT,
        caller="a\x00\ud800b" + "x" * 5_000,
        headers={f"X-{n}\r\n": "\x00\udfff" + "y" * 9_000 for n in range(99)},
    )

    row = await the_call(world, "in-progress")
    assert row.from_number.startswith("abxxx")
    assert len(row.from_number) == 200
    assert len(row.options["headers"]) == 14
    assert {len(value) for value in row.options["headers"].values()} == {512}
    call.put_down()
    await the_call(world, "completed")


@pytest.mark.parametrize("called", ["nobody", "", "00000000-0000-4000-8000-00000000dead", "x" * 3_000, "a\x00b"])
async def test_a_call_to_nobody_is_refused_and_leaves_nothing(world: CallWorld, called: str) -> None:
    telephone = await world.telephone()

    call = telephone.ring(called, SILENT)

    await call.over(5)
    assert call.rejected == 404
    assert await executions(world) == []
    assert refused(world, "unknown") == 1


async def test_a_deleted_agent_is_nobody(world: CallWorld) -> None:
    telephone = await world.telephone(extension="reception")
    async with world.ledger.unit() as unit:
        assert await unit.agents.delete(DEFAULT_TENANT_ID, AGENT_ID)

    for called in ("reception", AGENT_ID):
        call = telephone.ring(called, SILENT)
        await call.over(5)
        assert call.rejected == 404


async def test_a_tenant_at_its_limit_is_busy_and_the_call_only_counted(world: CallWorld, dsn: str) -> None:
    telephone = await world.telephone()
    await run_sql(dsn, "update tenant set max_concurrency = 2")

    calls = [telephone.ring(AGENT_ID, SILENT) for _ in range(5)]

    await until(lambda: sum(call.rejected == 486 for call in calls) == 3)
    await until(lambda: sum(call.answered_at is not None for call in calls) == 2)
    assert len(await executions(world)) == 2
    assert refused(world, "concurrency") == 3
    for call in calls:
        call.put_down()
    await until(lambda: world.runtime.live_calls == 0)


async def test_a_process_at_its_limit_is_busy(dsn: str, tmp_path: Path) -> None:
    names = ProviderDefaults("scripted", "scripted", "scripted")
    settings = RuntimeSettings(max_calls=3, ears=LocalEars("energy", "scripted"), defaults=names)
    async with call_world(dsn, tmp_path, settings=settings) as world:
        telephone = await world.telephone()

        calls = [telephone.ring(AGENT_ID, SILENT) for _ in range(7)]

        await until(lambda: sum(call.answered_at is not None for call in calls) == 3)
        assert sum(call.rejected == 486 for call in calls) == 4
        assert refused(world, "busy") == 4
        assert len(await executions(world)) == 3
        for call in calls:
            call.put_down()
        await until(lambda: world.runtime.live_calls == 0)
        after = telephone.ring(AGENT_ID, SILENT)
        await until(lambda: after.answered_at is not None)
        after.put_down()


async def test_twenty_calls_may_come_at_once_and_more_of_one_account_are_busy(world: CallWorld) -> None:
    telephone = await world.telephone()

    calls = [telephone.ring(AGENT_ID, SILENT) for _ in range(22)]

    await until(lambda: sum(call.answered_at is not None for call in calls) == 20)
    assert [call.rejected for call in calls[20:]] == [486, 486]
    assert refused(world, "rate") == 2
    for call in calls[:20]:
        call.put_down()
    await until(lambda: world.runtime.live_calls == 0)


async def test_a_draining_process_takes_no_more_calls_and_ends_those_it_has(world: CallWorld) -> None:
    telephone = await world.telephone()
    call = telephone.ring(AGENT_ID, SILENT)
    row = await the_call(world, "in-progress")

    draining = asyncio.create_task(world.runtime.drain(1.0))
    await asyncio.sleep(0.1)
    late = telephone.ring(AGENT_ID, SILENT)

    assert (await late.over(5), late.rejected)[1] == 486
    assert refused(world, "draining") == 1
    await draining
    await call.over(5)
    row = await world.until(row.id, "completed")
    assert (row.hangup_by, row.hangup_reason) == ("Error", "node_draining")


async def test_without_a_database_the_call_is_refused_with_503(world: CallWorld, dsn: str) -> None:
    telephone = await world.telephone()
    # A lock on the agents that outlasts the caller's patience: as good as away.
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute("lock table agent in access exclusive mode")
            call = telephone.ring(AGENT_ID, SILENT)
            await call.over(15)
    finally:
        await connection.close()
    assert call.rejected == 503
    assert refused(world, "database") == 1
    assert await executions(world) == []


async def test_a_caller_who_gives_up_while_it_rings_is_canceled(world: CallWorld) -> None:
    telephone = await world.telephone()

    call = telephone.ring(AGENT_ID, SILENT)
    call.put_down()

    row = await the_call(world, "canceled", "completed", "error")
    assert (row.status, row.hangup_by, row.hangup_reason) == ("canceled", "Caller", "Call canceled")
    assert call.answered_at is None
    assert await world.published(row.id) == ["ringing", "canceled"]
    assert (row.answered_at, world.body(row)["transcript"]) == (None, None)


async def test_an_agent_that_cannot_take_calls_refuses_with_the_reason_in_the_record(world: CallWorld) -> None:
    body = agent_body()
    body["tasks"][0]["tools_config"]["synthesizer"]["provider"] = "not-installed"
    telephone = await world.telephone(body)

    call = telephone.ring(AGENT_ID, SILENT)

    row = await the_call(world, "error")
    assert call.rejected == 503
    assert row.error_message is not None
    assert "voice 'not-installed'" in row.error_message
    assert (row.hangup_by, row.hangup_reason) == ("Error", "configuration")


async def test_a_line_that_cannot_be_answered_ends_the_call_as_an_error(world: CallWorld) -> None:
    telephone = await world.telephone()

    call = telephone.ring(AGENT_ID, SILENT, dead=True)

    row = await the_call(world, "error", "completed")
    assert (row.hangup_by, row.error_message) == ("Error", "answer_failed")
    await call.over(10)


async def test_stopping_a_call_that_came_in_hangs_it_up(world: CallWorld) -> None:
    telephone = await world.telephone()
    call = telephone.ring(AGENT_ID, SILENT)
    row = await the_call(world, "in-progress")

    await world.runtime.control.request_stop(row.id, "API Request", "stopped_by_api")

    row = await world.until(row.id, "completed", seconds=15)
    assert (row.hangup_by, row.hangup_reason) == ("API Request", "stopped_by_api")
    assert (await call.over(5)).outcome == "answered"


@pytest.mark.long
async def test_ten_calls_in_and_ten_out_at_once_all_end_completed(world: CallWorld, dsn: str) -> None:
    telephone = await world.telephone()
    incoming = [telephone.ring(AGENT_ID, PATIENT) for _ in range(10)]
    outgoing = [await world.place() for _ in range(10)]

    for execution_id in outgoing:
        assert (await world.until(execution_id, "completed", "error", seconds=90)).status == "completed"
    await until(lambda: all(call.closed_as is not None for call in incoming), 60)
    await until(lambda: world.runtime.live_calls == 0)

    rows = [row for row in await executions(world) if row.direction == "inbound"]
    ended = [await world.until(row.id, "completed", "error") for row in rows]
    assert [row.status for row in ended] == ["completed"] * 10
    assert sum(row.record["line"]["starved_frames"] for row in ended) == 0
    outcomes = await fetch(dsn, "select outcome, count(*) from attempt group by outcome")
    assert [tuple(each) for each in outcomes] == [("completed", 20)]
