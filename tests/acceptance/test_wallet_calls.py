"""Calls of an organisation whose wallet is on: what they reserve, what they cost, and the one that it does not cover."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.acceptance.test_call_crash import PUBLISHER, running
from tests.acceptance.test_chats import api, execution, opened, services
from tests.acceptance.test_inbound_calls import SILENT, refused, the_call
from tests.call_world import AGENT_ID, CallWorld, agent_body, call_world, place
from tests.examples import check_example
from tests.rows import execution_row
from tests.waiting import until

from callwright.call.live import dialling
from callwright.call.live.deps import RuntimeSettings
from callwright.call.live.equipment import LocalEars
from callwright.domain.money import NANO_PER_CENT
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.agents.rules.spec import ProviderDefaults
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.batches.rules.batch import Batch, BatchStatus
from callwright.platform.executions.actions.transition import insert
from callwright.platform.ledger import Ledger
from callwright.platform.prices.rules import Price, PriceBook
from callwright.platform.wallet.actions.account import check_wallets
from callwright.platform.wallet.rules import AVAILABLE, RESERVED, SPENT, TOPPED_UP, top_up

pytestmark = pytest.mark.real_time

BOOK = PriceBook(
    {
        ("carrier", "*", "*"): Price(2 * NANO_PER_CENT, 60_000, 60_000),
        ("model_input", "*", "*"): Price(100 * NANO_PER_CENT, 1_000_000),
    }
)
SCENARIO: dict[str, Any] = {
    "default": "hasty",
    "personas": {
        "hasty": {
            "answer": {"how": "answer", "after_s": 0.1},
            "think_ms": 200,
            "rules": [{"say": "Bye.", "hang_up": True}],
        },
        "waiting": {"answer": {"how": "answer", "after_s": 0.1}, "patience_s": 0, "rules": []},
        "busy": {"answer": {"how": "busy", "after_s": 0.05}},
    },
}


@pytest.fixture
async def world(dsn: str, tmp_path: Path) -> AsyncIterator[CallWorld]:
    async with call_world(dsn, tmp_path, scenario=SCENARIO, book=BOOK) as started:
        yield started


async def fund(ledger: Ledger, cents: int) -> None:
    async with ledger.unit() as unit:
        await unit.wallets.put(DEFAULT_TENANT_ID, enabled=True)
        if cents:
            await unit.wallets.add(DEFAULT_TENANT_ID, top_up(cents * NANO_PER_CENT, None))


async def balances(ledger: Ledger) -> Mapping[str, int]:
    async with ledger.unit() as unit:
        return await unit.wallets.balances(DEFAULT_TENANT_ID)


async def called(client: httpx.AsyncClient) -> dict[str, Any]:
    """Place a call and follow it to its end."""
    asked = {"agent_id": AGENT_ID, "recipient_phone_number": "loopback:hasty"}
    answer = await client.post("/call", json=asked)
    assert (answer.status_code, answer.json()["status"]) == (200, "queued")
    return await execution(client, answer.json(), "completed", "balance-low", "error")


async def test_the_third_call_turns_balance_low_and_the_others_cost_what_they_cost(world: CallWorld) -> None:
    await fund(world.ledger, 5)
    async with api(world, agent_body(call_terminate=60)) as client:
        first, second, third = [await called(client) for _ in range(3)]

    assert [body["status"] for body in (first, second, third)] == ["completed", "completed", "balance-low"]
    check_example("balance-low", third)
    costs = [(await world.row(body["id"])).total_cost_nano for body in (first, second)]
    assert costs[0] > 2 * NANO_PER_CENT, "the minute and the extraction after the call"
    assert await balances(world.ledger) == {
        AVAILABLE: 5 * NANO_PER_CENT - sum(costs),
        RESERVED: 0,
        SPENT: sum(costs),
        TOPPED_UP: -5 * NANO_PER_CENT,
    }
    assert await check_wallets(services(world)) == []
    assert (third["total_cost"], third["billing_settled"], third["initiated_at"]) == (0, True, None)
    assert third["error_message"].startswith("the wallet has 0.9")
    assert third["telephony_data"]["hangup_reason"] == "balance_low"
    decision = third["callwright"]["decision"]
    assert (decision["verdict"], decision["rule"], decision["reason"]) == ("never", "wallet", third["error_message"])
    assert await world.published(third["id"]) == ["balance-low"]


async def of_batch(world: CallWorld, *personas: str) -> list[str]:
    """The ids of calls of one batch to ``personas``, placed in this order."""
    now = world.clock.now()
    batch = Batch(
        "5f3a9c1e7d2b4a6f8c0e1d2b3a4f5c6d", DEFAULT_TENANT_ID, AGENT_ID, BatchStatus.PROCESSED, now, now, "l.csv"
    )
    rows = [
        execution_row(
            world.ids.uuid(), agent_id=AGENT_ID, agent=agent_body(call_terminate=60), batch_id=batch.id,
            created_at=now, updated_at=now, user_data={"persona": persona},
        )
        for persona in personas
    ]  # fmt: skip
    async with world.ledger.unit() as unit:
        await unit.agents.insert(StoredAgent(AGENT_ID, DEFAULT_TENANT_ID, "Reception", agent_body(), 1, now, now))
        await unit.batches.insert(batch)
        for row in rows:
            await insert(unit, row, world.publisher)
    return [row.id for row in rows]


async def test_a_batch_s_call_waits_for_money_that_another_call_holds(
    world: CallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialling, "MONEY_HELD_SECONDS", 1)
    # A call reserves 2.4 cents and costs 2.
    await fund(world.ledger, 4)
    async with world.ledger.unit() as unit:
        await unit.wallets.add(DEFAULT_TENANT_ID, top_up(NANO_PER_CENT // 2, None))
    first, second = await of_batch(world, "waiting", "waiting")

    async def waiting_for_money() -> list[str]:
        rows = [await world.row(one) for one in (first, second)]
        return [row.id for row in rows if row.record.get("decision", {}).get("rule") == "money_held"]

    async def waits() -> bool:
        return bool(await waiting_for_money())

    await until(waits, 30)
    (waiting,) = await waiting_for_money()
    (talking,) = {first, second} - {waiting}
    await world.until(talking, "in-progress")
    row = await world.row(waiting)
    assert (row.status, row.initiated_at, row.scheduled_at) == ("queued", None, None)
    assert "may give it back" in row.record["decision"]["reason"]
    async with world.ledger.unit() as unit:
        listed = await unit.dial_decisions.of_execution(DEFAULT_TENANT_ID, waiting, 10)
    assert [(one.step, one.decision.rule) for one in listed[:2]] == [
        ("admission", "allowed"),
        ("dialling", "money_held"),
    ]
    await world.runtime.control.request_stop(talking, "API Request", "stopped_by_api")
    row = await world.until(waiting, "balance-low", "in-progress")
    assert (row.status, row.record["decision"]["rule"]) == ("in-progress", "allowed")
    assert (await world.published(waiting))[0] == "initiated"


async def test_a_call_that_nobody_answers_gives_back_what_it_reserved(world: CallWorld) -> None:
    await fund(world.ledger, 5)
    await world.until(await world.place(agent_body(call_terminate=60), persona="busy"), "busy")
    assert await balances(world.ledger) == {AVAILABLE: 5 * NANO_PER_CENT, RESERVED: 0, TOPPED_UP: -5 * NANO_PER_CENT}
    assert await check_wallets(services(world)) == []


async def test_whoever_rings_is_answered_and_charged_whatever_the_wallet_holds(world: CallWorld) -> None:
    await fund(world.ledger, 0)
    telephone = await world.telephone(agent_body(call_terminate=60))
    call = telephone.ring(AGENT_ID, SILENT)
    row = await the_call(world, "in-progress")
    assert (await balances(world.ledger))[RESERVED] > 2 * NANO_PER_CENT
    await asyncio.sleep(1.5)
    call.put_down()
    row = await world.until(row.id, "completed", "error")
    assert row.total_cost_nano >= 2 * NANO_PER_CENT
    found = await balances(world.ledger)
    assert (found[AVAILABLE], found[RESERVED], found[SPENT]) == (-row.total_cost_nano, 0, row.total_cost_nano)
    assert await check_wallets(services(world)) == []


async def test_the_operator_may_have_calls_refused_that_nothing_pays_for(dsn: str, tmp_path: Path) -> None:
    settings = RuntimeSettings(
        ears=LocalEars("energy", "scripted"),
        defaults=ProviderDefaults("scripted", "scripted", "scripted"),
        refuse_unfunded=True,
    )
    async with call_world(dsn, tmp_path, settings=settings, book=BOOK) as world:
        await fund(world.ledger, 0)
        telephone = await world.telephone()
        call = telephone.ring(AGENT_ID, SILENT)

        async def is_refused() -> bool:
            return refused(world, "balance") == 1

        await until(is_refused, 20)
        assert call.rejected == 486
        assert await balances(world.ledger) == {}


async def test_a_chat_is_refused_without_money_and_charged_with_it(world: CallWorld) -> None:
    async with api(world) as client:
        await fund(world.ledger, 0)
        answer = await client.post(f"/v1/callwright/agents/{AGENT_ID}/chats", json={})
        assert (answer.status_code, answer.json()["code"]) == (402, "balance_low")
        await fund(world.ledger, 100)
        chat = await opened(client)
        assert (await balances(world.ledger))[RESERVED] > 0
        await client.delete(f"/v1/callwright/chats/{chat['execution_id']}")
        await execution(client, chat, "completed")
    assert (await balances(world.ledger))[RESERVED] == 0
    assert await check_wallets(services(world)) == []


async def test_a_call_of_a_killed_process_is_settled_by_the_next(dsn: str, ledger: Ledger, tmp_path: Path) -> None:
    await fund(ledger, 100)
    async with running(dsn, tmp_path) as process:
        execution_id = (await place(ledger, PUBLISHER, agent_body(), persona="waiting")).id

        async def has_spoken() -> bool:
            async with ledger.unit() as unit:
                return b"AgentSaid" in await unit.logs.read(execution_id)

        await until(has_spoken, 30)
        process.send_signal(signal.SIGKILL)
        await process.wait()
    assert (await balances(ledger))[RESERVED] > 0

    async with call_world(dsn, tmp_path, scenario=SCENARIO, book=BOOK) as world:
        row = await world.until(execution_id, "error", seconds=20)

        async def is_settled() -> bool:
            return (await balances(ledger))[RESERVED] == 0

        await until(is_settled, 30)
        row = await world.row(row.id)
        assert row.total_cost_nano >= 2 * NANO_PER_CENT, "what its log had is charged"
        assert (await balances(ledger))[SPENT] == row.total_cost_nano
        assert await check_wallets(services(world)) == []
