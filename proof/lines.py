"""``python -m proof lines``: mutated messages and requests of all carriers come in while calls are under way, in real time on loopback.

A server runs as a process of its own. CALLS calls over a stand-in of Twilio hear one long welcome each. The pauses between its messages are
measured, first in peace and then under attack. The attack comes from another process: every vendor's doors and streams, and also those of
the account whose calls are under way.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs

import httpx
from tests.http_server import Exchange, serving
from tests.number_vendors import say
from tests.twilio_vendor import Phone, TwilioVendor, twilio_vendor
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from callwright.lab.arguments import at_least_one, from_zero
from callwright.ops.clock import SystemClock
from callwright.ops.ids import RandomIds
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.ledger import Ledger
from callwright.platform.phone_numbers.rules import CARRIER, PhoneNumber
from callwright.ports.registry import HttpClient
from proof.carrier_attacks import STREAM, Attack, Call, Listener, Outcome, stream_in
from proof.carrier_messages import SIDES, Message, Side
from proof.carrier_mutants import Wire
from proof.chaos import own_database, scratch
from proof.customer import agent
from proof.server_process import ServerProcess, printed_by

CALLS = 20
MESSAGES = 3_000
QUIET_S = 20.0
MOST_LATER_MS = 40.0
"""The 99th percentile of the pauses between messages under attack may be so much longer than in peace."""
MOST_GROWN_MIB = 24.0
"""Memory that the second half of an attack may add: the server remembers calls for two minutes after their end."""
_WELCOME = "We are glad that you call, and this welcome is a long one. " * 250
_FIRST_ATTACK = 1_000_000
"""Ids of the attacker's calls begin here: the stand-in's own begin at 0."""
_TALKS_S = 60.0


@dataclass
class Report:
    """What a run showed. ``gaps_ms``: quiet and attacked, the pauses between messages of the agents' sound."""

    seed: int
    outcomes: dict[str, dict[str, Any]] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    gaps_ms: tuple[list[float], list[float]] = ([], [])
    memory_mib: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def lines(self) -> list[str]:
        """The report for people."""
        told = [f"{name}: {one['mutants']} mutants, {one['answers']}" for name, one in self.outcomes.items()]
        for name, gaps in zip(("in peace", "under attack"), self.gaps_ms, strict=True):
            shares = ", ".join(f"p{share} {percentile(gaps, share):.0f} ms" for share in (50, 95, 99, 100))
            told.append(f"pauses of the agents {name}: {len(gaps)}, {shares}")
        told.append("memory: " + ", ".join(f"{one:.0f} MiB" for one in self.memory_mib))
        mutants = sum(one["mutants"] for one in self.outcomes.values())
        verdict = f"{len(self.broken)} broken rules with seed {self.seed}" if self.broken else "all rules hold"
        return [*self.broken[:20], *told, f"{verdict}: {mutants} mutants in {self.seconds:.0f} s"]


def percentile(values: Sequence[float], share: int) -> float:
    """0 where there are no values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)] if ordered else 0.0


# -- the attacker, a process of its own ----------------------------------------------------------------------------------------


class Socket:
    """The attacker's end of a websocket (``proof.carrier_attacks.Websocket``)."""

    def __init__(self) -> None:
        self.closed = False
        self.sent = 0
        self.waiting: asyncio.Queue[Wire | int] = asyncio.Queue()

    def say(self, message: Wire) -> None:
        """Send a message."""
        self.waiting.put_nowait(message)

    def leave(self, code: int = 1006) -> None:
        """Close, or with 1006 break off."""
        self.closed = True
        self.waiting.put_nowait(code)

    async def run(self, address: str) -> None:
        """Until it is closed by either side."""
        try:
            async with connect(address, compression=None, ping_interval=None) as socket:
                hearing = asyncio.create_task(self._hear(socket))
                try:
                    while not self.closed or not self.waiting.empty():
                        message = await self.waiting.get()
                        if isinstance(message, int):
                            if message == 1006:
                                socket.transport.abort()
                            await socket.close(message if message != 1006 else 1000)
                            break
                        await socket.send(message)
                finally:
                    hearing.cancel()
        except (OSError, ConnectionClosed, InvalidHandshake, InvalidURI):
            pass
        finally:
            self.closed = True

    async def _hear(self, socket: Any) -> None:
        try:
            async for _ in socket:
                self.sent += 1
        except ConnectionClosed:
            return
        finally:
            self.leave(1000)


class Network:
    """A carrier's vendor against a real server (``proof.carrier_attacks.Target``)."""

    def __init__(
        self, side: Side, base: str, client: httpx.AsyncClient, streams: dict[str, str], http: HttpClient
    ) -> None:
        self.side = side
        self.clock = SystemClock()
        self.base = base
        self._client = client
        self._streams = streams
        self.vendor = side.vendor(http)
        self._account = self.vendor.account(side.access(base))
        self._calls = _FIRST_ATTACK
        self._asked = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """A request: status and body."""
        given = {name.encode(): value.encode("latin-1", "replace") for name, value in headers.items()}
        try:
            answer = await self._client.request(method, url, headers=given, content=body)
        except httpx.TransportError as error:
            if isinstance(error, httpx.TimeoutException):
                return 599, b""
            return 0, b""
        return answer.status_code, answer.content

    def signature(self, url: str, body: bytes) -> dict[str, str]:
        """The headers of a request."""
        self._asked += 1
        form = {} if self.side.json else parse_qs(body.decode("latin-1"), keep_blank_values=True)
        return self.side.signs(url, body, form, self._asked)

    def open(self, address: str) -> Socket:
        """Connect to the address of a stream."""
        socket = Socket()
        task = asyncio.get_running_loop().create_task(socket.run(address))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return socket

    async def came_in(self) -> tuple[Call, str]:
        """A call to the number, and the address of its stream."""
        self._calls += 1
        call_id = self.side.call_id(self._calls)
        ask = self.side.asks(call_id, {})[0]
        url, body = ask.written(self.side, self.base)
        _, told = await self.request(ask.method, url, self.signature(url, body), body)
        await self.settle()
        key = f"in.{self._account.id}.{call_id}"
        query = {"call": key, **self.vendor.proof(self._account, key)}
        return Call(call_id, key, query, Listener()), self._streams.pop(call_id, "") or stream_in(told)

    dialled = came_in

    async def streaming(self, call: Call, stream: str) -> Call:
        """Start the stream of a call."""
        call.socket = self.open(stream)
        start: Message = self.side.stream(call.id)[0]
        call.socket.say(json.dumps(start))
        await self.settle()
        return call

    async def settle(self) -> None:
        """Let a moment pass."""
        await self.clock.sleep(0.02)

    async def aclose(self) -> None:
        """Break off what is open."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _attack(base: str, port: int, messages: int, seed: int, others: tuple[str, ...]) -> dict[str, Any]:
    streams: dict[str, str] = {}

    async def api(exchange: Exchange) -> None:
        found = STREAM.search(exchange.request.body.decode(errors="replace"))
        parts = exchange.request.target.split("/")
        if found and "calls" in parts:
            streams[parts[parts.index("calls") + 1]] = found[0]
        await say(exchange, 200, {"data": {"result": "ok"}})

    async with serving(api, port), httpx.AsyncClient(timeout=20) as client:

        async def one(side: Side) -> Outcome:
            network, outcome = Network(side, base, client, streams, client), Outcome()  # type: ignore[arg-type]
            attack = Attack(network, Random(f"{side.name} {seed}"), outcome, others)
            try:
                while outcome.mutants < messages / len(SIDES):
                    await attack.step()
            finally:
                await network.aclose()
            return outcome

        outcomes = await asyncio.gather(*map(one, SIDES))
    return {
        side.name: {
            "mutants": outcome.mutants,
            "answers": dict(outcome.answers),
            "broken": [f"{one.rule} after {one.after}" for one in outcome.broken],
        }
        for side, outcome in zip(SIDES, outcomes, strict=True)
    }


# -- the server, and the calls under way ---------------------------------------------------------------------------------------


@dataclass
class Calls:
    """The calls that nobody attacks. ``gaps_ms`` is where a pause goes."""

    gaps_ms: list[float]
    heard: Counter[str] = field(default_factory=Counter)
    ended: list[str] = field(default_factory=list)
    leaving: bool = False

    async def talk(self, phone: Phone, address: str) -> None:
        """Hear the welcome, and play every mark at once."""
        loop, before = asyncio.get_running_loop(), 0.0
        async with connect(address, compression=None) as socket:
            phone.socket = socket
            start = {"streamSid": "MZ1", "callSid": phone.sid}
            await socket.send(json.dumps({"event": "start", "streamSid": "MZ1", "start": start}))
            async for message in socket:
                told = json.loads(message)
                if told["event"] == "media":
                    now = loop.time()
                    if before:
                        self.gaps_ms.append((now - before) * 1000)
                    before = now
                    self.heard[phone.sid] += 1
                elif told["event"] == "mark":
                    await socket.send(json.dumps({"event": "mark", "streamSid": "MZ1", "mark": told["mark"]}))
        if not self.leaving:
            self.ended.append(phone.sid)


@asynccontextmanager
async def _server(
    folder: Path, dsn: str, twilio: str, port: int
) -> AsyncIterator[tuple[ServerProcess, httpx.AsyncClient, str]]:
    """A server with an agent, accounts at all vendors, and a number at each; its client, and the agent's id."""
    server = ServerProcess(folder, dsn, {"default": "x", "personas": {"x": {}}}, {"CALLWRIGHT_MAX_CALLS": "200"})
    key = await server.key()
    await server.start()
    try:
        await server.ready()
        async with httpx.AsyncClient(
            base_url=server.url, headers={"Authorization": f"Bearer {key}"}, timeout=60, trust_env=False
        ) as client:
            body = agent("", asked=False)
            body["agent_config"] |= {"agent_welcome_message": _WELCOME}
            del body["agent_config"]["webhook_url"]
            body["agent_config"]["tasks"][0]["tools_config"]["input"] = {"provider": "twilio", "format": "wav"}
            body["agent_config"]["tasks"][0]["task_config"]["call_terminate"] = 3_000
            made = await client.post("/v2/agent", json=body)
            agent_id = str(made.raise_for_status().json()["agent_id"])
            for side in SIDES:
                api = twilio if side.name == "twilio" else f"http://127.0.0.1:{port}"
                for name, value in side.access(api).keys.items():
                    asked = {"provider_name": name, "provider_value": value}
                    (await client.post("/providers", json=asked)).raise_for_status()
            ledger, now = Ledger(dsn, 2), SystemClock().now()
            await ledger.open()
            try:
                for side in SIDES:
                    row = PhoneNumber(
                        RandomIds().uuid(), DEFAULT_TENANT_ID, side.number, CARRIER, side.name, now, now,
                        agent_tenant_id=DEFAULT_TENANT_ID, agent_id=agent_id,
                    )  # fmt: skip
                    async with ledger.unit() as unit:
                        await unit.numbers.add(row)
            finally:
                await ledger.aclose()
            yield server, client, agent_id
    finally:
        await server.stop()


async def _run(messages: int, seed: int, calls: int, folder: Path, dsn: str) -> Report:
    report, clock = Report(seed), SystemClock()
    under_way, began_us = Calls(report.gaps_ms[0]), clock.monotonic_us()
    vendor = TwilioVendor(talk=under_way.talk)
    async with serving(_unused) as probe:
        port = probe.port
    async with twilio_vendor(vendor), _server(folder, dsn, vendor.url, port) as (server, client, agent_id):
        ids = []
        for number in range(calls):
            asked = {"agent_id": agent_id, "recipient_phone_number": f"+1555019{number:04}"}
            placed = await client.post("/call", json=asked)
            ids.append(str(placed.raise_for_status().json()["execution_id"]))
        async with asyncio.timeout(_TALKS_S):
            while len(under_way.heard) < calls:
                await clock.sleep(0.1)
        await clock.sleep(5)
        under_way.gaps_ms.clear()
        await clock.sleep(QUIET_S)
        under_way.gaps_ms = report.gaps_ms[1]
        report.memory_mib.append(_memory_mib(server.pid))
        for half in range(2):
            others = tuple(f"{one}.1" for one in ids[:5]) + tuple(phone.sid for phone in vendor.phones[:5])
            attack = (server.url, str(port), str(messages // 2), str(2 * seed + half), json.dumps(others))
            for name, told in (await printed_by("proof.lines", *attack)).items():
                known = report.outcomes.setdefault(name, {"mutants": 0, "answers": Counter()})
                known["mutants"] += told["mutants"]
                known["answers"].update(told["answers"])
                report.broken += [f"{name}: {one}" for one in told["broken"]]
                if not told["answers"].keys() & {"200", "204"}:
                    report.broken.append(f"{name}: the server took nothing of it, nothing of this was proved")
            report.memory_mib.append(_memory_mib(server.pid))
        report.broken += [f"the call {sid} ended" for sid in under_way.ended]
        for one in ids:
            row = (await client.get(f"/executions/{one}")).json()
            if row["status"] != "in-progress":
                report.broken.append(f"execution {one} is {row['status']}: {row.get('telephony_data')}")
        under_way.leaving = True
        log = server.log.read_text(errors="replace")
    report.broken += [
        f"the server logs: {part[:1_500]}" for part in log.split("\n") if " ERROR " in part or "Traceback" in part
    ][:5]
    report.seconds = (clock.monotonic_us() - began_us) / 1_000_000
    later = percentile(report.gaps_ms[1], 99) - percentile(report.gaps_ms[0], 99)
    if later > MOST_LATER_MS:
        report.broken.append(f"the agents' sound comes {later:.0f} ms later (p99), more than {MOST_LATER_MS:.0f}")
    if report.memory_mib[2] - report.memory_mib[1] > MOST_GROWN_MIB:
        report.broken.append("memory grows with the attack")
    return report


async def _unused(exchange: Exchange) -> None:
    await exchange.break_off()


def _memory_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


async def proved(messages: int, seed: int, calls: int, keep: Path | None = None) -> Report:
    """One run on a database of its own."""
    with scratch(keep) as folder:
        async with own_database(folder) as dsn:
            return await _run(messages, seed, calls, folder, dsn)


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Exit status 1 when a rule is broken."""
    parser = argparse.ArgumentParser(prog="python -m proof lines", description=__doc__)
    parser.add_argument(
        "--messages", type=at_least_one, default=MESSAGES, help="how many mutants come in, of all vendors together"
    )
    parser.add_argument("--seed", type=from_zero, default=1, help="what chooses them")
    parser.add_argument("--calls", type=at_least_one, default=CALLS, help="how many calls are under way")
    parser.add_argument("--keep", type=Path, help="an empty folder for everything that was written; else it is deleted")
    options = parser.parse_args(argv)
    report = asyncio.run(proved(options.messages, options.seed, options.calls, options.keep))
    sys.stdout.write("\n".join(report.lines()) + "\n")
    return 1 if report.broken else 0


if __name__ == "__main__":
    BASE, PORT, MANY, SEED, OTHERS = sys.argv[1:]
    sys.stdout.write(json.dumps(asyncio.run(_attack(BASE, int(PORT), int(MANY), int(SEED), tuple(json.loads(OTHERS))))))
