"""The parts of a long simulation in several processes, one of which is asked to stop: Ctrl-C is meant for the one that reports."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from typing import TypeVar

Part = TypeVar("Part")
Result = TypeVar("Result")


@contextmanager
def shared_out(jobs: int, work: Callable[[Part], Result], parts: Sequence[Part]) -> Iterator[Iterable[Result]]:
    """The results of ``work`` for each of ``parts``, in order, from ``jobs`` processes. Called in the main thread only.

    Left with an exception, KeyboardInterrupt included, it ends the processes at once and lets go of what they were at.
    """
    others = active_children()
    # Fresh processes: a forked one would go on tracing for a coverage tool that never hears of it.
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    try:
        with _interrupts_ignored():
            results = pool.map(work, parts)
        yield results
    except BaseException:
        for process in active_children():
            if process not in others:
                process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Processes begun meanwhile never hear of Ctrl-C, which a terminal sends to all of them, not even while they are still importing."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
