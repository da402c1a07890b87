"""Processor time of processes and of a PostgreSQL server, whose processes come and go. Linux only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
DATABASE = "PostgreSQL"


class ProcessorTime:
    """Seconds spent since this was made. Call ``look`` often: what a back end spends between the last look and its end is lost."""

    def __init__(self, processes: Mapping[str, int], postmaster: int) -> None:
        """``processes``: name -> id. ``postmaster``: the id of the PostgreSQL server."""
        self._processes = dict(processes)
        self._postmaster = postmaster
        self._before: dict[int, float] = {}
        self._now: dict[int, float] = {}
        self.look()
        self._before = dict(self._now)

    def look(self) -> None:
        """Read the time of every process."""
        for pid in (*self._processes.values(), self._postmaster, *_children(self._postmaster)):
            spent = _spent(pid)
            if spent is not None:
                self._now[pid] = spent

    def spent(self) -> dict[str, float]:
        """Seconds by name, those of the database under DATABASE."""
        self.look()
        since = {pid: spent - self._before.get(pid, 0.0) for pid, spent in self._now.items()}
        found = {name: since.pop(pid, 0.0) for name, pid in self._processes.items()}
        return {**found, DATABASE: sum(since.values())}


def parent_of(pid: int) -> int:
    """The id of a living process's parent."""
    return int(_fields(pid)[1])


def _fields(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _spent(pid: int) -> float | None:
    fields = _fields(pid)
    return (int(fields[11]) + int(fields[12])) / _TICKS if fields else None


def _children(parent: int) -> list[int]:
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [pid for pid in pids if (fields := _fields(pid)) and int(fields[1]) == parent]
