"""The platform as an operator runs it: ``callwright serve`` as a process of its own, spoken to through the public API."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from tests.server_key import server_key
from tests.waiting import until

from callwright.conversation.log import Entry, read_log
from callwright.platform.ledger import Ledger

ENDED = ("completed", "error", "failed", "busy", "no-answer", "canceled", "stopped", "balance-low")
_ROOT = Path(__file__).resolve().parents[2]
_LISTENS = re.compile(r"callwright listens on (http://\S+)")
_STARTS_WITHIN_S = 60


class Server:
    """A server on a data folder and a database; may be killed and started again."""

    def __init__(self, folder: Path, dsn: str, sip_port: int, rtp_ports: str, **more: str) -> None:
        self.folder = folder
        self.sip_port = sip_port
        self.url = ""
        self._dsn = dsn
        self.log = folder / "serve.log"
        self._key = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._environment = {
            **os.environ,
            "DATABASE_URL": dsn,
            "CALLWRIGHT_DATA": str(folder / "data"),
            "CALLWRIGHT_PORT": "0",
            "CALLWRIGHT_SECRET": "5e" * 32,
            "CALLWRIGHT_MAX_CALLS": "120",
            "CALLWRIGHT_INBOUND_PER_SECOND": "10",
            "CALLWRIGHT_DRAIN_SECONDS": "0",
            "CALLWRIGHT_RATE_LIMITS": "off",
            "CALLWRIGHT_TRANSCRIBER": "scripted",
            "CALLWRIGHT_MODEL": "scripted",
            "CALLWRIGHT_VOICE": "scripted",
            "CALLWRIGHT_VAD": "energy",
            "CALLWRIGHT_TURN": "scripted",
            "CALLWRIGHT_SIP_LISTEN": f"127.0.0.1:{sip_port}",
            "CALLWRIGHT_SIP_RTP_PORTS": rtp_ports,
            "CALLWRIGHT_TRUNK_NETWORKS": "127.0.0.0/8",
            "PYTHONUNBUFFERED": "1",
            **more,
        }

    def start(self) -> None:
        """Start and wait until the API answers and the SIP port is open. Blocks."""
        began = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "callwright", "serve"], cwd=_ROOT, env=self._environment, stdout=log, stderr=log
            )
        deadline = time.monotonic() + _STARTS_WITHIN_S
        while self.gateway_pid is None or not (found := _LISTENS.search(self._printed(began))):
            assert self.running, f"the server ended: {self.tail()}"
            assert time.monotonic() < deadline, f"the server is not ready: {self.tail()}"
            time.sleep(0.05)
        self.url = found[1]
        if not self._key:
            self._key = server_key(self._environment, "phones")

    def stop(self) -> None:
        """End as an operator does. Blocks."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(20)
        self.kill()

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    @property
    def running(self) -> bool:
        """Whether the server's process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The server's process."""
        assert self._process is not None
        return self._process.pid

    @property
    def gateway_pid(self) -> int | None:
        """The process that listens for SIP, when it does."""
        return _owner_of_udp(self.sip_port)

    def run(self, *arguments: str) -> str:
        """Run ``callwright`` with the server's settings until it ends; returns what it printed."""
        command = [sys.executable, "-m", "callwright", *arguments]
        done = subprocess.run(command, cwd=_ROOT, env=self._environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def tail(self) -> str:
        """The last lines of the server's output."""
        return self.log.read_text(errors="replace")[-6_000:]

    def api(self) -> httpx.AsyncClient:
        """A client with a key."""
        headers = {"Authorization": f"Bearer {self._key}"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=20, trust_env=False)

    async def agent(self, **body: Any) -> str:
        """Create an agent (see ``agents.agent``); returns its id."""
        async with self.api() as api:
            answer = await api.post("/v2/agent", json=body)
        assert answer.status_code < 300, answer.text
        return str(answer.json()["agent_id"])

    async def call(self, agent_id: str, to: str, **more: Any) -> str:
        """Place a call; returns the execution's id."""
        async with self.api() as api:
            answer = await api.post("/call", json={"agent_id": agent_id, "recipient_phone_number": to, **more})
        assert answer.status_code < 300, answer.text
        return str(answer.json()["execution_id"])

    async def hang_up(self, execution_id: str) -> None:
        """Stop a call through the API."""
        async with self.api() as api:
            answer = await api.post(f"/call/{execution_id}/stop")
        assert answer.status_code < 300, answer.text

    async def execution(self, execution_id: str) -> dict[str, Any]:
        """The record as it is now."""
        async with self.api() as api:
            answer = await api.get(f"/executions/{execution_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def executions(self, agent_id: str) -> list[dict[str, Any]]:
        """The agent's calls, the newest first."""
        async with self.api() as api:
            answer = await api.get(f"/v2/agent/{agent_id}/executions", params={"page_size": 50})
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["data"]
        return found

    async def until(self, execution_id: str, *statuses: str, seconds: float = 40) -> dict[str, Any]:
        """Wait for one of ``statuses``; the record then."""
        record: Mapping[str, Any] = {}
        try:
            async with asyncio.timeout(seconds):
                while True:
                    record = await self.execution(execution_id)
                    if record["status"] in statuses:
                        return dict(record)
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"still {record.get('status')!r} after {seconds} s: {record}\n{self.tail()}") from None

    async def inbound(self, agent_id: str, number: int = 0, seconds: float = 10) -> str:
        """Wait for a call that came in to the agent and return the execution's id; ``number`` counts from the newest."""

        async def there() -> bool:
            return len(await self.executions(agent_id)) > number

        await until(there, seconds)
        return str((await self.executions(agent_id))[number]["id"])

    async def call_log(self, execution_id: str) -> str:
        """The call's log as far as it has reached the database."""
        ledger = Ledger(self._dsn)
        await ledger.open()
        try:
            async with ledger.unit() as unit:
                return (await unit.logs.read(execution_id)).decode()
        finally:
            await ledger.aclose()

    async def events(self, execution_id: str, kind: str = "") -> list[Entry]:
        """The same as entries; only those of one type where it is named."""
        text = await self.call_log(execution_id)
        return [entry for entry in read_log(text)[1] if kind in ("", entry.type)] if text else []

    async def recording(self, execution_id: str) -> bytes:
        """The recording, once there is one: a WAV with the caller left and the agent right."""
        async with self.api() as api, asyncio.timeout(30):
            while True:
                answer = await api.get(f"/recordings/call/{execution_id}", follow_redirects=True)
                if answer.status_code == 200:
                    return answer.content
                await asyncio.sleep(0.2)

    def _printed(self, since_bytes: int) -> str:
        return self.log.read_bytes()[since_bytes:].decode(errors="replace")


def _owner_of_udp(port: int) -> int | None:
    """The process that has bound a UDP port, found through the kernel's tables."""
    inode = next(
        (
            row.split()[9]
            for row in Path("/proc/net/udp").read_text().splitlines()[1:]
            if row.split()[1].endswith(f":{port:04X}")
        ),
        None,
    )
    if inode is None:
        return None
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if any(os.readlink(each) == f"socket:[{inode}]" for each in (folder / "fd").iterdir()):
                return int(folder.name)
    return None
