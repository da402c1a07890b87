"""Tools that are called outside of calls: what is sent and told, what is masked, and how many run at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.unit.call.world import VirtualClock, settle

from callwright.call.live.deps import RuntimeDeps
from callwright.call.live.tool_trials import ToolTrials
from callwright.call.live.web_tools import WebDesk
from callwright.domain.errors import BlockedUrlError, RateLimitedError, UnavailableError
from callwright.domain.limits import MAX_TOOL_TRIALS
from callwright.ops.metrics import Metrics
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.executions.rules.execution import Execution
from callwright.platform.prices.rules import PriceBook
from callwright.ports.tool_trial import ToolTrial, ToolTried, TriedRequest

NOW = datetime(2026, 3, 18, tzinfo=UTC)
TOOL = {
    "name": "book",
    "description": "Books",
    "key": "custom_task",
    "parameters": {"type": "object", "properties": {"day": {"type": "string"}}, "required": ["day"]},
}
PARAMS = {
    "method": "POST",
    "url": "https://calendar.example/of/%(customer)s",
    "api_token": "Bearer of-ours",
    "param": {"day": "%(day)s", "customer": "%(customer)s", "token": "of-ours"},
}


@dataclass
class Reply:
    status: int = 200
    body: bytes = b'{"booked": true}'
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})


class Sender:
    """A client that keeps what it is to send."""

    def __init__(self, reply: Reply | Exception | None = None) -> None:
        self.reply = reply or Reply()
        self.sent: list[tuple[str, str, Mapping[str, str], bytes]] = []
        self.let_go = asyncio.Event()
        self.let_go.set()

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Reply:
        self.sent.append((method, url, headers, body))
        await self.let_go.wait()
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply


class Ids:
    def uuid(self) -> str:
        return "e1"


def trials(sender: Sender) -> ToolTrials:
    async def no_row(_: str) -> Execution | None:
        return None

    clock, plain = VirtualClock(), None
    desk = WebDesk(sender, clock, no_row, lambda _: {})
    deps: Any = RuntimeDeps(
        plain,  # type: ignore[arg-type]
        clock,
        Ids(),  # type: ignore[arg-type]
        plain,  # type: ignore[arg-type]
        plain,  # type: ignore[arg-type]
        plain,  # type: ignore[arg-type]
        Path("no-such-folder"),
        PriceBook(),
        ThreadPoolExecutor(1),
        Metrics(),
        tools_of=desk.tools,
    )
    return ToolTrials(deps)


def agent(**params: Any) -> StoredAgent:
    api_tools = {"tools": [TOOL], "tools_params": {"book": {**PARAMS, **params}}}
    task = {"task_type": "conversation", "tools_config": {"api_tools": api_tools}}
    return StoredAgent("a", "t", "A", {"agent_name": "A", "tasks": [task]}, 1, NOW, NOW)


async def tried(sender: Sender, arguments: Mapping[str, Any] | None = None) -> ToolTried:
    given = {"day": "Tuesday"} if arguments is None else arguments
    return await trials(sender).run(agent(), ToolTrial("book", given), {"customer": "Ann"})


async def test_a_tool_is_called_once_with_the_arguments_and_variables() -> None:
    sender = Sender()
    found = await tried(sender)
    ((method, url, headers, body),) = sender.sent
    assert (method, url) == ("POST", "https://calendar.example/of/Ann")
    assert body == b'{"day":"Tuesday","customer":"Ann","token":"of-ours"}'
    assert headers["authorization"] == "Bearer of-ours"
    sent = {"day": "Tuesday", "customer": "Ann", "token": "***"}
    assert found == ToolTried(True, found.text, TriedRequest("POST", "calendar.example", sent, 200, 0))
    assert "booked" in found.text
    assert "of-ours" not in repr(found)


async def test_arguments_that_do_not_fit_are_not_sent() -> None:
    sender = Sender()
    found = await tried(sender, {})
    assert (found.ok, found.request, sender.sent) == (False, None, [])
    assert "day is missing" in found.text


async def test_a_server_that_does_not_answer_is_told_as_to_a_model() -> None:
    found = await tried(Sender(UnavailableError("no answer in 10 s")))
    assert found.request is not None
    assert (found.ok, found.request.http_status) == (False, 0)
    assert "calendar.example" in found.text


async def test_what_the_outbound_policy_blocks_was_not_sent() -> None:
    found = await tried(Sender(BlockedUrlError("a private address")))
    assert (found.ok, found.request) == (False, None)
    assert "blocked by the outbound policy" in found.text


async def test_a_client_that_breaks_is_told_in_one_line() -> None:
    found = await tried(Sender(RuntimeError("of-ours")))
    assert (found.ok, found.text) == (False, "tool book failed: RuntimeError")


async def test_one_of_an_account_and_a_few_in_all_are_under_way_at_once() -> None:
    sender = Sender()
    sender.let_go.clear()
    trying = trials(sender)
    trial = ToolTrial("book", {"day": "Tuesday"})
    agents = [replace(agent(), tenant_id=f"account-{number}") for number in range(MAX_TOOL_TRIALS + 1)]
    under_way = [asyncio.create_task(trying.run(one, trial, {"customer": "Ann"})) for one in agents[:-1]]
    await settle()
    for one, message in ((agents[0], "of this account"), (agents[-1], "in this process")):
        with pytest.raises(RateLimitedError, match=message):
            await trying.run(one, trial, {"customer": "Ann"})
    sender.let_go.set()
    await asyncio.gather(*under_way)
    assert (await trying.run(agents[0], trial, {"customer": "Ann"})).ok
