"""``python -m proof neighbours``: one organisation attacks a server over every public way in, and another one's calls go on as before.

A server runs as a process of its own, with two organisations. One of them is under observation: phones call it and hear one long welcome
each, it chats, and it places calls with post-call work and webhooks, one after the other. All of it is timed, first in peace and then
under attack. The attacker is another process with a key of its own. It tries patterns that explode, connections without a key whose heads
never end, calls and chats that fill every place, INVITEs without an ACK, event streams, and endpoints that never answer.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import socket
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import httpx
from tests.acceptance.sip.raw_phone import RawPhone

from callwright.lab.arguments import at_least_one
from callwright.ops.clock import SystemClock
from callwright.ports.leg import SILENCE_FRAME
from proof.chaos import own_database, scratch
from proof.customer import CALLERS, agent
from proof.hostile_receiver import HostileReceiver, Hostility
from proof.lines import percentile
from proof.server_process import ServerProcess, free_port, printed_by

SECONDS = 30
CALLS = 5
"""Calls of the observed organisation that are under way all the time."""
PLACES = 50
"""Calls and chats that the process takes: fewer than the attacker asks for."""
MOST_GAP_MS = 40.0
"""The 99th percentile of the pauses between the frames that a caller hears."""
MOST_STARVED = 0.01
"""The share of the frames that may be missing as they are due: a frame later than that leaves a hole in the voice."""
MOST_LATER_S = 2.0
"""A chat, and a call with its post-call work and its last webhook, may take so much longer under attack than in peace."""
SHARE = 90
"""Of a hundred chats and calls, so many must be as fast: a single one may meet a machine that stands still for a moment."""
ATTACKERS = {
    "patterns": 10,
    "connections": 250,
    "calls": 30,
    "chats": 30,
    "invites": 30,
    "streams": 30,
    "webhooks": 5,
    "models": 4,
}
"""The ways of the attack, and how often each must have been tried: an attack that did not happen proves nothing."""
_WELCOME = "We are glad that you call, and this welcome is a long one. " * 400
_READY_S = 60.0
_FRAMES = 50 * 3_600
_AGAIN_S = 0.3
_STRANGERS = tuple(f"127.0.0.{host}" for host in range(20, 26))
"""Addresses of the connections without a key."""
_FILLING = 3
"""Tasks that fill the places."""
_OF_A_STRANGER = 200
_KEYED = "127.0.0.30"
"""The attacker's address with a key, and that of its phones."""


@dataclass
class Times:
    """What one stretch of the observed organisation's work took. ``errors``: answers that it should never have got. ``timer_late_ms``: how
    late timers of the measuring process were, which is the machine's own share of the pauses."""

    gaps_ms: list[float] = field(default_factory=list)
    timer_late_ms: list[float] = field(default_factory=list)
    chats_s: list[float] = field(default_factory=list)
    calls_s: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def line(self, name: str) -> str:
        """One line for people."""
        gaps = ", ".join(f"p{share} {percentile(self.gaps_ms, share):.0f} ms" for share in (50, 99, 100))
        late_ms = percentile(self.timer_late_ms, 99)
        rows = [f"{name}: frames {gaps} of {len(self.gaps_ms)}, timers {late_ms:.0f} ms late (p99)"]
        for what, taken in (("chats", self.chats_s), ("calls to their last webhook", self.calls_s)):
            rows.append(f"{what} {_shown(taken)}")
        return "; ".join(rows)


def _shown(taken: Sequence[float]) -> str:
    return f"{len(taken)}, median {median(taken):.2f} s, longest {max(taken):.2f} s" if taken else "none"


@dataclass
class Report:
    """What a run showed: the work in ``peace`` and under ``attack``, and what the attacker ``did``."""

    peace: Times = field(default_factory=Times)
    attack: Times = field(default_factory=Times)
    did: dict[str, dict[str, int]] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    starved: list[tuple[int, int]] = field(default_factory=list)
    """Of each call under way, as its execution has it: frames that were due and not there, and frames sent."""

    def lines(self) -> list[str]:
        """The report for people."""
        tries = [f"{way}: {answers}" for way, answers in self.did.items()]
        verdict = f"{len(self.broken)} broken rules" if self.broken else "all rules hold"
        line = f"frames that were not there in time, and sent, of each call: {self.starved}"
        return [*self.broken[:20], *tries, line, self.peace.line("in peace"), self.attack.line("under attack"), verdict]

    def judge(self) -> None:
        """Add what breaks a rule to ``broken``."""
        for way, least in ATTACKERS.items():
            tries = sum(self.did.get(way, {}).values())
            if tries < least:
                self.broken.append(f"the attack by {way} had {tries} tries, too few to prove anything")
        gap_ms, timer_ms = percentile(self.attack.gaps_ms, 99), percentile(self.attack.timer_late_ms, 99)
        if not self.attack.gaps_ms:
            self.broken.append("callers heard no frames")
        elif gap_ms - timer_ms >= MOST_GAP_MS:
            self.broken.append(f"callers hear frames {gap_ms:.0f} ms apart (p99), timers are {timer_ms:.0f} ms late")
        missing, sent = (sum(part) for part in zip((0, 0), *self.starved, strict=True))
        if missing > MOST_STARVED * sent:
            self.broken.append(f"{missing} frames were not there in time, {sent} were sent")
        self.broken += self.peace.errors + self.attack.errors
        for what, peace, attack in (
            ("a chat", self.peace.chats_s, self.attack.chats_s),
            ("a call to its last webhook", self.peace.calls_s, self.attack.calls_s),
        ):
            if not peace or not attack:
                self.broken.append(f"{what} never came to its end")
                continue
            slow, usual = percentile(attack, SHARE), percentile(peace, SHARE)
            if slow > usual + MOST_LATER_S:
                self.broken.append(f"{what} took {slow:.1f} s under attack, {usual:.1f} s in peace")


# -- the attacker, a process of its own ----------------------------------------------------------------------------------------


@dataclass
class Attacker:
    """Attacks the server at ``url`` for ``seconds`` with the key of an organisation, and counts what it was answered."""

    url: str
    key: str
    sip_port: int
    seconds: float
    did: dict[str, Counter[str]] = field(default_factory=lambda: {way: Counter() for way in ATTACKERS})
    calls: list[str] = field(default_factory=list)
    api: httpx.AsyncClient = field(init=False)

    async def run(self) -> dict[str, Counter[str]]:
        """All ways at once."""
        transport = httpx.AsyncHTTPTransport(
            local_address=_KEYED, limits=httpx.Limits(max_connections=200, max_keepalive_connections=20)
        )
        headers = {"Authorization": f"Bearer {self.key}"}
        async with AsyncExitStack() as held:
            hooks = await held.enter_async_context(SilentEndpoint(self.did["webhooks"]))
            models = await held.enter_async_context(SilentEndpoint(self.did["models"]))
            self.api = await held.enter_async_context(
                httpx.AsyncClient(transport=transport, base_url=self.url, headers=headers, timeout=30)
            )
            summarised, explosive = await self._agent(_summarised(f"{models}/v1")), await self._agent(_explosive())
            with_hooks = await self._agent(agent(hooks, asked=False))
            # First, as there are places for them: chats and calls with work afterwards, which goes on when they are over.
            await asyncio.gather(*(self._leave_hanging(summarised) for _ in range(2 * ATTACKERS["models"])))
            ways = [
                self._patterns(explosive),
                *(self._connections(address) for address in _STRANGERS),
                *(self._fill(with_hooks) for _ in range(_FILLING)),
                self._invites(with_hooks),
                *(self._stream() for _ in range(ATTACKERS["streams"])),
            ]
            with suppress(TimeoutError):
                async with asyncio.timeout(self.seconds):
                    await asyncio.gather(*ways)
        return self.did

    async def _agent(self, body: dict[str, Any]) -> str:
        return str((await self.api.post("/v2/agent", json=body)).raise_for_status().json()["agent_id"])

    async def _asked(self, way: str, method: str, path: str, **content: Any) -> httpx.Response | None:
        """The answer to a request, counted."""
        try:
            answer = await self.api.request(method, path, **content)
        except httpx.TransportError as error:
            self.did[way][type(error).__name__] += 1
            return None
        self.did[way][str(answer.status_code)] += 1
        return answer

    async def _patterns(self, agent_id: str) -> None:
        """Lines that backtracking engines never finish with, and replies that expand them twenty thousand times."""
        opened = await self._asked("patterns", "POST", f"/v1/callwright/agents/{agent_id}/chats", json={"wait_s": 1})
        while opened is not None and opened.status_code < 300:
            path = f"/v1/callwright/chats/{opened.json()['execution_id']}/messages"
            for text in ("a" * 3_900 + "!", "b" * 3_900):
                await self._asked("patterns", "POST", path, json={"text": text, "wait_s": 1})
            await asyncio.sleep(_AGAIN_S)

    async def _connections(self, address: str) -> None:
        """Connections without a key that send a head one byte a second, opened again as they are closed."""

        async def one() -> None:
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", _port(self.url), local_addr=(address, 0))
                    self.did["connections"]["opened"] += 1
                    writer.write(b"GET / HTTP/1.1\r\nX-A: ")
                    while not writer.is_closing():
                        await asyncio.sleep(1)
                        writer.write(b"a")
                        await writer.drain()
                except OSError:
                    self.did["connections"]["closed"] += 1
                await asyncio.sleep(_AGAIN_S)

        await asyncio.gather(*(one() for _ in range(_OF_A_STRANGER)))

    async def _fill(self, agent_id: str) -> None:
        """Calls that never end, chats in which nothing is written, and calls that publish many webhooks."""
        while True:
            for persona in ("waits", "waits", "brief"):
                body = {"agent_id": agent_id, "recipient_phone_number": "+15550100", "user_data": {"persona": persona}}
                placed = await self._asked("calls", "POST", "/call", json=body)
                if placed is not None and placed.status_code < 300:
                    self.calls.append(placed.json()["execution_id"])
            path = f"/v1/callwright/agents/{agent_id}/chats"
            await self._asked("chats", "POST", path, json={"hangup_after_silence": 0, "wait_s": 1})
            await asyncio.sleep(_AGAIN_S)

    async def _leave_hanging(self, agent_id: str) -> None:
        """A chat whose work afterwards asks a model that never answers."""
        path = f"/v1/callwright/agents/{agent_id}/chats"
        opened = await self._asked("chats", "POST", path, json={"wait_s": 5})
        if opened is not None and opened.status_code < 300:
            chat = f"/v1/callwright/chats/{opened.json()['execution_id']}"
            await self._asked("chats", "POST", f"{chat}/messages", json={"text": "Hello.", "wait_s": 5})
            await self._asked("chats", "DELETE", chat)

    async def _invites(self, agent_id: str) -> None:
        """Twenty INVITEs a second that are never acknowledged."""
        loop, phone = asyncio.get_running_loop(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with phone:
            phone.setblocking(False)
            phone.bind((_KEYED, 0))
            loop.add_reader(phone, self._hear, phone)
            try:
                for number in itertools.count():
                    invite = _invite(agent_id, number, phone.getsockname()[1], self.sip_port)
                    await loop.sock_sendto(phone, invite, ("127.0.0.1", self.sip_port))
                    await asyncio.sleep(0.05)
            finally:
                loop.remove_reader(phone)

    def _hear(self, phone: socket.socket) -> None:
        with suppress(OSError):
            first = phone.recv(65_536).split(b"\r\n")[0].split()
            # Our BYE's own answer and repetitions count too: what matters is that the server is busy with them.
            self.did["invites"][first[1].decode() if first[0] == b"SIP/2.0" else first[0].decode()] += 1

    async def _stream(self) -> None:
        """Live event streams of calls that wait or are under way, read slowly."""
        while True:
            if self.calls:
                path = f"/v1/callwright/executions/{self.calls[-1]}/events"
                with suppress(httpx.TransportError):
                    async with self.api.stream("GET", path) as stream:
                        self.did["streams"][str(stream.status_code)] += 1
                        async for _ in stream.aiter_bytes():
                            await asyncio.sleep(0.5)
            await asyncio.sleep(_AGAIN_S)


def _explosive() -> dict[str, Any]:
    body = agent("", asked=False)
    del body["agent_config"]["webhook_url"]
    rules = [
        {"when": "^(a+)+$", "say": "never"},
        {"when": "^(a|aa)+$", "say": "never"},
        {"when": "(b+)", "say": "\\1" * 20_000},
    ]
    body["agent_config"]["tasks"][0]["tools_config"]["llm_agent"]["rules"] = rules
    return body


def _summarised(base_url: str) -> dict[str, Any]:
    body = agent("", asked=True)
    del body["agent_config"]["webhook_url"]
    model = {"provider": "custom", "model": "silent", "base_url": base_url, "extraction_details": "said : whether"}
    body["agent_config"]["tasks"][1]["tools_config"]["llm_agent"] = model
    return body


def _invite(agent_id: str, number: int, port: int, sip_port: int) -> bytes:
    here, to = f"{_KEYED}:{port}", f"sip:{agent_id}@127.0.0.1:{sip_port}"
    sdp = (
        f"v=0\r\no=- {number} 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 {_KEYED}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"
        "a=rtpmap:0 PCMU/8000\r\n"
    )
    head = [
        f"INVITE {to} SIP/2.0",
        f"Via: SIP/2.0/UDP {here};branch=z9hG4bK-n{number};rport",
        "Max-Forwards: 70",
        f"From: <sip:stranger@127.0.0.1>;tag=n{number}",
        f"To: <{to}>",
        f"Call-ID: n{number}@{here}",
        "CSeq: 1 INVITE",
        f"Contact: <sip:stranger@{here}>",
        "Content-Type: application/sdp",
        f"Content-Length: {len(sdp)}",
    ]
    return "\r\n".join([*head, "", sdp]).encode()


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])


class SilentEndpoint:
    """An endpoint on loopback that takes requests and never answers; its address. ``count`` hears of each connection."""

    def __init__(self, count: Counter[str]) -> None:
        self._count = count
        self._held: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._held:
            writer.close()
        await asyncio.gather(*filter(None, self._held.values()), return_exceptions=True)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._count["taken"] += 1
        self._held[writer] = asyncio.current_task()
        with suppress(OSError):
            while await reader.read(65_536):
                pass


# -- the organisation under observation ----------------------------------------------------------------------------------------


@dataclass
class Observed:
    """The organisation whose work is timed."""

    api: httpx.AsyncClient
    receiver: HostileReceiver
    agent_id: str = ""
    talking_id: str = ""
    clock: SystemClock = field(default_factory=SystemClock)

    async def begin(self) -> None:
        """Save the agents: one of brief calls and chats, and one whose welcome is long."""
        self.agent_id = await self._saved(agent(self.receiver.url, asked=True))
        body = agent("", asked=False)
        del body["agent_config"]["webhook_url"]
        body["agent_config"]["agent_welcome_message"] = _WELCOME
        body["agent_config"]["tasks"][0]["task_config"]["call_terminate"] = 3_000
        self.talking_id = await self._saved(body)

    async def _saved(self, body: dict[str, Any]) -> str:
        return str((await self.api.post("/v2/agent", json=body)).raise_for_status().json()["agent_id"])

    async def lines(self, calls: int) -> list[dict[str, Any]]:
        """The line's facts of the calls that were under way, as their executions have them."""
        path = f"/v2/agent/{self.talking_id}/executions"
        async with asyncio.timeout(_READY_S):
            while True:
                rows = (await self.api.get(path)).raise_for_status().json()["data"]
                found = [row["callwright"]["line"] for row in rows if row["status"] == "completed"]
                if len(found) >= calls:
                    return found
                await self.clock.sleep(_AGAIN_S)

    async def work(self, times: Times, seconds: float, phones: Sequence[RawPhone]) -> None:
        """Chat and call, one after the other, for so long, while ``phones`` hear their agent."""
        for phone in phones:
            phone.rtp.clear()
        until_us = self.clock.monotonic_us() + int(seconds * 1_000_000)
        control = asyncio.create_task(self._control(times.timer_late_ms))
        await asyncio.gather(
            self._repeat(self._chat, times.chats_s, times, until_us),
            self._repeat(self._brief, times.calls_s, times, until_us),
        )
        control.cancel()
        for phone in phones:
            at = [packet.at for packet in phone.rtp]
            times.gaps_ms += [(later - earlier) * 1000 for earlier, later in itertools.pairwise(at)]

    async def _control(self, late_ms: list[float]) -> None:
        while True:
            due_us = self.clock.monotonic_us() + 20_000
            await self.clock.sleep(0.02)
            late_ms.append((self.clock.monotonic_us() - due_us) / 1_000)

    async def _repeat(
        self, work: Callable[[], Awaitable[None]], taken: list[float], times: Times, until_us: int
    ) -> None:
        while self.clock.monotonic_us() < until_us:
            began_us = self.clock.monotonic_us()
            try:
                await work()
            except httpx.HTTPStatusError as error:
                times.errors.append(f"{error.request.url.path} was answered {error.response.text}")
            except (httpx.TransportError, TimeoutError, ValueError) as error:
                times.errors.append(f"{work.__name__.strip('_')}: {error!r}")
            taken.append((self.clock.monotonic_us() - began_us) / 1_000_000)
            await self.clock.sleep(_AGAIN_S)

    async def _chat(self) -> None:
        opened = await self.api.post(f"/v1/callwright/agents/{self.agent_id}/chats", json={"wait_s": 20})
        chat = f"/v1/callwright/chats/{opened.raise_for_status().json()['execution_id']}"
        answer = await self.api.post(f"{chat}/messages", json={"text": "bye", "wait_s": 20})
        if answer.raise_for_status().json()["reply"] != "Bye.":
            raise ValueError(answer.text)

    async def _brief(self) -> None:
        asked = {"agent_id": self.agent_id, "recipient_phone_number": "+15550199", "user_data": {"persona": "brief"}}
        placed = (await self.api.post("/call", json=asked)).raise_for_status().json()["execution_id"]
        async with asyncio.timeout(_READY_S):
            while not any(one.about == placed and one.status == "completed" for one in self.receiver.arrivals):
                await self.clock.sleep(0.02)


async def proved(seconds: int, calls: int, folder: Path, dsn: str) -> Report:
    """One run on the database ``dsn``."""
    report, sip_port = Report(), free_port()
    settings = {"CALLWRIGHT_MAX_CALLS": str(PLACES), "CALLWRIGHT_SIP_LISTEN": f"127.0.0.1:{sip_port}"}
    server = ServerProcess(folder, dsn, CALLERS, settings)
    receiver = HostileReceiver(Random(1), Hostility(0, 0, 0))
    async with receiver.listening(), AsyncExitStack() as held:
        keys = []
        for name in ("observed", "attacker"):
            tenant_id = (await server.command("accounts", "create", "--name", name)).split()[0]
            keys.append(await server.key("--account", tenant_id))
        await server.start()
        held.push_async_callback(server.stop)
        await server.ready()
        headers = {"Authorization": f"Bearer {keys[0]}"}
        api = httpx.AsyncClient(base_url=server.url, headers=headers, timeout=60, trust_env=False)
        observed = Observed(await held.enter_async_context(api), receiver)
        await observed.begin()
        phones = []
        for _ in range(calls):
            phones.append(await RawPhone().open())
            held.callback(phones[-1].close)
            answer = await phones[-1].call(f"sip:{observed.talking_id}@127.0.0.1:{sip_port}", seconds=_READY_S)
            if not answer.startswith("SIP/2.0 200"):
                report.broken.append(f"a call in peace was answered {answer.splitlines()[0]}")
            # A phone that sends nothing is hung up on after a minute.
            talk = asyncio.create_task(phones[-1].talk([SILENCE_FRAME] * _FRAMES))
            held.callback(talk.cancel)
        await observed.work(report.peace, seconds / 3, phones)
        attacking = asyncio.create_task(
            printed_by("proof.neighbours", server.url, keys[1], str(sip_port), str(seconds))
        )
        await observed.work(report.attack, seconds, phones)
        report.did = await attacking
        for phone in phones:
            if any(text.startswith("BYE") for text in phone.heard):
                report.broken.append("a call under way was ended")
                continue
            await phone.hang_up()
        for line in await observed.lines(calls):
            report.starved.append((int(line["tx_starved_frames"]), int(line["tx_packets"])))
    report.judge()
    return report


async def _by_itself(seconds: int, calls: int, keep: Path | None) -> Report:
    with scratch(keep) as folder:
        async with own_database(folder) as dsn:
            return await proved(seconds, calls, folder, dsn)


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Exit status 1 when a rule is broken."""
    parser = argparse.ArgumentParser(prog="python -m proof neighbours", description=__doc__)
    parser.add_argument("--seconds", type=at_least_one, default=SECONDS, help="how long the attack lasts")
    parser.add_argument("--calls", type=at_least_one, default=CALLS, help="how many calls are under way")
    parser.add_argument("--keep", type=Path, help="an empty folder for everything that was written; else it is deleted")
    options = parser.parse_args(argv)
    report = asyncio.run(_by_itself(options.seconds, options.calls, options.keep))
    sys.stdout.write("\n".join(report.lines()) + "\n")
    return 1 if report.broken else 0


if __name__ == "__main__":
    URL, KEY, SIP_PORT, MOST_S = sys.argv[1:]
    sys.stdout.write(json.dumps(asyncio.run(Attacker(URL, KEY, int(SIP_PORT), float(MOST_S)).run())))
