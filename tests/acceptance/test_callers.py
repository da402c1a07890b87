"""Who may call an agent and what is known of them, over a telephone in this process, with scripted providers on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.call_world import AGENT_ID, CallWorld, agent_body, call_world
from tests.http_server import Exchange, serving
from tests.telephone import Call, Telephone
from tests.waiting import until

from callwright.net.client import GuardedClient
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.contact_files.rules import ContactFile, read_contacts
from callwright.platform.executions.rules.changes import ExecutionFilter
from callwright.platform.executions.rules.execution import Execution

pytestmark = pytest.mark.real_time

SILENT: dict[str, Any] = {"patience_s": 0, "rules": []}
ANN, BOB = "sip:+15550123@phone.example", "sip:+15550124@phone.example"


@pytest.fixture
async def world(dsn: str, tmp_path: Path) -> AsyncIterator[CallWorld]:
    async with GuardedClient(allow_private=True) as client, call_world(dsn, tmp_path, client=client) as started:
        yield started


async def rows(world: CallWorld) -> list[Execution]:
    """The agent's executions, newest first."""
    async with world.ledger.unit() as unit:
        return list((await unit.executions.page(DEFAULT_TENANT_ID, AGENT_ID, ExecutionFilter(), 1, 50)).rows)


async def calls(telephone: Telephone, caller: str, **more: Any) -> Call:
    """A call that is answered or refused."""
    call = telephone.ring(AGENT_ID, SILENT, caller=caller, **more)
    await until(lambda: call.answered_at is not None or call.rejected is not None)
    return call


async def is_taken(world: CallWorld, telephone: Telephone, caller: str) -> None:
    call = await calls(telephone, caller)
    assert call.rejected is None
    call.put_down()
    await call.over(5)
    await until(lambda: world.runtime.live_calls == 0)


async def is_refused(world: CallWorld, telephone: Telephone, caller: str, code: int) -> None:
    call = await calls(telephone, caller)
    assert (call.rejected, call.answered_at) == (code, None)
    # The caller is told first, then the row.
    await until(lambda: world.runtime.live_calls == 0)


@asynccontextmanager
async def crm(answer: bytes) -> AsyncIterator[dict[str, Any]]:
    """A source of callers; yields its ``ingest_source_config``, with the requests it has seen under ``seen``."""

    async def handler(exchange: Exchange) -> None:
        await exchange.answer(200 if answer else 500, answer)

    async with serving(handler) as server:
        yield {
            "source_type": "api",
            "source_url": f"{server.url}/who",
            "source_auth_token": "Bearer t0ken",
            "seen": server.requests,
        }


def agent(source: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    settings = {
        name: more.pop(name) for name in list(more) if name not in ("ingest_lookup_key", "agent_welcome_message")
    }
    shown = {name: value for name, value in (source or {}).items() if name != "seen"}
    return {**agent_body(**settings), "ingest_source_config": shown or None, **more}


@pytest.mark.proves("task_config.inbound_limit")
async def test_a_caller_may_call_so_often_and_no_more(world: CallWorld) -> None:
    telephone = await world.telephone(agent(inbound_limit=2))
    await is_taken(world, telephone, ANN)
    await is_taken(world, telephone, "sip:+15550123@other.example:5070")

    await is_refused(world, telephone, ANN, 603)
    await is_refused(world, telephone, ANN, 603)

    await is_taken(world, telephone, BOB)
    refused = [row for row in await rows(world) if row.status == "failed"]
    assert len(refused) == 2
    assert refused[0].error_message == "the caller has used up the 2 calls of inbound_limit"
    assert (refused[0].hangup_by, refused[0].hangup_reason) == ("API Request", "caller_limit_reached")
    assert await world.published(refused[0].id) == ["ringing", "failed"]


async def test_a_caller_is_counted_once_however_the_carrier_spells_the_number(world: CallWorld) -> None:
    telephone = await world.telephone(agent(inbound_limit=1))
    await is_taken(world, telephone, ANN)
    for user in ("15550123", "0015550123", "%2B15550123", "+1-555-0123"):
        await is_refused(world, telephone, f"sip:{user}@phone.example", 603)
    assert "sip:15550123@phone.example" in [row.from_number for row in await rows(world)], "it is shown as it came"


async def test_two_calls_at_the_same_moment_are_counted_one_after_the_other(world: CallWorld) -> None:
    telephone = await world.telephone(agent(inbound_limit=1))

    both = [telephone.ring(AGENT_ID, SILENT, caller=ANN) for _ in range(4)]

    await until(lambda: all(call.answered_at is not None or call.rejected is not None for call in both))
    assert sorted(call.rejected or 0 for call in both) == [0, 603, 603, 603]
    for call in both:
        call.put_down()


@pytest.mark.proves("task_config.whitelist_phone_numbers")
async def test_whoever_is_on_the_list_always_may(world: CallWorld) -> None:
    rules: dict[str, Any] = {
        "inbound_limit": 0,
        "disallow_unknown_numbers": True,
        "whitelist_phone_numbers": ["+1 555 0123"],
    }
    telephone = await world.telephone(agent(**rules))
    await is_taken(world, telephone, ANN)
    await is_refused(world, telephone, BOB, 603)


@pytest.mark.proves("agent.ingest_source_config")
async def test_what_is_known_of_a_caller_is_in_the_prompt_and_the_record(world: CallWorld) -> None:
    async with crm(b'{"customer": "Ann Lee", "sip_x_campaign": "winter", "from_number": "x"}') as source:
        body = agent(source, agent_welcome_message="Hello {customer} of {sip_x_campaign}, {from_number}.")
        telephone = await world.telephone(body)
        call = await calls(telephone, ANN, headers={"X-Campaign": "spring"})
        await until(lambda: bool(call.answered_at))
        row = (await rows(world))[0]
        await world.until(row.id, "in-progress")
        (asked,) = source["seen"]
        call.put_down()
    row = await world.until(row.id, "completed")
    shown = world.body(row)
    assert asked.headers["authorization"] == "Bearer t0ken", "the scheme is not doubled"
    assert asked.target == f"/who?contact_number=%2B15550123&agent_id={AGENT_ID}&execution_id={row.id}"
    assert shown["context_details"]["recipient_data"] == {
        "sip_x_campaign": "winter",
        "customer": "Ann Lee",
        "from_number": "x",
    }
    lookup = shown["callwright"]["caller_lookup"]
    assert (lookup["source"], lookup["by"], lookup["known"], lookup["problem"]) == ("api", "number", True, None)
    log = await world.log(row.id)
    assert '"customer":"Ann Lee"' in log
    assert f'"from_number":"{ANN}"' in log, "what the platform knows is not replaced"
    assert "t0ken" not in log


@pytest.mark.proves("agent.ingest_lookup_key")
async def test_a_header_may_stand_for_the_number(world: CallWorld) -> None:
    async with crm(b'{"customer": "Ann"}') as source:
        telephone = await world.telephone(agent(source, ingest_lookup_key="X-Customer"))
        for headers in ({"x-customer": "C-7"}, {}):
            call = await calls(telephone, ANN, headers=headers)
            call.put_down()
            await call.over(5)
        asked = [request.target.partition("&")[0] for request in source["seen"]]
    assert asked == ["/who?contact_number=C-7", "/who?contact_number=%2B15550123"]


@pytest.mark.proves("task_config.disallow_unknown_numbers")
async def test_an_unknown_caller_is_refused_with_a_record_that_says_so(world: CallWorld) -> None:
    async with crm(b"{}") as source:
        telephone = await world.telephone(agent(source, disallow_unknown_numbers=True))

        await is_refused(world, telephone, ANN, 403)

    (row,) = await rows(world)
    assert (row.status, row.hangup_by, row.hangup_reason) == ("failed", "API Request", "caller_not_known")
    assert row.error_message == "the caller is not known, and disallow_unknown_numbers is set"
    assert world.body(row)["callwright"]["caller_lookup"]["known"] is False
    assert row.answered_at is None


async def test_a_source_that_fails_leaves_the_call_without_data_and_a_note(world: CallWorld) -> None:
    async with crm(b"") as source:
        telephone = await world.telephone(agent(source))
        call = await calls(telephone, ANN)
        assert call.answered_at is not None
        call.put_down()
    (row,) = await rows(world)
    row = await world.until(row.id, "completed", "canceled")
    lookup = world.body(row)["callwright"]["caller_lookup"]
    assert (lookup["known"], lookup["problem"]) == (False, "it answers with HTTP 500")


async def test_an_agent_for_known_callers_takes_none_while_its_source_fails(world: CallWorld) -> None:
    async with crm(b"") as source:
        telephone = await world.telephone(agent(source, disallow_unknown_numbers=True))
        await is_refused(world, telephone, ANN, 403)
    (row,) = await rows(world)
    assert row.error_message is not None
    assert "HTTP 500" in row.error_message


async def test_a_file_of_contacts_knows_callers(world: CallWorld) -> None:
    telephone = await world.telephone(
        agent({"source_type": "csv", "source_name": "customers"}, disallow_unknown_numbers=True)
    )
    now = world.clock.now()
    async with world.ledger.unit() as unit:
        file = ContactFile("customers", DEFAULT_TENANT_ID, ("contact_number", "name"), 1, now, now)
        await unit.contact_files.put(file, read_contacts("contact_number,name\n+15550123,Ann\n"))

    await is_taken(world, telephone, ANN)
    await is_refused(world, telephone, BOB, 403)

    known = next(row for row in await rows(world) if row.status != "failed")
    assert known.user_data == {"contact_number": "+15550123", "name": "Ann"}


async def test_a_process_without_a_way_out_says_that_it_cannot_look_up(dsn: str, tmp_path: Path) -> None:
    async with call_world(dsn, tmp_path) as world:
        source = {"source_type": "api", "source_url": "https://crm.example"}
        telephone = await world.telephone(agent(source))
        call = await calls(telephone, ANN)
        call.put_down()
        (row,) = await rows(world)
        row = await world.until(row.id, "completed", "canceled")
    assert "cannot look callers up" in row.record["caller_lookup"]["problem"]
