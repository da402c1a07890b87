"""``callwright`` that dies at a step: ``python -m proof.killed_server HITS STEP COUNT serve``.

The command line of ``callwright`` follows. The process kills itself with SIGKILL when STEP is reached for the COUNT-th time; without a STEP
("") it only appends the name of every step to the file HITS when it is first reached.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Sequence

from callwright.cli import main as callwright
from callwright.ops.crash_points import CRASH_POINTS


def dying(hits: int, step: str, count: int) -> Callable[[str], None]:
    """What ``CRASH_POINTS.reached`` is set to. ``hits`` is the descriptor of a file opened for appending."""
    seen: Counter[str] = Counter()

    def reached(name: str) -> None:
        seen[name] += 1
        if seen[name] == 1:
            os.write(hits, f"{name}\n".encode())
        if name == step and seen[name] == count:
            os.kill(os.getpid(), signal.SIGKILL)

    return reached


def main(arguments: Sequence[str]) -> int:
    """Run a command of ``callwright`` until it ends or dies."""
    path, step, count, *command = arguments
    hits = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    CRASH_POINTS.reached = dying(hits, step, int(count))
    return callwright(command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
