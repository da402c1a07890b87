"""``python -m proof throughput``: a long list on two processes, with calls that are over at once.

Two servers run on one PostgreSQL. Three organisations load their lists through the API and call everybody on them; one of them stops its
list on the way. While they do, a connection of the proof's own counts calls in the database. Printed are the limits and what was seen of
them, the rate of dials, the processor time of a dial, how late webhooks were, and what was dialled after the stop.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx

from callwright.lab.arguments import at_least_one
from callwright.ops.clock import SystemClock
from callwright.storage.pool import open_connection
from proof.chaos import own_database, scratch
from proof.chaos_evidence import Dial, dials_in
from proof.hostile_receiver import HostileReceiver, Hostility
from proof.processor_time import ProcessorTime, parent_of
from proof.server_process import ServerProcess, free_port

CONTACTS = 3_000
PROCESSES = 2
CALLS_OF_A_PROCESS = 60
SAMPLE_S = 0.05
STOP_AT = 0.6
"""The share of its list that the last organisation has called when it stops."""
AIM_PER_SECOND = 150
_WAIT_S = 0.25
_SECOND, _WINDOW = timedelta(seconds=1), timedelta(seconds=10)

CALLERS: Mapping[str, Any] = {
    "default": "brief",
    "personas": {"brief": {"answer": {"how": "answer", "after_s": 0, "hang_up_after_ms": 20}, "patience_s": 1}},
}
"""Everybody answers at once and hangs up when the agent begins to speak."""

_BUSY = "('admitted', 'claimed', 'dialling', 'live')"
_SAMPLE = f"select tenant_id, coalesce(owner, '') as owner, count(*) as number from execution where phase in {_BUSY} group by 1, 2"
_LATEST_WEBHOOK = (
    "select extract(epoch from max(settled_at - created_at))::float8 from outbox where state = 'delivered'"
)
_TRANSACTIONS = "select xact_commit from pg_stat_database where datname = current_database()"
_INTENTS = (
    "select e.tenant_id, a.initiated_at from attempt a join execution e on e.id = a.execution_id"
    " where a.initiated_at is not null order by 2"
)
_CALLED = "select count(*) from execution where batch_id = $1 and phase = 'done'"
_OPEN = (
    "select (select count(*) from execution where phase <> 'done')"
    " + (select count(*) from batch where status in ('scheduled', 'queued', 'running')) + (select count(*) from batch_contact)"
    " + (select count(*) from outbox where state = 'waiting') + (select count(*) from pgqueuer)"
)


@dataclass(slots=True)
class Organisation:
    """Who calls: its limits, its list, and what was seen of it. ``of_number``: calls at once from one of its numbers, of which it has one.
    ``per_second``: calls that begin in a second. 0: no such limit."""

    name: str
    calls_at_once: int
    share: float
    of_number: int = 0
    per_second: int = 0
    tenant_id: str = ""
    key: str = ""
    batch_id: str = ""
    contacts: int = 0
    stopped_at: datetime | None = None
    most_in_database: int = 0
    most_at_carrier: int = 0
    most_in_a_second: int = 0

    @property
    def limit(self) -> int:
        """Calls it may have at once."""
        return min(self.calls_at_once, self.of_number or self.calls_at_once)

    def policy(self) -> dict[str, Any]:
        """Its calling policy."""
        pace: dict[str, Any] = {"breaker": {"enabled": False}}
        if self.of_number:
            pace["each_number"] = {"max_concurrency": self.of_number}
        if self.per_second:
            pace["account"] = {"calls_per_second": self.per_second}
        return {"pace": pace}


@dataclass(slots=True)
class Figures:
    """What a run showed."""

    organisations: list[Organisation]
    dials: int = 0
    second_dials: int = 0
    seconds: float = 0.0
    peak_per_second: float = 0.0
    most_of_a_process: int = 0
    cpu: dict[str, float] = field(default_factory=dict)
    transactions: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    latest_webhook_s: float = 0.0
    webhooks: int = 0
    after_stop: int = 0
    samples: int = 0
    broken: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The figures for people."""
        lines = []
        for one in self.organisations:
            seen = f"most at once: {one.most_in_database} in the database, {one.most_at_carrier} at the carrier"
            limits = f"limit {one.limit} at once" + (f", {one.per_second} a second" if one.per_second else "")
            lines.append(f"{one.name}: {one.contacts} contacts, {limits}; {seen}; {one.most_in_a_second} in a second")
        lines.append(
            f"most calls of one process: {self.most_of_a_process} of {CALLS_OF_A_PROCESS} ({self.samples} samples)"
        )
        rate = self.dials / self.seconds if self.seconds else 0.0
        lines.append(
            f"{self.dials} dials in {self.seconds:.1f} s: {rate:.1f} a second, {self.peak_per_second:.1f} in the best"
            f" ten seconds (aim: {AIM_PER_SECOND})"
        )
        whole = sum(self.cpu.values())
        parts = ", ".join(f"{name} {1000 * spent / max(1, self.dials):.1f} ms" for name, spent in self.cpu.items())
        lines.append(f"processor time of a dial: {1000 * whole / max(1, self.dials):.1f} ms ({parts})")
        lines.append(f"transactions of a dial: {self.transactions / max(1, self.dials):.1f}")
        lines.append(f"{self.webhooks} webhooks delivered, the latest {self.latest_webhook_s:.1f} s after its status")
        lines.append(f"begun after the stop was answered: {self.after_stop}")
        lines.append(", ".join(f"{count} {status}" for status, count in self.statuses.items()))
        return [*lines, *(self.broken or ["all limits hold"])]


def agent(webhook_url: str, statuses: Sequence[str]) -> dict[str, Any]:
    """An agent whose calls are as short as calls can be. ``statuses``: those that are published."""
    scripted = {"provider": "scripted", "model": "scripted"}
    tools = {
        "transcriber": {**scripted, "language": "en"},
        "llm_agent": {**scripted, "rules": [], "max_tokens": 20},
        "synthesizer": {"provider": "scripted", "provider_config": {"voice": "scripted"}},
    }
    return {
        "agent_config": {
            "agent_name": "Throughput",
            "agent_welcome_message": "Hi.",
            "webhook_url": webhook_url,
            "webhook_config": {"statuses": list(statuses)},
            "tasks": [{"task_type": "conversation", "tools_config": tools, "task_config": {"call_terminate": 30}}],
        },
        "agent_prompts": {"task_1": {"system_prompt": "Be brief."}},
    }


class Throughput:
    """One run on a fresh database ``dsn`` and an empty ``folder``."""

    def __init__(self, folder: Path, dsn: str, contacts: int, statuses: Sequence[str]) -> None:
        self._folder = folder
        self._dsn = dsn
        self._contacts = contacts
        self._statuses = statuses
        self._dials = folder / "dials.jsonl"
        self._clock = SystemClock()
        self._receiver = HostileReceiver(Random(1), Hostility(0, 0, 0))
        self._organisations = [
            Organisation("first", 60, 0.5),
            Organisation("second", 40, 0.3, per_second=40),
            Organisation("third", 20, 0.2, of_number=15),
        ]
        self._figures = Figures(self._organisations)
        settings = {
            "CALLWRIGHT_LOOPBACK_LEDGER": str(self._dials),
            "CALLWRIGHT_MAX_CALLS": str(CALLS_OF_A_PROCESS),
            "CALLWRIGHT_LOG_LEVEL": "warning",
        }
        self._servers = [
            ServerProcess(folder / f"server{number}", dsn, CALLERS, settings, free_port())
            for number in range(PROCESSES)
        ]
        self._apis: list[httpx.AsyncClient] = []

    async def run(self) -> Figures:
        """Load the lists, call everybody, judge."""
        async with self._receiver.listening():
            try:
                await self._begin()
                time = await self._processor_time()
                sampling = asyncio.create_task(self._sample(time))
                try:
                    await self._call()
                finally:
                    sampling.cancel()
                    await asyncio.gather(sampling, return_exceptions=True)
                self._figures.cpu = time.spent()
                await self._judge()
            finally:
                for api in self._apis:
                    await api.aclose()
                for server in self._servers:
                    await server.stop()
        return self._figures

    async def _begin(self) -> None:
        first = self._servers[0]
        for one in self._organisations:
            most = ("--max-concurrency", str(one.calls_at_once))
            one.tenant_id = (await first.command("accounts", "create", "--name", one.name, *most)).split()[0]
            one.key = await first.key("--account", one.tenant_id)
        for server in self._servers:
            await server.start()
        for server in self._servers:
            await server.ready()
        for server, one in zip(itertools.cycle(self._servers), self._organisations, strict=False):
            headers = {"Authorization": f"Bearer {one.key}"}
            api = httpx.AsyncClient(base_url=server.url, headers=headers, timeout=300, trust_env=False)
            self._apis.append(api)
            (await api.put("/v1/callwright/calling-policy", json=one.policy())).raise_for_status()
            body = agent(self._receiver.url, self._statuses)
            agent_id = (await api.post("/v2/agent", json=body)).raise_for_status().json()["agent_id"]
            one.contacts = max(1, round(self._contacts * one.share))
            rows = "\n".join(["contact_number", *(f"+1555{number:07d}" for number in range(one.contacts))])
            fields, files = {"agent_id": agent_id}, {"file": ("list.csv", rows.encode())}
            one.batch_id = (await api.post("/batches", data=fields, files=files)).raise_for_status().json()["batch_id"]

    async def _processor_time(self) -> ProcessorTime:
        connection = await open_connection(self._dsn)
        try:
            # The parent of any back end.
            back_end = int(await connection.fetchval("select pg_backend_pid()"))
            processes = {f"server {number}": server.pid for number, server in enumerate(self._servers, 1)}
            return ProcessorTime(processes, parent_of(back_end))
        finally:
            await connection.close()

    async def _call(self) -> None:
        at = {"scheduled_at": self._clock.now().isoformat()}
        for api, one in zip(self._apis, self._organisations, strict=True):
            (await api.post(f"/batches/{one.batch_id}/schedule", data=at)).raise_for_status()
        connection = await open_connection(self._dsn)
        try:
            before = int(await connection.fetchval(_TRANSACTIONS))
            last, api = self._organisations[-1], self._apis[-1]
            while int(await connection.fetchval(_CALLED, last.batch_id)) < STOP_AT * last.contacts:
                await self._clock.sleep(_WAIT_S)
            (await api.post(f"/batches/{last.batch_id}/stop")).raise_for_status()
            last.stopped_at = self._clock.now()
            while int(await connection.fetchval(_OPEN)):
                await self._clock.sleep(_WAIT_S)
            self._figures.transactions = int(await connection.fetchval(_TRANSACTIONS)) - before
        finally:
            await connection.close()

    async def _sample(self, time: ProcessorTime) -> None:
        """Count calls in the database, on a connection that nobody else uses, until cancelled."""
        connection = await open_connection(self._dsn)
        try:
            while True:
                rows = await connection.fetch(_SAMPLE)
                for one in self._organisations:
                    busy = sum(int(row["number"]) for row in rows if row["tenant_id"] == one.tenant_id)
                    one.most_in_database = max(one.most_in_database, busy)
                owned: Counter[str] = Counter()
                for row in rows:
                    owned[row["owner"]] += int(row["number"])
                del owned[""]
                self._figures.most_of_a_process = max(self._figures.most_of_a_process, *owned.values(), 0)
                self._figures.samples += 1
                time.look()
                await self._clock.sleep(SAMPLE_S)
        finally:
            await connection.close()

    async def _judge(self) -> None:
        figures = self._figures
        connection = await open_connection(self._dsn)
        try:
            rows = await connection.fetch("select id, tenant_id, batch_id, status, attempt from execution")
            intents = await connection.fetch(_INTENTS)
            figures.latest_webhook_s = float(await connection.fetchval(_LATEST_WEBHOOK) or 0)
            figures.webhooks = int(await connection.fetchval("select count(*) from outbox where state = 'delivered'"))
        finally:
            await connection.close()
        judge(figures, rows, intents, dials_in(self._dials))


def judge(
    figures: Figures,
    executions: Sequence[Mapping[str, Any]],
    intents: Sequence[Mapping[str, Any]],
    made: Sequence[Dial],
) -> None:
    """Count what the run left, and add to ``figures.broken`` what does not hold. ``executions`` and ``intents`` are rows of the database,
    the intents in the order of their times; ``made`` are the dials of the carrier's ledger."""
    dials = sorted(made, key=lambda dial: dial.at)
    figures.statuses = dict(Counter(str(row["status"]) for row in executions).most_common())
    tenants = {str(row["id"]): str(row["tenant_id"]) for row in executions}
    figures.dials = len(dials)
    figures.second_dials = len(dials) - len({dial.callback_id for dial in dials})
    figures.seconds = (dials[-1].at - dials[0].at).total_seconds()
    figures.peak_per_second = _most_within([dial.at for dial in dials], _WINDOW) / _WINDOW.total_seconds()
    for one in figures.organisations:
        one.most_at_carrier = _most_at_once([dial for dial in dials if tenants[dial.execution_id] == one.tenant_id])
        begun = [row["initiated_at"] for row in intents if row["tenant_id"] == one.tenant_id]
        one.most_in_a_second = _most_within(begun, _SECOND)
        figures.after_stop += sum(one.stopped_at is not None and at > one.stopped_at for at in begun)
    _find_broken(figures, len(executions))


def _find_broken(figures: Figures, executions: int) -> None:
    for one in figures.organisations:
        if max(one.most_in_database, one.most_at_carrier) > one.limit:
            figures.broken.append(f"BROKEN: {one.name} had more than {one.limit} calls at once")
        if one.per_second and one.most_in_a_second > one.per_second:
            figures.broken.append(f"BROKEN: {one.name} began more than {one.per_second} calls in a second")
    if figures.most_of_a_process > CALLS_OF_A_PROCESS:
        figures.broken.append("BROKEN: a process had more calls than it may")
    contacts = sum(one.contacts for one in figures.organisations)
    if executions != contacts:
        figures.broken.append(f"BROKEN: {contacts} contacts are {executions} executions")
    if figures.second_dials:
        figures.broken.append(f"BROKEN: {figures.second_dials} second dials")
    if figures.after_stop:
        figures.broken.append(f"BROKEN: {figures.after_stop} calls began after the stop")


def _most_at_once(dials: Sequence[Dial]) -> int:
    """The most calls the carrier held at once."""
    changes = [(dial.at, 1) for dial in dials]
    changes += [(dial.ended_at, -1) for dial in dials if dial.ended_at is not None]
    # An end at the same instant comes first.
    return max(itertools.accumulate(change for _, change in sorted(changes)), default=0)


def _most_within(moments: Sequence[datetime], window: timedelta) -> int:
    """The most of ``moments``, which are in order, that lie within less than ``window``."""
    most, first = 0, 0
    for number, moment in enumerate(moments):
        while moment - moments[first] >= window:
            first += 1
        most = max(most, number - first + 1)
    return most


async def _run(contacts: int, statuses: Sequence[str], keep: Path | None) -> Figures:
    with scratch(keep) as folder:
        async with own_database(folder) as dsn:
            return await Throughput(folder, dsn, contacts, statuses).run()


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Exit status 1 when a limit was exceeded."""
    parser = argparse.ArgumentParser(prog="python -m proof throughput", description=__doc__)
    parser.add_argument("--contacts", type=at_least_one, default=CONTACTS, help="how many contacts on all lists")
    parser.add_argument("--webhooks", default="completed", help="statuses that are published, with commas")
    parser.add_argument("--keep", type=Path, help="an empty folder for everything that was written; else it is deleted")
    options = parser.parse_args(argv)
    figures = asyncio.run(_run(options.contacts, options.webhooks.split(","), options.keep))
    sys.stdout.write("\n".join(figures.lines()) + "\n")
    return 1 if figures.broken else 0
