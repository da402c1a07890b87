"""Fixtures of the phone suite. Without the Debian packages its tests are skipped, except where CI=true: there that is a failure."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from tests.database import database_at, run_sql
from tests.phone.certificates import Certificates, make_certificates
from tests.phone.length import FULL
from tests.phone.ports import Ports
from tests.phone.rtp import PCMU, RtpSocket
from tests.phone.server import Server
from tests.phone.sipp import Sipp
from tests.phone.summary import lines

PROGRAMS = {"sipp": "sip-tester", "linphonec": "linphone-cli", "baresip": "baresip-core"}


def pytest_configure(config: pytest.Config) -> None:
    """The one mark of this folder alone."""
    config.addinivalue_line("markers", "only_in_full: runs with make test-phone only")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Everything in this folder needs phones. What only the full suite runs is left out elsewhere: a skip would be a failure in CI."""
    left_out = []
    for item in items:
        if item.nodeid.startswith("tests/phone/"):
            item.add_marker(pytest.mark.phone)
            if not FULL and item.get_closest_marker("only_in_full"):
                left_out.append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the suite found. Once: a worker of a parallel run prints nothing."""
    reports = [
        one
        for outcome in ("passed", "failed")
        for one in terminalreporter.stats.get(outcome, ())
        if isinstance(one, pytest.TestReport) and "tests/phone/" in one.nodeid
    ]
    found = list(lines(reports))
    if found:
        terminalreporter.section("what the phones found")
        for line in found:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session", autouse=True)
def phones_are_installed() -> None:
    """Skip where a program is missing, saying how to get it."""
    missing = [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
    if missing:
        pytest.skip(f"programs are missing; as root: apt-get install --no-install-recommends {' '.join(missing)}")
    if importlib.util.find_spec("baresip") is None:
        pytest.skip("the SIP stack is missing: make venv")


@pytest.fixture(scope="session")
def ports() -> Ports:
    """The ports of this worker."""
    return Ports()


@pytest.fixture
def rtp() -> Iterator[Callable[..., RtpSocket]]:
    """Opens sound sockets; they end with the test."""
    made: list[RtpSocket] = []

    def open_one(codec: int = PCMU, *, sends: bool = True) -> RtpSocket:
        made.append(RtpSocket(codec, sends=sends))
        return made[-1]

    yield open_one
    for each in made:
        each.close()


@pytest.fixture
async def sipp(tmp_path: Path, ports: Ports) -> AsyncIterator[Callable[..., Awaitable[Sipp]]]:
    """Starts SIPp with a scenario; what still runs at the end of the test is ended."""
    made: list[Sipp] = []

    async def start(name: str, **words: str | int | float | None) -> Sipp:
        phone = Sipp(tmp_path, name, ports.sip(), ports.media())
        made.append(phone)
        await phone.start(**words)  # type: ignore[arg-type]
        return phone

    yield start
    for each in made:
        await each.stop()


@pytest.fixture(scope="session")
def phone_database(postgres_server: str, database_template: str) -> Iterator[Callable[[str], str]]:
    """Makes databases of their own for servers that outlive a test."""
    names: list[str] = []

    def make(name: str) -> str:
        # A test that is tried again has its server, and so its database, made anew.
        names.append(f"cw_phone_{os.getpid()}_{name}_{len(names)}")
        asyncio.run(run_sql(postgres_server, f"create database {names[-1]} template {database_template}"))
        return database_at(postgres_server, names[-1])

    yield make
    for name in names:
        asyncio.run(run_sql(postgres_server, f"drop database if exists {name} with (force)"))


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Certificates of the server and of phones."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def shared_server(
    phone_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
    ports: Ports,
    certificates: Certificates,
) -> Iterator[Server]:
    """One running server for all tests that leave it as it was."""
    folder = tmp_path_factory.mktemp("server")
    server = Server(
        folder,
        phone_database("shared"),
        ports.sip(),
        ports.gateway_media(),
        CALLWRIGHT_SIP_CERTIFICATE=str(certificates.ours),
        CALLWRIGHT_SIP_AUTHORITIES=str(certificates.authority),
    )
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def server(shared_server: Server) -> Server:
    """The shared server; a test that found it dead says so instead of failing in a strange way."""
    assert shared_server.running, f"the server has ended: {shared_server.tail()}"
    return shared_server
