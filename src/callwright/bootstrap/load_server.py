"""``callwright serve`` in a child process under load, with a database of its own and providers that compute nothing.

Its calls come over media websockets in the shape of one carrier's (``callwright.lab.stream_callers``).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import asyncpg
import httpx2 as httpx

from callwright.domain.errors import UnavailableError
from callwright.domain.limits import MAX_INBOUND_CALLS_A_SECOND
from callwright.lab import load_providers
from callwright.ops.clock import SystemClock
from callwright.ops.ids import RandomIds
from callwright.ops.process_usage import ServerProcesses, process_tree
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.ledger import Ledger
from callwright.platform.phone_numbers.rules import CARRIER as BY_CARRIER
from callwright.platform.phone_numbers.rules import PhoneNumber
from callwright.storage.embedded import EmbeddedPostgres, ServerPlacement
from callwright.storage.migrate import migrate
from callwright.telephony.twilio.vendor import signature

CARRIER = "twilio"
ACCOUNT, TOKEN, NUMBER = "AC" + "0" * 32, "load-test", "+15550100"
_KEYS = (("TWILIO_ACCOUNT_SID", ACCOUNT), ("TWILIO_AUTH_TOKEN", TOKEN), ("TWILIO_PHONE_NUMBER", NUMBER))
_LISTENS = re.compile(r"callwright listens on (http://\S+)")
_START_SECONDS, _END_SECONDS = 90.0, 30.0
_PROVIDERS = Path(load_providers.__file__)
_MARGIN = 20
_COMMAND = (sys.executable, "-W", "ignore", "-m", "callwright")


class LoadServerError(UnavailableError):
    """The server that was to be measured did not start."""

    hint = "The text is the end of its log."


@dataclass(frozen=True, slots=True)
class LoadSettings:
    """``most_calls``: at once. ``cores``: those it and its database may use, all if empty. ``source``: the ``src`` folder of another
    checkout to run."""

    most_calls: int
    vad: str
    piece_ms: int = 20
    cores: Set[int] = frozenset()
    source: Path | None = None


class LoadServer:
    """Starts with :meth:`start`. ``pauses`` is the file of its loop's pauses."""

    def __init__(self, folder: Path, settings: LoadSettings) -> None:
        self.pauses = folder / "pauses"
        self.url = ""
        self._folder = folder
        self._settings = settings
        placement = ServerPlacement(elsewhere=folder / "elsewhere", settings={})
        self._postgres = EmbeddedPostgres(folder, placement=placement)
        self._process: subprocess.Popen[bytes] | None = None
        self._dsn = self._key = ""

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start the database and the server, and make key, agent and number. Raises LoadServerError."""
        self._dsn = await asyncio.to_thread(self._postgres.acquire)
        await migrate(self._dsn)
        environment, log = self._environment(), self._folder / "serve.log"
        process = self._process = self._begin(environment, log)
        clock = SystemClock()
        until_us = clock.monotonic_us() + int(_START_SECONDS * 1e6)
        while not (found := _LISTENS.search(log.read_text(errors="replace"))):
            if process.poll() is not None or clock.monotonic_us() > until_us:
                raise LoadServerError(f"the server did not start: {log.read_text(errors='replace')[-3_000:]}")
            await clock.sleep(0.1)
        self.url = found[1]
        made = await asyncio.to_thread(
            subprocess.run,
            [*_COMMAND, "keys", "create", "--name", "load"],
            cwd=self._folder, env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        self._key = made.stdout.strip().splitlines()[-1]
        await self._furnish()

    def _begin(self, environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
        with log.open("ab") as file:
            process = subprocess.Popen(
                [*_COMMAND, "serve"], cwd=self._folder, env=environment, stdout=file, stderr=file
            )
        if self._settings.cores:
            for pid in (process.pid, *self._database_processes()):
                os.sched_setaffinity(pid, self._settings.cores)
        return process

    def _environment(self) -> dict[str, str]:
        # The providers come by the hook for plugins of others, from a copy: another checkout has none.
        plugin = self._folder / "plugin" / "load_providers-1.dist-info"
        plugin.mkdir(parents=True)
        (plugin / "METADATA").write_text("Metadata-Version: 2.1\nName: load-providers\nVersion: 1\n")
        (plugin / "entry_points.txt").write_text("[callwright.plugins]\nload_providers = load_test_providers:PLUGINS\n")
        shutil.copy(_PROVIDERS, plugin.parent / "load_test_providers.py")
        source = self._settings.source or Path(load_providers.__file__).parents[2]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CALLWRIGHT_")}
        models = os.environ.get("CALLWRIGHT_MODELS", "")
        return {
            **kept,
            **({"CALLWRIGHT_MODELS": models} if models else {}),
            "PYTHONPATH": os.pathsep.join((str(source), str(plugin.parent))),
            "DATABASE_URL": self._dsn,
            "LOAD_TEST_PAUSES": str(self.pauses),
            "LOAD_TEST_PIECE_MS": str(self._settings.piece_ms),
            "CALLWRIGHT_DATA": str(self._folder / "data"),
            "CALLWRIGHT_PORT": "0",
            "CALLWRIGHT_SECRET": RandomIds().token(32),
            "CALLWRIGHT_MAX_CALLS": str(self._settings.most_calls + _MARGIN),
            "CALLWRIGHT_INBOUND_PER_SECOND": str(MAX_INBOUND_CALLS_A_SECOND),
            "CALLWRIGHT_MAX_CONNECTIONS": "4000",
            "CALLWRIGHT_MAX_CONNECTIONS_OF_ADDRESS": "3000",
            "CALLWRIGHT_DRAIN_SECONDS": "0",
            "CALLWRIGHT_VAD": self._settings.vad,
            "CALLWRIGHT_TURN": "none",
            "PYTHONUNBUFFERED": "1",
        }

    async def _furnish(self) -> None:
        headers = {"Authorization": f"Bearer {self._key}"}
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30, trust_env=False) as api:
            for name, value in _KEYS:
                stored = {"provider_name": name, "provider_value": value}
                (await api.post("/providers", json=stored)).raise_for_status()
            made = await api.post("/v2/agent", json=_AGENT)
            if made.is_error:
                raise LoadServerError(f"the agent was refused: {made.text}")
            agent_id = str(made.json()["agent_id"])
        ledger, now = Ledger(self._dsn), SystemClock().now()
        await ledger.open()
        try:
            async with ledger.unit() as unit:
                row = PhoneNumber(
                    "load-number", DEFAULT_TENANT_ID, NUMBER, BY_CARRIER, CARRIER, now, now,
                    agent_tenant_id=DEFAULT_TENANT_ID, agent_id=agent_id,
                )  # fmt: skip
                await unit.numbers.add(row)
                await unit.connection.execute("update tenant set max_concurrency = 5000")
        finally:
            await ledger.aclose()

    async def address(self, client: httpx.AsyncClient, call_id: str) -> str:
        """Where the stream of a call that comes in goes, as the server tells the carrier. Raises RuntimeError when it is refused."""
        form = {"CallSid": call_id, "AccountSid": ACCOUNT, "CallStatus": "ringing", "To": NUMBER, "From": "+15550123"}
        url = f"{self.url}/lines/{CARRIER}/incoming"
        signed = signature(TOKEN, url, {name: [value] for name, value in form.items()})
        told = await client.post(url, data=form, headers={"X-Twilio-Signature": signed})
        stream = ET.fromstring(told.text).find("Connect/Stream") if told.is_success else None
        if stream is None:
            raise RuntimeError(f"the call was not taken: {told.status_code} {told.text}")
        return stream.attrib["url"]

    def processes(self) -> ServerProcesses:
        """Its processes, and those of its database."""
        return ServerProcesses(process_tree(self.pid), self._database_processes())

    def _database_processes(self) -> Sequence[int]:
        master = next(self._folder.rglob("postmaster.pid")).read_text().splitlines()[0]
        return process_tree(int(master))

    async def database_connections(self) -> tuple[int, int]:
        """How many connections to the database are open, ours not counted, and how many there may be."""
        connection = await asyncpg.connect(self._dsn)
        try:
            used = await connection.fetchval(
                "select count(*) from pg_stat_activity where backend_type = 'client backend'"
            )
            return int(used) - 1, int(await connection.fetchval("show max_connections"))
        finally:
            await connection.close()

    def stop(self) -> None:
        """End both."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_END_SECONDS)
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
        self._postgres.release()


@contextlib.contextmanager
def load_server(settings: LoadSettings) -> Iterator[LoadServer]:
    """A server that is not started yet, in a folder of its own. Both are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="cw-load-"))
    server = LoadServer(folder, settings)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


_AGENT: dict[str, Any] = {
    "agent_config": {
        "agent_name": "Load",
        "agent_welcome_message": "",
        "tasks": [
            {
                "task_type": "conversation",
                "tools_config": {
                    "input": {"provider": CARRIER, "format": "wav"},
                    "output": {"provider": CARRIER, "format": "wav"},
                    "transcriber": {"provider": load_providers.NAME, "model": load_providers.NAME, "language": "en"},
                    "llm_agent": {"provider": load_providers.NAME, "model": load_providers.NAME, "max_tokens": 200},
                    "synthesizer": {
                        "provider": load_providers.NAME,
                        "provider_config": {"voice": load_providers.NAME},
                    },
                },
                "task_config": {
                    "call_terminate": 2_000,
                    "incremental_delay": 0,
                    "interruption_backoff_period": 0,
                    "hangup_after_silence": 600,
                    "number_of_words_for_interruption": 1,
                },
            }
        ],
    },
    "agent_prompts": {"task_1": {"system_prompt": "Say where orders are."}},
}
