"""A caller asks to be called back, and is: a second execution, scheduled for the time that was said (`auto_reschedule`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.test_chats import api, execution, opened, said
from tests.call_world import AGENT_ID, CallWorld, agent_body, call_world, place
from tests.waiting import until

from callwright.call.afterwards.callbacks import schedule
from callwright.domain.limits import MAX_CALLBACKS_IN_A_ROW
from callwright.insight.callback import Callback
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.executions.rules.changes import ExecutionFilter
from callwright.platform.suppressions.rules import BY_API, Suppression

pytestmark = pytest.mark.real_time

NUMBER = "+15550199"


def scenario(*says: str) -> dict[str, Any]:
    persona = {
        "answer": {"how": "answer", "after_s": 0.1},
        "think_ms": 200,
        "rules": [*({"say": text} for text in says), {"say": "Bye.", "hang_up": True}],
    }
    return {"default": "busy person", "personas": {"busy person": persona}}


def soon() -> tuple[str, timedelta]:
    """When the caller is free. In the last hour of a day nobody may be called (`call_end_hour` is at most 23)."""
    hours = [(datetime.now(UTC) + timedelta(minutes=minutes)).hour for minutes in (88, 92)]
    return ("3 hours", timedelta(hours=3)) if 23 in hours else ("90 minutes", timedelta(minutes=90))


def asking_agent(**changes: Any) -> dict[str, Any]:
    body = agent_body(auto_reschedule=True, **changes)
    agent = body["tasks"][0]["tools_config"]["llm_agent"]
    agent["rules"] = [{"when": "call me", "say": "I will."}, {"when": "stop", "say": "Fine."}]
    return {**body, "calling_guardrails": {"call_start_hour": 0, "call_end_hour": 23}}


async def called(world: CallWorld, body: Mapping[str, Any]) -> dict[str, Any]:
    async with world.ledger.unit() as unit:
        found = await unit.agents.get(DEFAULT_TENANT_ID, AGENT_ID)
        assert found is None
    # Whatever the hour is, the first call is made: the hours are those of the call-back here.
    row = await place(world.ledger, world.publisher, body, options={"bypass_call_guardrails": True})
    done = await world.until(row.id, "completed")
    return world.body(done)


@pytest.mark.proves("task_config.auto_reschedule")
async def test_a_caller_who_asks_to_be_called_back_is(dsn: str, tmp_path: Path) -> None:
    said_time, ahead = soon()
    async with call_world(dsn, tmp_path, scenario=scenario(f"Can you call me back in {said_time}?")) as world:
        body = await called(world, asking_agent())
        told = body["callwright"]["callback"]
        second = await world.row(told["execution_id"])
        assert told["said"] == f"Can you call me back in {said_time}?"
        assert told["reason"] == ""
        assert second.status == "scheduled"
        assert second.scheduled_at is not None
        assert second.scheduled_at.isoformat() == told["due_at"]
        apart = second.scheduled_at - datetime.now(UTC) - ahead
        assert timedelta(minutes=-5) < apart < timedelta(minutes=1)
        assert (second.to_number, second.from_number, second.carrier) == (NUMBER, "+15550100", "loopback")
        assert world.body(second)["callwright"]["rescheduled_from"] == body["id"]
        assert second.agent["agent_name"] == "Reception"


@pytest.mark.long
async def test_only_an_agent_that_may_calls_back(dsn: str, tmp_path: Path) -> None:
    async with call_world(dsn, tmp_path, scenario=scenario(f"Can you call me back in {soon()[0]}?")) as world:
        body = await called(world, agent_body())
        assert body["callwright"]["callback"] is None


async def test_a_wish_that_cannot_be_kept_is_told_with_its_reason(dsn: str, tmp_path: Path) -> None:
    async with call_world(dsn, tmp_path, scenario=scenario("Call me back later please.")) as world:
        told = (await called(world, asking_agent()))["callwright"]["callback"]
    nothing = {"due_at": None, "local_time": None, "execution_id": None}
    assert told == {"said": "Call me back later please.", "reason": "no clock time was said", **nothing}


@pytest.mark.proves("agent.calling_guardrails")
async def test_a_time_outside_the_hours_of_the_agent_is_refused_with_its_reason(dsn: str, tmp_path: Path) -> None:
    never = {"call_start_hour": 0, "call_end_hour": 0}
    async with call_world(dsn, tmp_path, scenario=scenario(f"Can you call me back in {soon()[0]}?")) as world:
        told = (await called(world, {**asking_agent(), "calling_guardrails": never}))["callwright"]["callback"]
    assert (told["reason"], told["execution_id"]) == ("it is outside the hours of calls (0 to 0 o'clock)", None)


async def test_who_wants_no_calls_is_not_called_back(dsn: str, tmp_path: Path) -> None:
    says = (f"Call me back in {soon()[0]}.", "No, stop calling me.")
    async with call_world(dsn, tmp_path, scenario=scenario(*says)) as world:
        body = await called(world, asking_agent())
        assert body["callwright"]["opt_out"]["said"] == "No, stop calling me."
        assert body["callwright"]["callback"] is None


async def test_a_chat_has_no_number_to_call_back(dsn: str, tmp_path: Path) -> None:
    async with call_world(dsn, tmp_path) as world, api(world, asking_agent()) as client:
        chat = await opened(client)
        assert (await said(client, chat, f"Please call me in {soon()[0]}"))["reply"] == "I will."
        await client.delete(f"/v1/callwright/chats/{chat['execution_id']}")
        body = await execution(client, chat, "completed")
    assert body["callwright"]["callback"]["reason"] == "there is no number to call"


@pytest.mark.parametrize(("caller", "told"), [("+15550100999", True), ("sip:anonymous@anonymous.invalid", False)])
@pytest.mark.long
async def test_an_agent_promises_a_call_back_only_to_whom_it_can_call(
    dsn: str, tmp_path: Path, caller: str, told: bool
) -> None:
    async with call_world(dsn, tmp_path) as world:
        telephone = await world.telephone(asking_agent())
        call = telephone.ring(AGENT_ID, scenario("Hello.")["personas"]["busy person"], caller=caller)
        await call.over(20)
        await until(lambda: world.runtime.live_calls == 0)
        async with world.ledger.unit() as unit:
            (row,) = (await unit.executions.page(DEFAULT_TENANT_ID, AGENT_ID, ExecutionFilter(), 1, 5)).rows
        log = await world.log(row.id)
    assert ("If the caller asks to be called back" in log) is told


@pytest.mark.long
async def test_the_second_call_is_written_once_and_not_for_a_suppressed_number(dsn: str, tmp_path: Path) -> None:
    async with call_world(dsn, tmp_path, scenario=scenario("Hello.")) as world:
        body = await called(world, asking_agent())
        row = await world.row(body["id"])
        wish = Callback("tomorrow at five", datetime.now(UTC) + timedelta(days=1))
        for _ in range(2):
            async with world.ledger.unit() as unit:
                told = await schedule(unit, row, wish, world.publisher, datetime.now(UTC))
        assert (await world.row(told["execution_id"])).status == "scheduled"
        async with world.ledger.unit() as unit:
            await unit.suppressions.add(Suppression(NUMBER, DEFAULT_TENANT_ID, BY_API, datetime.now(UTC)))
            refused = await schedule(unit, row, wish, world.publisher, datetime.now(UTC))
        assert (refused["execution_id"], refused["reason"]) == (None, "the number is not to be called any more")


@pytest.mark.long
async def test_a_call_that_is_settled_long_after_the_time_that_was_said_makes_no_call_back(
    dsn: str, tmp_path: Path
) -> None:
    async with call_world(dsn, tmp_path, scenario=scenario("Hello.")) as world:
        row = await world.row((await called(world, asking_agent()))["id"])
        now = datetime.now(UTC)
        for late, made in ((timedelta(hours=6), False), (timedelta(minutes=5), True), (timedelta(hours=6), True)):
            async with world.ledger.unit() as unit:
                told = await schedule(unit, row, Callback("in an hour", now - late), world.publisher, now)
            # What was written once stays, however late its job is run again.
            assert (told["execution_id"] is not None) is made
        assert (await world.row(told["execution_id"])).scheduled_at == now


@pytest.mark.long
async def test_call_backs_that_follow_from_one_another_come_to_an_end(dsn: str, tmp_path: Path) -> None:
    async with call_world(dsn, tmp_path, scenario=scenario("Hello.")) as world:
        row = await world.row((await called(world, asking_agent()))["id"])
        wish = Callback("tomorrow at five", datetime.now(UTC) + timedelta(days=1))
        made = 0
        while True:
            async with world.ledger.unit() as unit:
                told = await schedule(unit, row, wish, world.publisher, datetime.now(UTC))
            if told["execution_id"] is None:
                break
            row, made = await world.row(told["execution_id"]), made + 1
    assert (made, told["reason"]) == (MAX_CALLBACKS_IN_A_ROW, "it was the call back number 5 in a row")


@pytest.mark.long
async def test_a_machine_that_asks_for_a_call_back_gets_none(dsn: str, tmp_path: Path) -> None:
    greeting = f"You have reached Doctor Smith. Please call me back in {soon()[0]}, or leave a message after the tone."
    async with call_world(dsn, tmp_path, scenario=scenario(greeting)) as world:
        told = (await called(world, asking_agent()))["callwright"]["callback"]
    assert (told["reason"], told["execution_id"]) == ("a machine may have answered", None)
