"""Kamailio before two servers, with the configuration of ``deploy/kamailio``: phones register there and talk to agents."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.sip.raw_phone import RawPhone
from tests.phone import sound
from tests.phone.agents import WELCOME
from tests.phone.calls import check_transcript, final, hangup, understood
from tests.phone.certificates import Certificates
from tests.phone.ports import Ports, is_bound
from tests.phone.server import Server
from tests.phone.sipp import IP
from tests.phone.softphones import Account, Softphone, baresip, linphone
from tests.phone.sound import silence
from tests.phone.test_softphones import ANSWERED, ASKED, hung_up_by_owner, microphone
from tests.phone.test_trunks import make_trunk, trunk_agent
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"
PHONE, OTHER, PASSWORD = "+15550100201", "+15550100202", "phone-secret-1"
TRUNK, TRUNK_PASSWORD = "callwright", "trunk-secret-1"
OURS, OURS_TOO = "+15550100601", "+15550100602"
"""The agents' numbers."""
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"


class Front:
    """Kamailio on a port of its own, with TLS on the one above, and the servers that have the gateways of its list. ``secure``: it calls
    them over TLS."""

    def __init__(
        self, folder: Path, port: int, *servers: Server, certificates: Certificates, secure: bool = False
    ) -> None:
        self.port = port
        self.address = f"{IP}:{port}"
        self.servers = servers
        self.log = folder / "kamailio.log"
        self._folder = folder
        shutil.copytree(ROOT / "deploy/kamailio", folder)
        phones = [f'$sht(phones=>{user}) = "{PASSWORD}";\n' for user in (PHONE, OTHER)]
        (folder / "phones.cfg").write_text("".join([*phones, f'$sht(trunks=>{TRUNK}) = "{TRUNK_PASSWORD}";\n']))
        addresses = [f"{IP}:{one.sip_port + 1};transport=tls" if secure else f"{IP}:{one.sip_port}" for one in servers]
        (folder / "dispatcher.list").write_text("".join(f"1 sip:{one}\n" for one in addresses))
        shutil.copy(certificates.ours, folder / "certificate.pem")
        tls = (folder / "tls.cfg").read_text()
        assert AUTHORITIES in tls
        (folder / "tls.cfg").write_text(tls.replace(AUTHORITIES, str(certificates.authority)))

    def start(self) -> None:
        """Start Kamailio and wait until it listens. Blocks."""
        # Kamailio goes to / before it writes its process id: another one that is running there would keep it from starting.
        files = ["-f", "kamailio.cfg", "-Y", str(self._folder), "-P", str(self._folder / "kamailio.pid")]
        defines = {
            "LISTEN": f"udp:{self.address}",
            "LISTEN_TCP": f"tcp:{self.address}",
            "LISTEN_TLS": f"tls:{IP}:{self.port + 1}",
            "DISPATCHER_LIST": f'"{self._folder}/dispatcher.list"',
        }
        settings = [part for name, value in defines.items() for part in ("-A", f"{name}={value}")]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [_program("kamailio"), *files, *settings, "-DD", "-E"], cwd=self._folder, stdout=log, stderr=log
            )
        deadline = time.monotonic() + 20
        while not is_bound(self.port):
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        """End it and its processes. Blocks."""
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self._process.kill()

    def asked(self, *command: str) -> str:
        """What ``kamcmd`` prints."""
        socket = f"unix:{self._folder}/kamailio_ctl"
        done = subprocess.run([_program("kamcmd"), "-s", socket, *command], capture_output=True, text=True, check=False)
        return done.stdout

    def gateways(self) -> list[str]:
        """The states of the gateways: AP answers OPTIONS, IP does not."""
        return re.findall(r"FLAGS: (\w+)", self.asked("dispatcher.list"))

    def account(self, user: str, transport: str = "udp") -> Account:
        """What a phone registers as."""
        port = self.port + 1 if transport == "tls" else self.port
        return Account(user, PASSWORD, f"{IP}:{port}", transport)

    async def registered(self, user: str) -> None:
        """Wait until a phone is."""
        await until(lambda: "Address: sip:" in self.asked("ul.lookup", "location", f"s:{user}"), 20)


def _program(name: str) -> str:
    found = shutil.which(name, path=PATH)
    if found is None or not [*Path("/usr/lib").glob("*/kamailio/modules/tls.so")]:
        pytest.skip("as root: apt-get install --no-install-recommends kamailio kamailio-tls-modules")
    return found


@pytest.fixture(scope="module")
def shared_servers(
    phone_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
    ports: Ports,
    certificates: Certificates,
) -> Iterator[list[Server]]:
    """Two servers on one database and one data folder."""
    _program("kamailio")
    folder, dsn = tmp_path_factory.mktemp("servers"), phone_database("front")
    more = {
        "CALLWRIGHT_DATA": str(folder / "data"),
        "CALLWRIGHT_SIP_CERTIFICATE": str(certificates.ours),
        "CALLWRIGHT_SIP_AUTHORITIES": str(certificates.authority),
    }
    servers = []
    with contextlib.ExitStack() as stack:
        for name in ("first", "second"):
            (folder / name).mkdir()
            servers.append(Server(folder / name, dsn, ports.sip(), ports.gateway_media(), **more))
            stack.callback(servers[-1].stop)
            servers[-1].start()
        yield servers


@pytest.fixture(scope="module")
def shared_front(
    shared_servers: list[Server], tmp_path_factory: pytest.TempPathFactory, ports: Ports, certificates: Certificates
) -> Iterator[Front]:
    """Kamailio before the servers."""
    front = Front(
        tmp_path_factory.mktemp("front") / "kamailio", ports.sip(), *shared_servers, certificates=certificates
    )
    front.start()
    yield front
    front.stop()


@pytest.fixture
async def servers(shared_servers: list[Server]) -> list[Server]:
    """Both servers; one that a test killed is started again."""
    for one in shared_servers:
        if not one.running:
            await asyncio.to_thread(one.start)
    return shared_servers


@pytest.fixture
async def front(servers: list[Server], shared_front: Front) -> Front:
    """The front with both servers."""
    await until(lambda: shared_front.gateways() == ["AP", "AP"], 20)
    return shared_front


async def agent_with_number(front: Front, number: str = OURS, port: int = 0, **trunk_changes: Any) -> str:
    """An agent that answers ``number``, one of a trunk whose gateway is Kamailio; its id."""
    server = front.servers[0]
    known = {"ip_identifiers": [{"ip_address": IP}], "inbound_enabled": True}
    changes = trunk_changes or {"auth_type": "ip-based"}
    trunk = await make_trunk(server, number, port or front.port, **known, **changes)
    agent_id = await server.agent(**trunk_agent())
    mapping = {"agent_id": agent_id, "phone_number_id": trunk["phone_numbers"][0]["id"]}
    async with server.api() as api:
        assert (await api.post("/inbound/setup", json=mapping)).status_code == 200
    return agent_id


async def test_a_registered_phone_calls_an_agent_and_both_are_understood(
    front: Front, tmp_path: Path, ports: Ports
) -> None:
    server = front.servers[0]
    agent_id = await agent_with_number(front)
    account = front.account(PHONE)
    async with linphone(tmp_path / "phone", ports.sip(), ports.media(), microphone(), account=account) as phone:
        await front.registered(PHONE)
        phone.command(f"call sip:{OURS}@{front.address}")
        record = await final(server, await server.inbound(agent_id, seconds=20), 40)
        await asyncio.sleep(0.5)

    assert (record["status"], hangup(record)) == ("completed", ("API Request", "end_call_tool", 4000))
    assert (record["provider"], record["user_number"], record["agent_number"]) == ("sip-trunk", PHONE, OURS)
    assert record["telephony_data"]["call_type"] == "inbound"
    check_transcript(record, f"user: {ASKED}", f"assistant: {ANSWERED}")
    await check_heard(server, record["id"], phone)


async def test_an_agent_calls_a_registered_phone_through_the_trunk_and_its_owner_hangs_up(
    front: Front, tmp_path: Path, ports: Ports
) -> None:
    server = front.servers[0]
    agent_id = await agent_with_number(front)
    account = front.account(PHONE)
    async with baresip(
        tmp_path / "phone", ports.sip(), ports.media(), microphone(), answers=True, account=account
    ) as phone:
        await front.registered(PHONE)
        execution_id = await server.call(agent_id, PHONE)
        record = await hung_up_by_owner(server, execution_id, phone)

    assert (record["status"], hangup(record)) == ("completed", ("Callee", "Call recipient hung up", 4000))
    assert (record["provider"], record["user_number"], record["agent_number"]) == ("sip-trunk", PHONE, OURS)
    assert 5 < record["conversation_duration"] < 30
    check_transcript(record, f"user: {ASKED}", f"assistant: {ANSWERED}")
    await check_heard(server, execution_id, phone)

    unreachable = await final(server, await server.call(agent_id, OTHER))
    assert (unreachable["status"], hangup(unreachable)) == ("no-answer", ("Carrier", "Call unanswered", 3000))
    unknown = await final(server, await server.call(agent_id, "+15550100299"))
    assert (unknown["status"], unknown["conversation_duration"]) == ("failed", 0)


async def test_calls_are_shared_and_when_a_server_is_killed_the_next_ones_go_to_the_other(
    front: Front, tmp_path: Path, ports: Ports
) -> None:
    first, second = front.servers
    agent_id = await agent_with_number(front)
    before = [await taken(one) for one in front.servers]
    account = front.account(PHONE)
    async with baresip(tmp_path / "phone", ports.sip(), ports.media(), silence(60_000), account=account) as phone:
        await front.registered(PHONE)
        for _ in range(2):
            await short_call(second, agent_id, phone, f"{OURS}@{front.address}")
        assert [await taken(one) - known for one, known in zip(front.servers, before, strict=True)] == [1, 1]

        first.kill()
        for _ in range(2):
            await short_call(second, agent_id, phone, f"{OURS}@{front.address}")
    assert await taken(second) - before[1] == 3
    await until(lambda: sorted(front.gateways()) == ["AP", "IP"], 20)


@pytest.mark.parametrize("transport", ["tls", pytest.param("tcp", marks=pytest.mark.long)])
async def test_a_phone_behind_tls_or_tcp_calls_an_agent_and_is_called_by_it(
    servers: list[Server], tmp_path: Path, ports: Ports, certificates: Certificates, transport: str
) -> None:
    secure = certificates if transport == "tls" else None
    front = Front(tmp_path / "kamailio", ports.sip(), *servers, certificates=certificates, secure=secure is not None)
    server = front.servers[0]
    await asyncio.to_thread(front.start)
    try:
        await until(lambda: "AP" in front.gateways(), 20)
        agent_id = await agent_with_number(
            front,
            OURS_TOO,
            front.port + 1 if secure else front.port,
            auth_username=TRUNK,
            auth_password=TRUNK_PASSWORD,
            transport=f"transport-{transport}",
            **({"media_encryption": "sdes"} if secure else {}),
        )
        account = front.account(PHONE, transport)
        async with baresip(
            tmp_path / "phone",
            ports.sip(),
            ports.media(),
            silence(60_000),
            answers=True,
            secure=secure,
            account=account,
        ) as phone:
            await front.registered(PHONE)
            await short_call(server, agent_id, phone, f"{OURS_TOO}@{account.registrar};transport={transport}")

            execution_id = await server.call(agent_id, PHONE)
            await until(lambda: said_welcome(server, execution_id), 20)
            phone.hang_up()
            record = await final(server, execution_id)
            assert (record["status"], hangup(record)) == ("completed", ("Callee", "Call recipient hung up", 4000))
            assert understood(sound.words(phone.heard()), WELCOME)
    finally:
        await asyncio.to_thread(front.stop)


async def test_a_call_without_a_password_reaches_no_agent(front: Front) -> None:
    agent_id = await agent_with_number(front)
    stranger = await RawPhone().open()
    try:
        assert (await stranger.call(f"sip:{OURS}@{front.address}")).startswith("SIP/2.0 407")
    finally:
        stranger.close()
    assert await front.servers[0].executions(agent_id) == []


async def check_heard(server: Server, execution_id: str, phone: Softphone) -> None:
    """The loudspeaker spoke what the agent said, and the recording has what the phone said."""
    recording = await server.recording(execution_id)
    heard, caller = sound.words(phone.heard()), sound.words(sound.of_wav(recording, 0))
    assert all(understood(heard, text) for text in (WELCOME, ANSWERED)), heard
    assert understood(caller, ASKED), caller


async def short_call(server: Server, agent_id: str, phone: Softphone, address: str) -> dict[str, Any]:
    """The phone calls, hears the welcome and hangs up; the record, read from ``server``."""
    known = len(await server.executions(agent_id))
    phone.command(f"/dial sip:{address}")
    await server.inbound(agent_id, known)
    execution_id = await server.inbound(agent_id)
    await until(lambda: said_welcome(server, execution_id), 20)
    phone.hang_up()
    record = await final(server, execution_id)
    assert (record["status"], hangup(record)) == ("completed", ("Caller", "Call ended", 4000))
    check_transcript(record, f"assistant: {WELCOME}")
    return record


async def said_welcome(server: Server, execution_id: str) -> bool:
    """Whether the welcome was played to the end."""
    return any(WELCOME in entry.values["text"] for entry in await server.events(execution_id, "AgentSaid"))


async def taken(server: Server) -> int:
    """How many calls the process has carried."""
    async with server.api() as api:
        text = (await api.get("/metrics")).text
    return sum(
        int(float(value)) for value in re.findall(r"^callwright_calls_total\{[^}]*\} (\S+)$", text, re.MULTILINE)
    )
