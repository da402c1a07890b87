"""Past calls asked again: the present questions over the transcript in the log, paid for once, with what was known before kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tests.call_world import AGENT_ID, CallWorld, agent_body, call_world
from tests.database import fetch
from tests.waiting import until

from callwright.call.afterwards.asking_again import AskingAgain
from callwright.domain.errors import BadInputError, NotFoundError, WrongStateError
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID, Principal
from callwright.platform.dispositions.rules import StoredDisposition
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution
from callwright.platform.extraction.actions import PastCalls, ask_again, ask_all_again
from callwright.platform.extraction.schemas import AskAllAgainBody
from callwright.platform.prices.rules import Price, PriceBook
from callwright.platform.services import CallPolicy, Services
from callwright.platform.usage.rules import CALLS, LLM, contribution

pytestmark = pytest.mark.real_time

US = Principal(DEFAULT_TENANT_ID, "key-1", "ours")
SHORT: dict[str, Any] = {
    "default": "brief",
    "personas": {
        "brief": {
            "answer": {"how": "answer", "after_s": 0.05},
            "think_ms": 100,
            "rules": [{"say": "My name is Ann.", "hang_up": True, "linger_ms": 200}],
        },
        "busy": {"answer": {"how": "busy", "after_s": 0.05}},
    },
}
BOOK = PriceBook({("model_input", "*", "*"): Price(1_000), ("model_output", "*", "*"): Price(3_000)})
SAID = {"found": "in the call", "answer": "Ann", "evidence": "My name is Ann", "confidence": 1}
EVER = PastCalls(datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
ANSWER = {"q1": SAID, "q2": SAID}


def body(answer: Any = ANSWER) -> dict[str, Any]:
    """An agent whose questions about a call are answered with ``answer``."""
    found = agent_body()
    rules = found["tasks"][0]["tools_config"]["llm_agent"]
    rules["answers"] = {"extraction": [{"when": "Task: Answer", "json": answer}, {"json": {"name": "Ann"}}]}
    return found


@pytest.fixture
async def world(dsn: str, tmp_path: Path) -> AsyncIterator[CallWorld]:
    async with call_world(dsn, tmp_path, scenario=SHORT, book=BOOK) as started:
        yield started


def services(world: CallWorld) -> Services:
    return Services(
        ledger=world.ledger,
        clock=world.clock,
        ids=world.ids,
        publisher=world.publisher,
        control=world.runtime.control,
        recordings=world.deps.recordings,
        names=lambda kind: {"carrier": {"loopback"}}.get(kind, set()),
        policy=CallPolicy(),
        key_secrets=lambda: (b"k" * 32,),
    )


async def ask(world: CallWorld, name: str) -> None:
    """Give the agent a disposition."""
    now = world.clock.now()
    asked = {"name": name, "question": f"{name}?", "is_subjective": True}
    async with world.ledger.unit() as unit:
        made = StoredDisposition(world.ids.uuid(), DEFAULT_TENANT_ID, asked, "key-1", now, now, (AGENT_ID,))
        await unit.dispositions.insert(made)


async def called(world: CallWorld, agent: dict[str, Any]) -> Execution:
    """A completed call of the agent."""
    return await world.until(await world.place(agent), "completed")


async def again(world: CallWorld, execution_id: str, *, force: bool = False) -> Execution:
    """Ask a call again and wait until that is over."""
    await ask_again(services(world), US, execution_id, force=force)
    return await settled(world, execution_id)


async def settled(world: CallWorld, execution_id: str) -> Execution:
    """The call when its last order is over."""

    async def is_over() -> bool:
        state = (await world.row(execution_id)).record["extraction_state"]
        return bool(state["status"] != "queued")

    await until(is_over, 60)
    return await world.row(execution_id)


async def change(world: CallWorld, agent: dict[str, Any]) -> None:
    async with world.ledger.unit() as unit:
        await unit.agents.update(DEFAULT_TENANT_ID, AGENT_ID, "Reception", agent)


async def test_the_present_questions_are_asked_and_what_was_known_stays(world: CallWorld) -> None:
    before = await called(world, body())
    assert before.record["extracted_data"] == {"name": "Ann"}
    await ask(world, "Caller")

    after = await again(world, before.id)

    assert after.record["extraction_state"]["status"] == "done"
    found = after.record["extracted_data"]
    assert found["name"] == "Ann"
    assert found["General"]["Caller"]["subjective"] == "Ann"
    assert found["General"]["Caller"]["confidence_label"] == "High"
    assert list(found["General"]) == ["Caller", "Call Summary"]
    first, second = after.record["extraction_runs"]
    assert (first["counts"], first["extracted_data"]) == (False, {"name": "Ann"})
    assert (second["counts"], second["by"]) == (True, "key-1")
    assert after.record["transcript"] == before.record["transcript"]
    assert after.status == "completed"
    assert (await world.published(before.id)).count("completed") == 1


async def test_what_it_costs_is_added_once_and_everything_still_sums(world: CallWorld) -> None:
    before = await called(world, body())
    await ask(world, "Caller")
    after = await again(world, before.id)
    extra = after.record["extraction_runs"][1]["cost_nano"]
    assert extra > 0
    assert after.total_cost_nano == before.total_cost_nano + extra
    cost = after.record["cost_nano"]
    assert sum(cost["legs"].values()) == after.total_cost_nano
    assert sum(sum(part.values()) for part in cost["parts"].values()) == after.total_cost_nano
    assert sum(cost["categories"]["llm"].values()) == cost["legs"]["llm"]
    assert sum(sum(row["cost_nano"].values()) for row in after.record["turns"]) == after.total_cost_nano
    tokens = after.record["usage_breakdown"]["llm_usage_breakdown"]["extraction"]
    assert tokens["input"] > before.record["usage_breakdown"]["llm_usage_breakdown"]["extraction"]["input"]


async def test_the_usage_of_the_account_still_sums_to_what_its_calls_cost(world: CallWorld) -> None:
    before = await called(world, body())
    await ask(world, "Caller")
    after = await again(world, before.id)
    used = contribution(after)
    calls = sum(one.cost_nano for key, one in used.items() if key.kind == CALLS)
    assert calls == after.total_cost_nano > before.total_cost_nano
    assert sum(one.cost_nano for key, one in used.items() if key.kind != CALLS) == calls
    tokens = after.record["usage_breakdown"]["llm_tokens"]
    assert sum(one.amount + one.amount_output for key, one in used.items() if key.kind == LLM) == tokens


async def test_the_same_again_asks_no_model(world: CallWorld) -> None:
    before = await called(world, body())
    same = await again(world, before.id)
    assert same.record["extraction_state"]["status"] == "unchanged"
    await ask(world, "Caller")
    once = await again(world, before.id)
    twice = await again(world, before.id)
    assert twice.record["extraction_state"]["status"] == "unchanged"
    assert twice.total_cost_nano == once.total_cost_nano
    assert len(twice.record["extraction_runs"]) == 2
    forced = await again(world, before.id, force=True)
    assert len(forced.record["extraction_runs"]) == 3
    assert forced.total_cost_nano > twice.total_cost_nano


async def test_changed_questions_of_an_older_agent_are_asked(world: CallWorld) -> None:
    before = await called(world, body())
    older = {**body(), "gpt_assistants": [{"custom_questions": {"caller": "who called"}}]}
    await change(world, older)
    assert (await again(world, before.id)).record["extraction_state"]["status"] == "done"
    await change(world, {**older, "gpt_assistants": [{"custom_questions": {"caller": "whose call it was"}}]})
    assert (await again(world, before.id)).record["extraction_state"]["status"] == "done"
    assert (await again(world, before.id)).record["extraction_state"]["status"] == "unchanged"


async def test_a_run_that_fails_changes_nothing_but_the_history(world: CallWorld) -> None:
    before = await called(world, body())
    await ask(world, "Caller")
    failing = body()
    failing["tasks"][1]["tools_config"]["llm_agent"]["answers"] = {"extraction": [{"fail": "refused_credentials"}]}
    await change(world, failing)
    after = await again(world, before.id)
    assert after.record["extraction_state"]["status"] == "failed"
    assert "refused_credentials" in after.record["extraction_state"]["reason"]
    assert after.record["extracted_data"] == {"name": "Ann"}
    assert [run["counts"] for run in after.record["extraction_runs"]] == [True, False]
    await change(world, body())
    assert (await again(world, before.id)).record["extraction_state"]["status"] == "done"


async def test_a_job_that_runs_twice_pays_once(world: CallWorld) -> None:
    before = await called(world, body())
    await ask(world, "Caller")
    after = await again(world, before.id)
    handler = world.runtime.jobs["extraction"]
    await handler(order_of(before, after.record["extraction_state"]["run"]))
    row = await world.row(before.id)
    assert row.total_cost_nano == after.total_cost_nano
    assert row.record["extracted_data"] == after.record["extracted_data"]


@pytest.mark.long
async def test_all_calls_of_a_period_are_asked_within_the_bound(world: CallWorld) -> None:
    ids = [(await called(world, body())).id for _ in range(3)]
    await ask(world, "Caller")
    ours = services(world)
    dry = await ask_all_again(ours, US, AGENT_ID, replace(EVER, dry_run=True))
    assert dry.execution_ids == list(reversed(ids))
    ordered = await ask_all_again(ours, US, AGENT_ID, replace(EVER, most=2))
    assert (ordered.execution_ids, ordered.left_out) == ([ids[2], ids[1]], 1)
    rows = [await settled(world, one) for one in ordered.execution_ids]
    assert [row.record["extraction_state"]["status"] for row in rows] == ["done", "done"]
    assert [len(row.record["extraction_runs"]) for row in rows] == [2, 2]
    assert "extraction_state" not in (await world.row(ids[0])).record


async def test_what_cannot_be_asked_is_refused(world: CallWorld) -> None:
    ours, nobody = services(world), "00000000-0000-4000-8000-00000000dead"
    done = await called(world, body())
    stranger = replace(US, tenant_id="00000000-0000-4000-8000-0000000000ff")
    for who, execution_id in ((US, nobody), (US, "x"), (stranger, done.id)):
        with pytest.raises(NotFoundError):
            await ask_again(ours, who, execution_id)
    with pytest.raises(NotFoundError):
        await ask_all_again(ours, stranger, AGENT_ID, EVER)
    busy = await world.until(await world.place(body(), persona="busy"), "busy")
    with pytest.raises(WrongStateError):
        await ask_again(ours, US, busy.id)
    for wire in (
        {},
        {"from": "2026-01-01"},
        {"from": "x", "to": "y"},
        {"from": "2020-01-01", "to": "2100-01-01", "limit": 201},
    ):
        with pytest.raises(ValidationError):
            AskAllAgainBody.model_validate(wire)
    with pytest.raises(BadInputError):
        await ask_all_again(ours, US, AGENT_ID, PastCalls(EVER.end, EVER.begin))


@pytest.mark.long
async def test_ordered_twice_while_it_waits_it_is_asked_once(world: CallWorld) -> None:
    done = await called(world, body())
    await ask(world, "Caller")
    ours = services(world)
    async with world.ledger.unit() as unit:
        waiting = {"run": "run-1", "status": "queued", "reason": None, "at": world.clock.now().isoformat()}
        await unit.executions.change(done.id, Change(record={"extraction_state": waiting}))
    ordered = await ask_again(ours, US, done.id)
    assert (ordered.waiting, ordered.run) == (True, "run-1")


async def orders_wait(dsn: str, count: int) -> None:
    """Until so many orders have chosen their calls and wait for the row of one."""
    waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"

    async def all_wait() -> bool:
        return int((await fetch(dsn, waiting))[0]["count"]) == count

    await until(all_wait)


@pytest.mark.long
async def test_two_orders_at_once_ask_each_call_once(world: CallWorld, dsn: str) -> None:
    ids = [(await called(world, body())).id for _ in range(2)]
    await ask(world, "Caller")
    ours = services(world)
    async with world.ledger.unit() as unit:
        await unit.executions.lock(ids[1])
        orders = [asyncio.create_task(ask_all_again(ours, US, AGENT_ID, EVER)) for _ in range(2)]
        await orders_wait(dsn, 2)
    one, other = sorted(await asyncio.gather(*orders), key=lambda made: len(made.execution_ids))
    assert (one.run, one.execution_ids, one.left_out) == ("", [], 2)
    assert other.execution_ids == list(reversed(ids))
    rows = [await settled(world, one) for one in ids]
    assert [len(row.record["extraction_runs"]) for row in rows] == [2, 2]


@pytest.mark.long
async def test_a_call_that_was_asked_while_an_order_waited_for_it_is_not_ordered_again(
    world: CallWorld, dsn: str
) -> None:
    done = await called(world, body())
    await ask(world, "Caller")
    async with world.ledger.unit() as unit:
        await unit.executions.lock(done.id)
        order = asyncio.create_task(ask_all_again(services(world), US, AGENT_ID, EVER))
        await orders_wait(dsn, 1)
        # The other order was worked on before this one's session was given the row.
        over = {"run": "run-1", "status": "done", "reason": None}
        await unit.executions.change(done.id, Change(record={"extraction_state": over}))
    made = await order
    assert (made.run, made.execution_ids, made.left_out) == ("", [], 1)


def order_of(call: Execution, run: str, tenant_id: str = DEFAULT_TENANT_ID) -> bytes:
    """The job of an order for one call."""
    return json.dumps({"ids": [call.id], "run": run, "by": "key-1", "tenant_id": tenant_id}).encode()


async def answers_slowly(world: CallWorld, first_token_ms: int) -> None:
    """From now on the agent's model takes its time."""
    slow = body()
    slow["tasks"][0]["tools_config"]["llm_agent"]["first_token_ms"] = first_token_ms
    await change(world, slow)


async def ordered_anew(world: CallWorld, execution_id: str, run: str) -> None:
    """Another order for a call came after the one that is under way."""
    async with world.ledger.unit() as unit:
        state = {"run": run, "status": "queued", "reason": None, "at": world.clock.now().isoformat()}
        await unit.executions.change(execution_id, Change(record={"extraction_state": state}))


@pytest.mark.long
async def test_a_call_that_was_ordered_anew_is_left_to_that_order(world: CallWorld) -> None:
    before = await called(world, body())
    await ask(world, "Caller")
    await ordered_anew(world, before.id, "run-2")
    handler = world.runtime.jobs["extraction"]
    await handler(order_of(before, "run-1"))
    row = await world.row(before.id)
    assert (row.record["extraction_state"]["run"], row.record["extraction_state"]["status"]) == ("run-2", "queued")
    assert (row.record["extraction_runs"], row.total_cost_nano) == ([], before.total_cost_nano)
    await handler(order_of(before, "run-2"))
    assert (await world.row(before.id)).record["extraction_state"]["status"] == "done"


@pytest.mark.long
async def test_a_run_whose_call_is_ordered_anew_meanwhile_writes_no_more_and_the_next_one_pays(
    world: CallWorld,
) -> None:
    before = await called(world, body())
    await ask(world, "Caller")
    await answers_slowly(world, 2_000)
    await ordered_anew(world, before.id, "run-1")
    handler = world.runtime.jobs["extraction"]
    order = order_of(before, "run-1")
    first = asyncio.ensure_future(handler(order))
    while b"run_began" not in (kept := await log_of(world, before)):
        assert not first.done()
        await asyncio.sleep(0.05)
    await ordered_anew(world, before.id, "run-2")
    await first
    added = (await log_of(world, before)).removeprefix(kept)
    assert [(fact["type"], fact["v"]["paid"]) for fact in map(json.loads, added.splitlines())] == [("usage", True)]
    row = await world.row(before.id)
    assert row.record["extraction_state"]["run"] == "run-2"
    paid = row.total_cost_nano
    assert paid > before.total_cost_nano, "it had asked one question"

    await change(world, body())
    await handler(order_of(before, "run-2"))
    row = await world.row(before.id)
    assert row.record["extraction_state"]["status"] == "done"
    assert row.total_cost_nano > paid
    tokens = row.record["usage_breakdown"]["llm_tokens"]
    assert sum(o.amount + o.amount_output for key, o in contribution(row).items() if key.kind == LLM) == tokens


async def has_begun(world: CallWorld, call: Execution) -> bool:
    """Whether a run has begun to ask the call."""
    return b"run_began" in await log_of(world, call)


@pytest.mark.long
async def test_an_order_of_a_tenant_waits_for_no_other_tenant(world: CallWorld) -> None:
    first, second, third = [await called(world, body()) for _ in range(3)]
    await ask(world, "Caller")
    await answers_slowly(world, 2_000)
    handler = world.runtime.jobs["extraction"]
    for call in (first, second, third):
        await ordered_anew(world, call.id, "run-1")
    slow = asyncio.ensure_future(handler(order_of(first, "run-1")))
    await until(lambda: has_begun(world, first))
    # Of the same tenant: put back. Of another one: asked beside it.
    await handler(order_of(second, "run-1"))
    assert not await has_begun(world, second)
    beside = asyncio.ensure_future(handler(order_of(third, "run-1", tenant_id="another")))
    await until(lambda: has_begun(world, third))
    assert not slow.done()
    await asyncio.gather(slow, beside)


@pytest.mark.long
async def test_a_run_that_two_processes_work_on_pays_for_what_both_asked(world: CallWorld) -> None:
    before = await called(world, body())
    await ask(world, "Caller")
    await answers_slowly(world, 1_000)
    await ordered_anew(world, before.id, "run-1")
    order = order_of(before, "run-1")
    await asyncio.gather(*(AskingAgain(world.deps).run(order) for _ in range(2)))
    row = await world.row(before.id)
    assert row.record["extraction_state"]["status"] == "done"
    assert [run["run"] for run in row.record["extraction_runs"]] == [None, "run-1"]
    log = (await log_of(world, before)).decode()
    _, _, asked_again = log.partition('"run_began"')
    assert (asked_again.count('"run_began"'), asked_again.count('"run_ended"')) == (0, 1)
    alone = await called(world, body())
    once = (await again(world, alone.id, force=True)).record["usage_breakdown"]["llm_tokens"]
    spent = row.record["usage_breakdown"]["llm_tokens"] - before.record["usage_breakdown"]["llm_tokens"]
    assert spent == 2 * (once - alone.record["usage_breakdown"]["llm_tokens"]), "each process has asked"
    tokens = row.record["usage_breakdown"]["llm_tokens"]
    assert sum(o.amount + o.amount_output for key, o in contribution(row).items() if key.kind == LLM) == tokens
    assert row.total_cost_nano == sum(row.record["cost_nano"]["legs"].values())


async def log_of(world: CallWorld, call: Execution) -> bytes:
    async with world.ledger.unit() as unit:
        return await unit.logs.read(call.id, call.attempt)


async def test_a_run_that_ends_with_its_process_leaves_what_it_spent_to_the_one_that_goes_on(world: CallWorld) -> None:
    before = await called(world, body())
    await ask(world, "Caller")
    await answers_slowly(world, 5_000)
    await ordered_anew(world, before.id, "run-1")
    first = asyncio.ensure_future(AskingAgain(world.deps).run(order_of(before, "run-1")))

    async def has_one_answer() -> bool:
        return b"run_began" in await log_of(world, before)

    await until(has_one_answer, 60)
    # The next question is being asked now.
    await asyncio.sleep(1)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    _, _, asked = (await log_of(world, before)).decode().partition('"run_began"')
    assert asked.count('"estimated":true') == 1
