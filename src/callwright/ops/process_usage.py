"""What processes of this machine use, as ``/proc`` counts it: CPU time, memory, file descriptors."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class ServerProcesses:
    """The processes of a server and of its database."""

    server: Sequence[int]
    database: Sequence[int] = field(default_factory=tuple)

    def cpu_s(self) -> tuple[float, float]:
        """CPU seconds of the server and of the database, so far."""
        return sum(map(cpu_s, self.server)), sum(map(cpu_s, self.database))

    def memory_mb(self) -> float:
        """Megabytes of the server, with its part of what processes share."""
        return sum(map(memory_mb, self.server))

    def wait_s(self) -> float:
        """Seconds in which the server could have run and had no core."""
        return sum(map(wait_s, self.server))


def cpu_s(pid: int) -> float:
    """CPU seconds of a process so far; 0 when it is gone."""
    with contextlib.suppress(OSError):
        parts = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return (int(parts[11]) + int(parts[12])) / _TICKS
    return 0.0


def wait_s(pid: int) -> float:
    """Seconds in which a process could have run and had no core."""
    waited = 0
    with contextlib.suppress(OSError):
        for task in (_PROC / str(pid) / "task").iterdir():
            waited += int((task / "schedstat").read_text().split()[1])
    return waited / 1e9


def memory_mb(pid: int) -> float:
    """Megabytes of a process, with its part of what it shares (PSS); 0 when it is gone."""
    with contextlib.suppress(OSError):
        for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


def descriptors(pid: int) -> tuple[int, int]:
    """Open file descriptors of a process, and how many it may have."""
    used = len(os.listdir(_PROC / str(pid) / "fd"))
    for line in (_PROC / str(pid) / "limits").read_text().splitlines():
        if line.startswith("Max open files"):
            most = line.split()[3]
            return used, int(most) if most.isdigit() else 1_000_000
    return used, 1_000_000


def open_targets(pid: int) -> list[str]:
    """What the open file descriptors of a process stand for: a path, ``socket:[inode]``, ``anon_inode:[eventpoll]``."""
    folder, found = _PROC / str(pid) / "fd", []
    for name in os.listdir(folder):
        # One may be closed while they are read.
        with contextlib.suppress(FileNotFoundError):
            found.append(os.readlink(folder / name))
    return found


def process_tree(pid: int) -> list[int]:
    """The process and all below it."""
    below: dict[int, list[int]] = {}
    for stat in _PROC.glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            below.setdefault(int(stat.read_text().rpartition(")")[2].split()[1]), []).append(int(stat.parent.name))
    found, queue = [], [pid]
    while queue:
        found.append(queue.pop())
        queue += below.get(found[-1], [])
    return found


def free_memory_mb() -> float:
    """Megabytes that processes can still have: what the kernel calls available, or what the control group leaves."""
    available = 0.0
    for line in (_PROC / "meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            available = int(line.split()[1]) / 1024
    group = Path("/sys/fs/cgroup")
    with contextlib.suppress(OSError, ValueError):
        most = int((group / "memory.max").read_text())
        used = int((group / "memory.current").read_text())
        return min(available, (most - used) / 1_048_576)
    return available
