"""``callwright serve`` as a process of its own, on loopback, with scripted providers: started, killed and started again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_STARTS_WITHIN_S = 120
_STOPS_WITHIN_S = 30
_LOOK_S = 0.03

SCRIPTED: Mapping[str, str] = {
    "CALLWRIGHT_TRANSCRIBER": "scripted",
    "CALLWRIGHT_MODEL": "scripted",
    "CALLWRIGHT_VOICE": "scripted",
    "CALLWRIGHT_VAD": "energy",
    "CALLWRIGHT_TURN": "none",
    "CALLWRIGHT_LOOPBACK_VOICE": "scripted",
    "CALLWRIGHT_LOOPBACK_EARS": "scripted",
    "CALLWRIGHT_SIP_LISTEN": "off",
}
"""Providers that need no models: what is said is text in two tones. No phones."""

_PROVED: Mapping[str, str] = {
    "CALLWRIGHT_RATE_LIMITS": "off",
    "CALLWRIGHT_ALLOW_PRIVATE_URLS": "1",
    "CALLWRIGHT_DRAIN_SECONDS": "0",
}
"""Receivers on loopback, and nothing that slows a proof down."""


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def printed_by(module: str, *arguments: str) -> dict[str, dict[str, Any]]:
    """Run ``python -m module`` until it ends; the JSON that it printed. Raises RuntimeError when it fails."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{module} failed")
    return dict(json.loads(printed))


@dataclass(slots=True)
class ServerProcess:
    """A server on a data folder and a database. ``program`` runs the command line of ``callwright``."""

    folder: Path
    dsn: str
    callers: Mapping[str, Any]
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    _process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Its address, the same at every start."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it printed, at every start."""
        return self.folder / "serve.log"

    @property
    def pid(self) -> int:
        """The process that was started last."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it is there."""
        return self._process is not None and self._process.returncode is None

    async def start(self, program: Sequence[str] = ("callwright",)) -> None:
        """Start it; it may not answer yet. ``program``: the module that is run, and its arguments before ``serve``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *program, "serve", cwd=ROOT, env=self._environment(), stdout=log, stderr=log
            )

    async def ready(self, seconds: float = _STARTS_WITHIN_S) -> bool:
        """Wait until it answers. False when it ended before that. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while self.running:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except ConnectionError:
                    await asyncio.sleep(_LOOK_S)
                else:
                    writer.close()
                    return True
        return False

    async def wait(self, seconds: float) -> bool:
        """Wait until it ended, for ``seconds`` at most. Whether it did."""
        assert self._process is not None
        try:
            async with asyncio.timeout(seconds):
                await self._process.wait()
        except TimeoutError:
            return False
        return True

    async def kill(self) -> None:
        """kill -9."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> None:
        """End as an operator does."""
        if self.running:
            assert self._process is not None
            self._process.send_signal(signal.SIGTERM)
            await self.wait(_STOPS_WITHIN_S)
        await self.kill()

    async def command(self, *arguments: str) -> str:
        """Run another command of ``callwright`` on the same data; what it printed. Raises RuntimeError when it fails."""
        self.folder.mkdir(parents=True, exist_ok=True)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "callwright",
            *arguments,
            cwd=ROOT,
            env=self._environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, errors = await process.communicate()
        if process.returncode != 0:
            raise RuntimeError(f"callwright {' '.join(arguments)} failed: {errors.decode()[-2_000:]}")
        return out.decode()

    async def key(self, *more: str) -> str:
        """A new API key. ``more``: further arguments of ``callwright keys create``."""
        printed = await self.command("keys", "create", "--name", "proof", *more)
        return next(word for word in printed.split() if word.startswith("bn-"))

    def tail(self) -> str:
        """The last lines of what it printed."""
        return self.log.read_text(errors="replace")[-4_000:] if self.log.exists() else ""

    def _environment(self) -> dict[str, str]:
        scenario = self.folder / "callers.json"
        scenario.write_text(json.dumps(self.callers))
        # A server compiles its modules once, not at every start.
        left_out = ("CALLWRIGHT_", "PYTHONDONTWRITEBYTECODE")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
        return {
            **inherited,
            **SCRIPTED,
            **_PROVED,
            "DATABASE_URL": self.dsn,
            "CALLWRIGHT_DATA": str(self.folder / "data"),
            "CALLWRIGHT_PORT": str(self.port),
            "CALLWRIGHT_SCENARIO": str(scenario),
            "CALLWRIGHT_SECRET": "5e" * 32,
            "PYTHONUNBUFFERED": "1",
            **self.settings,
        }
