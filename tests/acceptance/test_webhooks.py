"""Webhooks from a change in a real database to a real receiver on loopback."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.database import fetch, run_sql
from tests.http_server import Exchange, LocalServer, serving
from tests.rows import OTHER_TENANT_ID, admit, agent_row, claim, entry_row, execution_row, place
from tests.waiting import until

from callwright.domain.limits import MAX_WEBHOOKS_SENT_OF_ONE, MAX_WEBHOOKS_SENT_TO_ONE
from callwright.net.client import GuardedClient
from callwright.ops.clock import SystemClock
from callwright.outbox.deliver import DeliverySettings, WebhookDelivery
from callwright.outbox.publication import WebhookPublisher
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.executions.actions.transition import insert, transition
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Phase
from callwright.platform.ledger import Ledger
from callwright.platform.webhooks.rules.address import endpoint_of

pytestmark = pytest.mark.real_time

SECRET = b"0123456789abcdef0123456789abcdef"
WORKER = "worker-1"


@dataclass
class Receiver:
    """Answers by a script of statuses for each execution and event, then with 200."""

    scripts: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    seen: list[tuple[str, str, int]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    async def __call__(self, exchange: Exchange) -> None:
        body = exchange.request.json()
        key = (body["id"], body["status"])
        steps = self.scripts.get(key, [])
        status = steps.pop(0) if steps else 200
        self.seen.append((*key, status))
        self.headers.append(dict(exchange.request.headers))
        await exchange.answer(status, b"thanks" if status == 200 else b"sorry")


CHANGES = (
    (Phase.DIALLING, "initiated"),
    (Phase.DIALLING, "ringing"),
    (Phase.LIVE, ""),
    (Phase.FINISHING, ""),
    (Phase.DONE, "completed"),
)
PUBLISHED = ["initiated", "ringing", "in-progress", "call-disconnected", "completed"]


async def run_call(ledger: Ledger, execution_id: str, url: str, **agent: Any) -> None:
    """A call from its placing to its completion; every change in a unit of its own, webhooks written with it."""
    publisher = WebhookPublisher("https://calls.example", False, lambda: str(uuid.uuid4()), SystemClock().now)
    async with ledger.unit() as unit:
        if await unit.agents.get(DEFAULT_TENANT_ID, "agent-1") is None:
            await unit.agents.insert(agent_row())
        await insert(unit, execution_row(execution_id, agent={"webhook_url": url, **agent}), publisher)
    await admit(ledger)
    await claim(ledger)
    for phase, detail in CHANGES:
        async with ledger.unit() as unit:
            fence: dict[str, Any] = {} if phase is Phase.DONE else {"owner": "node-a", "attempt": 1}
            await transition(unit, execution_id, Change(phase=phase, detail=detail), publisher, **fence)


@asynccontextmanager
async def delivering(ledger: Ledger, *, allow_private: bool = True, **changes: Any) -> AsyncIterator[None]:
    """A worker that delivers while the block runs, stopped in order at its end."""

    async def secrets_of(_: str) -> list[bytes]:
        return [SECRET]

    settings = DeliverySettings(
        **{"worker": WORKER, "timeout_s": 5, "secrets_of": secrets_of, "idle_s": 0.1, **changes}
    )
    async with GuardedClient(allow_private=allow_private) as client:
        delivery = WebhookDelivery(ledger, client, SystemClock(), settings)
        running = asyncio.ensure_future(delivery.run())
        try:
            yield
        finally:
            delivery.stop()
            async with asyncio.timeout(10):
                await running


async def make_due(dsn: str) -> None:
    """As if the waits of the schedule were over."""
    await run_sql(
        dsn, "update outbox set due_at = now() where tries > 0 and state = 'waiting' and leased_until is null"
    )


async def rows(dsn: str) -> list[dict[str, Any]]:
    return [dict(row) for row in await fetch(dsn, "select * from outbox order by execution_id, sequence")]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def server(receiver: Receiver) -> AsyncIterator[LocalServer]:
    async with serving(receiver) as running:
        yield running


async def test_a_receiver_that_fails_twice_gets_every_event_in_order(
    ledger: Ledger, dsn: str, receiver: Receiver, server: LocalServer
):
    receiver.scripts[("call-1", "ringing")] = [500, 500]
    await run_call(ledger, "call-1", f"{server.url}/hook")
    await run_call(ledger, "call-2", f"{server.url}/hook")

    def of(execution_id: str) -> list[tuple[str, int]]:
        return [(status, answer) for one, status, answer in receiver.seen if one == execution_id]

    async def sped_up(done: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not done():
                await make_due(dsn)
                await asyncio.sleep(0.05)

    async with delivering(ledger):
        await sped_up(lambda: ("completed", 200) in of("call-1") and ("completed", 200) in of("call-2"))
        await until(lambda: _all_settled(dsn), 10)
    assert of("call-1") == [
        ("initiated", 200),
        ("ringing", 500),
        ("ringing", 500),
        ("ringing", 200),
        ("in-progress", 200),
        ("call-disconnected", 200),
        ("completed", 200),
    ]
    assert of("call-2") == [(status, 200) for status in PUBLISHED]
    failed = next(row for row in await rows(dsn) if row["execution_id"] == "call-1" and row["status"] == "ringing")
    assert (failed["tries"], failed["state"], failed["http_status"], failed["answer"]) == (
        2,
        "delivered",
        200,
        "thanks",
    )


async def _all_settled(dsn: str) -> bool:
    return all(row["state"] != "waiting" for row in await rows(dsn))


@pytest.mark.proves("agent.webhook_headers")
async def test_the_body_is_the_execution_of_that_moment_signed_for_the_receiver(
    ledger: Ledger, dsn: str, receiver: Receiver, server: LocalServer
):
    await run_call(ledger, "call-1", f"{server.url}/hook", webhook_headers={"X-Token": "t"})
    async with delivering(ledger):
        await until(lambda: len(receiver.seen) == len(PUBLISHED), 10)
    assert [status for _, status, _ in receiver.seen] == PUBLISHED
    for request in server.requests:
        assert (request.method, request.target, request.headers["content-type"]) == (
            "POST",
            "/hook",
            "application/json",
        )
        assert request.headers["x-token"] == "t"
        signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
        digest = base64.b64encode(hmac.new(SECRET, signed, hashlib.sha256).digest()).decode()
        assert request.headers["webhook-signature"] == f"v1,{digest}"
    first, last = server.requests[0].json(), server.requests[-1].json()
    assert (first["status"], last["status"]) == ("initiated", "completed")
    assert set(first) == set(last)
    assert [request.headers["x-callwright-sequence"] for request in server.requests] == ["1", "2", "3", "4", "5"]
    assert len({request.headers["webhook-id"] for request in server.requests}) == 5


async def test_a_webhook_written_while_the_worker_idles_goes_out_at_once(
    ledger: Ledger, receiver: Receiver, server: LocalServer
):
    async with delivering(ledger, idle_s=30):
        await asyncio.sleep(0.5)
        before = asyncio.get_running_loop().time()
        await run_call(ledger, "call-1", f"{server.url}/hook")
        await until(lambda: len(receiver.seen) == len(PUBLISHED), 10)
        assert asyncio.get_running_loop().time() - before < 5


async def test_a_private_address_is_refused_for_good_without_a_connection(
    ledger: Ledger, dsn: str, receiver: Receiver, server: LocalServer
):
    await run_call(ledger, "call-1", f"{server.url}/hook")
    async with delivering(ledger, allow_private=False):
        await until(lambda: _all_settled(dsn), 10)
    assert server.requests == []
    assert {(row["state"], row["answer"]) for row in await rows(dsn)} == {
        ("given_up", "127.0.0.1 is a private or reserved address")
    }


async def test_a_receiver_nobody_runs_costs_a_try_and_no_more(ledger: Ledger, dsn: str, receiver: Receiver):
    async with serving(receiver) as gone:
        url = f"{gone.url}/hook"
    await run_call(ledger, "call-1", url)
    async with delivering(ledger):
        await until(lambda: _was_tried(dsn), 10)
    first, *others = await rows(dsn)
    assert (first["state"], first["tries"], first["http_status"]) == ("waiting", 1, None)
    assert {row["tries"] for row in others} == {0}


async def _was_tried(dsn: str) -> bool:
    return any(row["tries"] for row in await rows(dsn))


async def test_two_workers_share_the_work_and_send_nothing_twice(
    ledger: Ledger, dsn: str, receiver: Receiver, server: LocalServer
):
    for number in range(6):
        await run_call(ledger, f"call-{number}", f"{server.url}/hook")
    async with delivering(ledger), delivering(ledger, worker="worker-2"):
        await until(lambda: _all_settled(dsn), 20)
    assert len(receiver.seen) == 6 * len(PUBLISHED)
    for number in range(6):
        assert [status for one, status, _ in receiver.seen if one == f"call-{number}"] == PUBLISHED


async def test_a_receivers_answer_that_breaks_off_is_a_failed_try_like_any_other(ledger: Ledger, dsn: str):
    async def broken(exchange: Exchange) -> None:
        exchange.head(200, content_length="100")
        await exchange.write(b"half")
        await exchange.break_off()

    async with serving(broken) as server:
        await run_call(ledger, "call-1", f"{server.url}/hook")
        async with delivering(ledger):
            await until(lambda: _was_tried(dsn), 10)
    first = (await rows(dsn))[0]
    assert (first["state"], first["http_status"]) == ("waiting", None)
    assert json.dumps(first["answer"])


async def test_receivers_that_hang_delay_no_other_organisation(
    ledger: Ledger, dsn: str, receiver: Receiver, server: LocalServer
):
    await run_sql(dsn, f"insert into tenant (id, name, email, max_concurrency) values ('{OTHER_TENANT_ID}', '', '', 1)")
    await place(ledger, *(execution_row(f"call-{number}") for number in range(60)))
    async with ledger.unit() as unit:
        await unit.agents.insert(agent_row("agent-2", tenant_id=OTHER_TENANT_ID))
        await unit.executions.insert(execution_row("other", tenant_id=OTHER_TENANT_ID, agent_id="agent-2"))
    hanging = asyncio.Event()
    held: list[Exchange] = []

    async def hang(exchange: Exchange) -> None:
        held.append(exchange)
        await hanging.wait()

    body = b'{"id": "other", "status": "initiated"}'
    async with serving(hang) as slow, delivering(ledger):
        async with ledger.unit() as unit:
            for number in range(60):
                await unit.outbox.add(entry_row(f"call-{number}", url=f"{slow.url}/hook"))
        await until(lambda: len(held) == MAX_WEBHOOKS_SENT_TO_ONE)
        async with ledger.unit() as unit:
            await unit.outbox.add(entry_row("other", tenant_id=OTHER_TENANT_ID, url=f"{server.url}/hook", body=body))
        await until(lambda: receiver.seen == [("other", "initiated", 200)], 2)
        assert len(held) == MAX_WEBHOOKS_SENT_TO_ONE
        hanging.set()


async def test_dead_endpoints_delay_no_other_of_the_same_organisation(
    ledger: Ledger, dsn: str, receiver: Receiver, server: LocalServer
):
    await place(ledger, *(execution_row(f"call-{number}") for number in range(60)))
    hanging = asyncio.Event()
    held: list[Exchange] = []

    async def hang(exchange: Exchange) -> None:
        held.append(exchange)
        await hanging.wait()

    async with serving(hang) as slow, delivering(ledger):
        async with ledger.unit() as unit:
            for number in range(40):
                url = f"{slow.url}/dead-{number % 20}"
                await unit.outbox.add(entry_row(f"call-{number}", url=url))
                # Each failed before.
                await unit.endpoints.failed(DEFAULT_TENANT_ID, endpoint_of(url), "no answer")
        await until(lambda: len(held) == MAX_WEBHOOKS_SENT_OF_ONE // 2)
        for number in range(40, 60):
            body = json.dumps({"id": f"call-{number}", "status": "initiated"}).encode()
            async with ledger.unit() as unit:
                await unit.outbox.add(entry_row(f"call-{number}", url=f"{server.url}/well-{number}", body=body))
        await until(lambda: len(receiver.seen) == 20, 3)
        assert len(held) == MAX_WEBHOOKS_SENT_OF_ONE // 2, "they have half of the places, and one each"
        hanging.set()


async def test_an_endpoint_that_answers_410_is_paused_and_resumed(
    ledger: Ledger, dsn: str, receiver: Receiver, server: LocalServer
):
    receiver.scripts[("call-1", "initiated")] = [410]
    await run_call(ledger, "call-1", f"{server.url}/hook")
    async with delivering(ledger):
        await until(lambda: bool(receiver.seen))
        await run_call(ledger, "call-2", f"{server.url}/hook")
        await asyncio.sleep(0.5)
        assert len(receiver.seen) == 1
        async with ledger.unit() as unit:
            (one,) = await unit.endpoints.listed("", "")
            assert (one.state, await unit.endpoints.resume(one.organisation_id, one.endpoint)) == ("gone", True)
        await until(lambda: _all_settled(dsn), 10)
    assert [status for call, status, _ in receiver.seen if call == "call-2"] == PUBLISHED
    assert [status for call, status, _ in receiver.seen if call == "call-1"] == PUBLISHED
