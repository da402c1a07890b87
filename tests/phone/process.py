"""What a process holds: memory, descriptors, threads, CPU time."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Holding:
    """A process at a moment."""

    rss_mb: float
    descriptors: int
    threads: int
    cpu_s: float


def holding(pid: int) -> Holding:
    """Read from the kernel. FileNotFoundError when there is no such process, or it has ended and only its parent has not noticed yet."""
    folder = Path(f"/proc/{pid}")
    status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line)
    if "VmRSS" not in status:
        raise FileNotFoundError(f"process {pid} has ended")
    ticks = (folder / "stat").read_text().rsplit(")", 1)[1].split()
    return Holding(
        rss_mb=int(status["VmRSS"].split()[0]) / 1024,
        descriptors=len(list((folder / "fd").iterdir())),
        threads=int(status["Threads"]),
        cpu_s=(int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK"),
    )
