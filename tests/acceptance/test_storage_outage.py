"""The database dies under the running storage and comes back: calls that go on lose nothing that was committed, and everything that waits
wakes up again."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.rows import execution_row, live_call, move, place
from tests.waiting import until

from callwright.domain.errors import UnavailableError
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.executions.rules.execution import Phase
from callwright.platform.jobs.runner import JobRunner, JobTimings
from callwright.platform.ledger import PING_SECONDS, Ledger
from callwright.storage.embedded import EmbeddedPostgres, ServerPlacement
from callwright.storage.migrate import migrate

pytestmark = pytest.mark.real_time


class Server:
    """A server of this test's own that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._embedded = [EmbeddedPostgres(folder, placement=ServerPlacement(elsewhere=folder / "elsewhere"))]
        self._folder = folder
        self.dsn = ""

    def start(self) -> None:
        """Start it; the address stays the same."""
        again = EmbeddedPostgres(self._folder, placement=ServerPlacement(elsewhere=self._folder / "elsewhere"))
        dsn = again.acquire()
        assert self.dsn in {"", dsn}
        self.dsn = dsn
        self._embedded.append(again)

    def kill(self) -> None:
        """End it without a farewell, as ``pg_ctl stop -m immediate`` does."""
        pid = self._embedded[-1].server_pid()
        assert pid is not None
        os.kill(pid, signal.SIGQUIT)

    def signal_all(self, number: signal.Signals) -> None:
        """Send a signal to the server and to each of its processes."""
        pid = self._embedded[-1].server_pid()
        assert pid is not None
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in (pid, *map(int, children)):
            os.kill(each, number)

    def leave(self) -> None:
        """Let every use of it end, which stops it."""
        for embedded in self._embedded:
            embedded.release()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    with tempfile.TemporaryDirectory(prefix="cw-outage-", ignore_cleanup_errors=True) as folder:
        server = Server(Path(folder))
        await asyncio.to_thread(server.start)
        await migrate(server.dsn)
        yield server
        await asyncio.to_thread(server.leave)


async def reachable(ledger: Ledger) -> bool:
    try:
        await ledger.ping()
    except UnavailableError:
        return False
    return True


async def lost(ledger: Ledger) -> bool:
    return not await reachable(ledger)


async def test_the_ledger_outlives_its_database(server: Server):
    ledger = Ledger(server.dsn)
    await ledger.open()
    await live_call(ledger)
    follower = ledger.changes("call-1", heartbeat_seconds=30)
    assert await anext(follower)

    server.kill()
    await until(lambda: lost(ledger))
    with pytest.raises(UnavailableError):
        await move(ledger, "call-1", Phase.FINISHING, owner="node-a", attempt=1)
    while await ledger.wait_for_waiting(0.2):
        pass  # a waiter neither fails nor spins while there is no database

    await asyncio.to_thread(server.start)
    await until(lambda: reachable(ledger))
    async with asyncio.timeout(30):
        assert await ledger.wait_for_waiting(10), "who waited looks again, because news may be missed"
        assert await anext(follower), "live streams too"
    await follower.aclose()
    ended = await move(ledger, "call-1", Phase.FINISHING, owner="node-a", attempt=1)
    assert ended.phase is Phase.FINISHING, "the outage did not cost the owner its call"
    await place(ledger, execution_row("call-2"))
    assert await ledger.wait_for_waiting(10)
    await ledger.aclose()


@pytest.mark.long
async def test_a_unit_cut_in_the_middle_is_unavailable_and_leaves_nothing(server: Server):
    ledger = Ledger(server.dsn)
    await ledger.open()
    await place(ledger)

    async def cut() -> None:
        async with ledger.unit() as unit:
            await unit.executions.insert(execution_row())
            server.kill()
            async with asyncio.timeout(20):
                while True:
                    await unit.executions.get_any("call-1")

    with pytest.raises(UnavailableError):
        await cut()
    await asyncio.to_thread(server.start)
    await until(lambda: reachable(ledger))
    async with ledger.unit() as unit:
        assert await unit.executions.get_any("call-1") is None
    await ledger.aclose()


async def test_jobs_go_on_after_a_restart_of_the_database(server: Server):
    ledger = Ledger(server.dsn)
    await ledger.open()
    seen: list[bytes] = []

    async def handle(payload: bytes) -> None:
        seen.append(payload)

    runner = JobRunner(server.dsn, {"post": handle}, timings=JobTimings(heartbeat_s=5, restart_s=0.2))
    task = asyncio.create_task(runner.run())
    async with ledger.unit() as unit:
        await unit.jobs.put("post", b"before", DEFAULT_TENANT_ID)
    await until(lambda: b"before" in seen)

    server.kill()
    await asyncio.sleep(0.5)
    assert not task.done()
    await asyncio.to_thread(server.start)
    await until(lambda: reachable(ledger))
    async with ledger.unit() as unit:
        await unit.jobs.put("post", b"after", DEFAULT_TENANT_ID)
    await until(lambda: b"after" in seen)
    runner.stop()
    await asyncio.wait_for(task, 15)
    await ledger.aclose()


@pytest.mark.long
async def test_a_database_that_stands_still_is_out_of_reach_in_time(server: Server):
    ledger = Ledger(server.dsn, connections=2)
    await ledger.open()
    loop = asyncio.get_running_loop()
    await ledger.ping()

    server.signal_all(signal.SIGSTOP)
    try:
        # More probes than connections: those that stand still are not kept, and a new one is not waited for.
        for _ in range(3):
            asked = loop.time()
            with pytest.raises(UnavailableError):
                await ledger.ping()
            assert loop.time() - asked < PING_SECONDS + 0.5
    finally:
        server.signal_all(signal.SIGCONT)

    await until(lambda: reachable(ledger))
    await ledger.aclose()
