"""A server that a page's commands start and use: scripted speech instead of models, an address it chose itself."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BIN = Path(sys.executable).parent
START_SECONDS = 60
SCRIPTED = {
    "CALLWRIGHT_TRANSCRIBER": "scripted",
    "CALLWRIGHT_MODEL": "scripted",
    "CALLWRIGHT_VOICE": "scripted",
    "CALLWRIGHT_VAD": "energy",
    "CALLWRIGHT_TURN": "none",
    "CALLWRIGHT_LOOPBACK_VOICE": "scripted",
    "CALLWRIGHT_LOOPBACK_EARS": "scripted",
}


def environment_in(folder: Path) -> dict[str, str]:
    """This process's environment without settings of a platform of its own, and with those of a scripted one in ``folder``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CALLWRIGHT_", "DATABASE_URL"))}
    return kept | SCRIPTED | {"CALLWRIGHT_DATA": str(folder / "data")}


@contextmanager
def serving(environment: dict[str, str], folder: Path, *options: str) -> Iterator[str]:
    """The address of ``callwright serve`` while it runs in ``folder``."""
    command = [str(BIN / "callwright"), "serve", "--port", "0", *options]
    with subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True, bufsize=1) as server:
        try:
            yield _address_of(server)
        finally:
            server.terminate()
            server.communicate(timeout=60)


def _address_of(server: subprocess.Popen[str]) -> str:
    assert server.stderr is not None
    until, seen = time.monotonic() + START_SECONDS, ""
    while time.monotonic() < until and server.poll() is None:
        if select.select([server.stderr], [], [], 1.0)[0]:
            seen += server.stderr.readline()
            found = re.search(r"listens on (\S+)", seen)
            if found:
                return found.group(1)
    raise AssertionError(f"the server did not start: {seen}")


def run_script(script: str, environment: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the shell blocks of a page, its programs being those of this environment. The first command that fails ends it."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace(".venv/bin/", f"{BIN}/")],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
