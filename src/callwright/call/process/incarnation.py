"""Who this process is to the ledger, and the file by which the next process on the same data folder learns of its death at once.

``node.json`` holds the incarnation and the process id and is locked (flock) while the process lives: the lock goes with the
process however it ends. Several processes on one folder take ``node.1.json`` and so on.
"""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path

MAX_NODES_OF_A_FOLDER = 64


@dataclass(slots=True)
class Incarnation:
    """The name under which this process owns executions. It changes when another process declared the old one dead."""

    id: str


class NodeFile:
    """The locked file of this process. Blocking, but short."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptor = -1
        self._path: Path | None = None

    def take(self, incarnation: str) -> list[str]:
        """Take a free file and write ``incarnation`` into it. Returns the incarnations of dead predecessors found in any file.

        Raises OSError when the folder cannot be used or has MAX_NODES_OF_A_FOLDER living processes.
        """
        dead: list[str] = []
        for number in range(MAX_NODES_OF_A_FOLDER):
            path = self._folder / ("node.json" if number == 0 else f"node.{number}.json")
            if self._descriptor >= 0 and not path.exists():
                break
            descriptor = _lock(path)
            if descriptor is None:
                continue
            before = _read(descriptor)
            if before:
                dead.append(before)
            if self._descriptor < 0:
                self._descriptor, self._path = descriptor, path
                self.write(incarnation)
            else:
                # Not this process's file. Its owner is dead and will have been settled: others need not find it again.
                os.ftruncate(descriptor, 0)
                os.close(descriptor)
        if self._descriptor < 0:
            raise OSError(f"{self._folder} is used by {MAX_NODES_OF_A_FOLDER} living processes already")
        return dead

    def write(self, incarnation: str) -> None:
        """Write who this process is now; empty when it owns nothing any more."""
        content = json.dumps({"incarnation": incarnation, "pid": os.getpid()}).encode() if incarnation else b""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, content, 0)

    def release(self) -> None:
        """This process owns nothing any more."""
        if self._descriptor >= 0:
            self.write("")
            os.close(self._descriptor)
            self._descriptor = -1


def _lock(path: Path) -> int | None:
    """The open, locked file; None when a living process holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _read(descriptor: int) -> str:
    try:
        plain = json.loads(os.pread(descriptor, 4096, 0) or b"{}")
    except ValueError:
        return ""
    incarnation = plain.get("incarnation", "") if isinstance(plain, dict) else ""
    return incarnation if isinstance(incarnation, str) else ""
