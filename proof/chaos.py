"""``python -m proof chaos``: kill -9 of a real server, at every named step and at random instants, then three ledgers are compared.

One PostgreSQL stays up. A server is started on it, a customer asks it for calls and batches, and it is killed; so again and again. Its
webhooks go to a receiver that fails, hangs and forgets. At the end a server runs until nothing is left to do, and the judges of
``proof/chaos_audits.py`` read our ledger, the carrier's own and the receiver's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx

from callwright.lab.arguments import at_least_one, from_zero
from callwright.ops.clock import SystemClock
from callwright.ops.price_book import load_price_book
from callwright.storage.embedded import EmbeddedPostgres, ServerPlacement
from callwright.storage.pool import open_connection
from proof.chaos_audits import AUDITS, Breach, breaches
from proof.chaos_evidence import Evidence, dials_in, ours
from proof.crash_steps import MOST_COUNTS, NEEDS_LIVE_CALLS, STEPS
from proof.customer import CALLERS, Customer
from proof.hostile_receiver import HostileReceiver
from proof.server_process import ServerProcess

KILLS = 60
SEED = 1
STEP_WITHIN_S = 15.0
"""A step that a server does not reach within so long is tried again later; the server is killed as it is."""
LATEST_KILL_S = 2.5
"""Random instants are up to so long after the start of the process, or after it answers."""
MOST_WISHES = 12
"""No more is asked of a server that is killed faster than it works."""
STILL_S = 90.0
"""At the end what is left to do must move within so long: a lease of a dead process lasts half a minute, a call as long."""
_LOOK_S = 0.5
PRICES = {
    "prices": [
        {"kind": "carrier", "cents": "0.5", "per": 1000, "increment": 1000},
        {"kind": "platform", "cents": "0.3", "per": 1000, "increment": 1000},
        {"kind": "transcriber", "cents": "0.1", "per": 1000, "increment": 100},
        {"kind": "voice", "cents": "0.01", "per": 1},
        {"kind": "model_input", "cents": "0.02", "per": 1},
        {"kind": "model_output", "cents": "0.03", "per": 1},
    ]
}
RETRIED: Mapping[str, Any] = {
    "retry_config": {
        "enabled": True,
        "max_retries": 2,
        "retry_on_statuses": ["no-answer", "busy", "failed", "error"],
        "retry_intervals_minutes": [1],
    }
}
"""Every second cycle asks for retries, also of calls that died with their process."""
_OPEN = (
    "select (select count(*) from execution where phase <> 'done')"
    " + (select count(*) from batch where status in ('scheduled', 'queued', 'running')) + (select count(*) from batch_contact)"
    " + (select count(*) from outbox where state = 'waiting') + (select count(*) from batch_outbox where state = 'waiting')"
    " + (select count(*) from pgqueuer)"
)
_FAILED_TRIES = "state = 'waiting' and due_at < 'infinity' and leased_by is null"
MONEY_CENTS = "1000000"
MOST_HURRIED = 6
"""Of ten tries a webhook has before it is given up, so many may be used up by deaths in quick succession."""
_LEASED = f"state = 'waiting' and leased_by is not null and tries < {MOST_HURRIED}"
_TIME_PASSES = (
    f"update outbox set due_at = now() where {_FAILED_TRIES} and tries < {MOST_HURRIED}",
    f"update batch_outbox set due_at = now() where {_FAILED_TRIES} and tries < {MOST_HURRIED}",
    "update pgqueuer set execute_after = now() where status = 'queued' and execute_after > now()",
    "update execution set due_at = now() where phase = 'waiting' and due_at > now() and retry_count > 0",
)
_LAST_TRIES = (
    f"update outbox set due_at = now() where {_FAILED_TRIES}",
    f"update batch_outbox set due_at = now() where {_FAILED_TRIES}",
)
_LEASES_END = (
    f"update outbox set due_at = now(), leased_until = now() where {_LEASED}",
    f"update batch_outbox set due_at = now(), leased_until = now() where {_LEASED}",
    "update pgqueuer set heartbeat = now() - interval '1 hour' where status = 'picked'",
)


@dataclass(frozen=True, slots=True)
class Kill:
    """One death: at the ``count``-th occurrence of ``step``; where there is none, ``after_s`` seconds after the process answers, or
    (``in_start``) after it was started."""

    step: str = ""
    count: int = 1
    after_s: float = 0.0
    in_start: bool = False

    def __str__(self) -> str:
        since = "its start" if self.in_start else "it answers"
        return f"{self.step} #{self.count}" if self.step else f"{self.after_s:.2f} s after {since}"


@dataclass(slots=True)
class Report:
    """What a run showed. ``reached``: how often a server died at each step; ``passed``: steps that were passed at all."""

    seed: int
    kills: list[str] = field(default_factory=list)
    reached: Counter[str] = field(default_factory=Counter)
    passed: set[str] = field(default_factory=set)
    broken: list[Breach] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    stories: dict[str, list[str]] = field(default_factory=dict)

    @property
    def missed(self) -> list[str]:
        """Steps at which no server died."""
        return [step for step in STEPS if not self.reached[step]]

    def lines(self) -> list[str]:
        """The report for people."""
        lines = [f"{breach}" for breach in self.broken]
        for about, story in self.stories.items():
            lines += [f"== the story of {about}", *story]
        if self.missed:
            lines.append(f"no server died at: {', '.join(self.missed)}")
        figures = ", ".join(f"{count} {name}" for name, count in self.figures.items())
        rules = Counter(breach.rule for breach in self.broken)
        broken = ", ".join(f"{rule} ({count})" if count > 1 else rule for rule, count in rules.items())
        verdict = f"broken with seed {self.seed}: {broken}" if broken else "all rules hold"
        at_steps = sum(self.reached.values())
        lines.append(f"{verdict}: {len(self.kills)} kills, {at_steps} of them at {len(self.reached)} steps; {figures}")
        return [*lines, f"{self.seconds:.0f} s"]


def planned(kills: int, random: Random, steps: Sequence[str] = tuple(STEPS)) -> list[Kill]:
    """``kills`` deaths: every step in random order, as often as two thirds of them allow, the rest at random instants between them. Before
    a step of settling there is one in the middle of a call."""
    rounds, plan = max(1, round(kills * 2 / 3) // len(steps)), list[Kill]()
    for number in range(rounds):
        for step in random.sample(list(steps), len(steps)):
            if step in NEEDS_LIVE_CALLS:
                plan.append(Kill("leg.answered", 1 + number % 2))
            plan.append(Kill(step, 1 + number % MOST_COUNTS.get(step, 3)))
    while len(plan) < kills:
        at = random.randrange(len(plan) + 1)
        # Never between a kill in the middle of a call and what depends on it.
        if at == len(plan) or plan[at].step not in NEEDS_LIVE_CALLS:
            plan.insert(at, Kill(after_s=random.uniform(0, LATEST_KILL_S), in_start=random.random() < 0.2))
    return plan[:kills]


class Chaos:
    """One run on a fresh database ``dsn`` and an empty ``folder``. ``say`` hears of every kill."""

    def __init__(self, folder: Path, dsn: str, seed: int, say: Callable[[str], None] = lambda _: None) -> None:
        self._folder = folder
        self._dsn = dsn
        self._random = Random(seed)
        self._hits = folder / "steps.txt"
        self._dials = folder / "dials.jsonl"
        self._prices = folder / "prices.json"
        self._clock = SystemClock()
        self._say = say
        self._report = Report(seed)
        self._receiver = HostileReceiver(Random(seed + 1))
        self._server = ServerProcess(
            folder,
            dsn,
            CALLERS,
            {
                "CALLWRIGHT_LOOPBACK_LEDGER": str(self._dials),
                "CALLWRIGHT_PRICE_BOOK": str(self._prices),
                "CALLWRIGHT_WEBHOOK_TIMEOUT": "2",
                "CALLWRIGHT_MAX_CALLS": "20",
            },
        )

    async def run(self, kills: int) -> Report:
        """Kill, let it come to its end, judge."""
        began_us = self._clock.monotonic_us()
        self._prices.write_text(json.dumps(PRICES))
        key = await self._server.key()
        await self._server.command("wallet", "top-up", MONEY_CENTS)
        await self._server.command("wallet", "on")
        async with self._receiver.listening() as receiver:
            customer = Customer(self._server.url, key, self._random, receiver.url)
            try:
                await self._begin(customer)
                await self._kill_all(planned(kills, self._random), customer)
                await self._drain(customer)
                evidence = await self._evidence(customer)
            finally:
                await customer.give_up()
                await self._server.stop()
        self._judge(evidence)
        self._report.seconds = (self._clock.monotonic_us() - began_us) / 1_000_000
        return self._report

    async def _begin(self, customer: Customer) -> None:
        await self._server.start()
        await customer.begin()
        await self._server.kill()

    async def _kill_all(self, plan: list[Kill], customer: Customer) -> None:
        late: list[Kill] = []
        for number, kill in enumerate(plan):
            if not await self._kill(number, kill, customer):
                late.append(kill)
        # A busy machine, or a step that this cycle's customers did not need: once more.
        for number, kill in enumerate(late, len(plan)):
            if not self._report.reached[kill.step]:
                if kill.step in NEEDS_LIVE_CALLS:
                    await self._kill(number, Kill("leg.answered"), customer)
                await self._kill(number, kill, customer)

    async def _kill(self, number: int, kill: Kill, customer: Customer) -> bool:
        """One server from its start to its death. Whether it died as it should."""
        await self._server.start(("proof.killed_server", str(self._hits), kill.step, str(kill.count)))
        if customer.waiting < MOST_WISHES:
            customer.wish(number, RETRIED if number % 2 else {})
        died = not kill.in_start and not await self._server.ready()
        died = died or await self._server.wait(STEP_WITHIN_S if kill.step else kill.after_s)
        await self._server.kill()
        if kill.step and died:
            self._report.reached[kill.step] += 1
        self._report.kills.append(f"{kill}{'' if died or not kill.step else ' (not reached)'}")
        self._say(f"kill {len(self._report.kills)}: {self._report.kills[-1]}")
        if self._random.random() < 0.7:
            await self._pass_time(*_TIME_PASSES, *_LEASES_END)
        return died or not kill.step

    async def _pass_time(self, *statements: str) -> None:
        """Let waits of minutes and hours be over: of retries, of webhooks that failed, of jobs and leases of dead processes."""
        connection = await open_connection(self._dsn)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def _drain(self, customer: Customer) -> None:
        """Run a server until every wish is granted and nothing is left to do. What does not move for STILL_S is for the judges."""
        await self._pass_time(*_TIME_PASSES, *_LEASES_END)
        await self._server.start(("proof.killed_server", str(self._hits), "", "0"))
        left, moved_us = (customer.waiting, await self._open()), self._clock.monotonic_us()
        while any(left) and self._clock.monotonic_us() - moved_us < STILL_S * 1_000_000:
            await self._clock.sleep(_LOOK_S)
            await self._pass_time(*_TIME_PASSES, *_LAST_TRIES)
            before, left = left, (customer.waiting, await self._open())
            moved_us = moved_us if left == before else self._clock.monotonic_us()

    async def _open(self) -> int:
        connection = await open_connection(self._dsn)
        try:
            return int(await connection.fetchval(_OPEN))
        finally:
            await connection.close()

    async def _evidence(self, customer: Customer) -> Evidence:
        rows, logs = await ours(self._dsn)
        shown: dict[str, Any] = {}
        headers = {"Authorization": f"Bearer {customer.key}"}
        async with httpx.AsyncClient(base_url=self._server.url, headers=headers, timeout=30, trust_env=False) as api:
            for row in rows["executions"]:
                answer = await api.get(f"/executions/{row['id']}")
                if answer.status_code == 200:
                    shown[row["id"]] = answer.json()
            events = await _events(api)
        return Evidence(
            customer=customer,
            book=load_price_book(self._prices),
            arrivals=self._receiver.arrivals,
            dials=dials_in(self._dials),
            rows=rows,
            logs=logs,
            shown=shown,
            data_folder=self._folder / "data",
            server_log=self._server.log,
            events=events,
            wallet_check=await self._wallet_check(),
        )

    async def _wallet_check(self) -> str:
        try:
            await self._server.command("wallet", "check")
        except RuntimeError as error:
            return str(error)
        return ""

    def _judge(self, evidence: Evidence) -> None:
        report = self._report
        report.passed = set(self._hits.read_text().split())
        report.broken = breaches(evidence, AUDITS)
        for breach in report.broken[:3]:
            if breach.about and breach.about not in report.stories:
                report.stories[breach.about] = evidence.story(breach.about)
        statuses = Counter(str(row["status"]) for row in evidence.rows["executions"])
        report.figures = {
            "executions": len(evidence.rows["executions"]),
            **dict(sorted(statuses.items())),
            "batches": len(evidence.rows["batches"]),
            "dials": len(evidence.dials),
            "webhooks": len(evidence.rows["webhooks"]) + len(evidence.rows["batch_webhooks"]),
            "tries of them": len(evidence.arrivals),
        }


async def _events(api: httpx.AsyncClient) -> list[dict[str, Any]]:
    """All events from the first one on, without their bodies."""
    found: list[dict[str, Any]] = []
    after, more = "", True
    while more:
        answer = await api.get("/v1/callwright/events", params={"after": after, "limit": 200})
        page = answer.raise_for_status().json()
        found += [{name: value for name, value in event.items() if name != "data"} for event in page["data"]]
        after, more = page["next_cursor"], page["has_more"]
    return found


@contextmanager
def scratch(keep: Path | None) -> Iterator[Path]:
    """A folder for what is written, ``keep`` if it is given; else it is deleted at the end."""
    folder = keep or Path(tempfile.mkdtemp(prefix="cw-chaos-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def own_database(folder: Path) -> AsyncIterator[str]:
    """A PostgreSQL of the proof's own below ``folder``, which nobody else uses: it stays up whatever is killed."""
    placement = ServerPlacement(elsewhere=folder / "elsewhere", settings={"fsync": "off"})
    server = EmbeddedPostgres(folder / "database", placement=placement)
    dsn = await asyncio.to_thread(server.acquire)
    try:
        yield dsn
    finally:
        await asyncio.to_thread(server.release)


async def _run(kills: int, seed: int, keep: Path | None) -> Report:
    with scratch(keep) as folder:
        async with own_database(folder) as dsn:
            return await Chaos(folder, dsn, seed, _tell).run(kills)


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Exit status 1 when a rule is broken or a step was never reached."""
    parser = argparse.ArgumentParser(prog="python -m proof chaos", description=__doc__)
    parser.add_argument("--kills", type=at_least_one, default=KILLS, help="how many times the server is killed")
    parser.add_argument(
        "--seed", type=from_zero, default=SEED, help="what chooses steps, instants and the receiver's moods"
    )
    parser.add_argument("--keep", type=Path, help="an empty folder for everything that was written; else it is deleted")
    options = parser.parse_args(argv)
    report = asyncio.run(_run(options.kills, options.seed, options.keep))
    sys.stdout.write("\n".join(report.lines()) + "\n")
    return 1 if report.broken or (report.missed and options.kills >= KILLS) else 0
