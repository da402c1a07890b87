"""Small works of many calls, handed to a thread together: to wake it costs more than what it does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any

_Work = tuple[Future[Any], Callable[[], Any]]


class GatheringExecutor(Executor):
    """Hands works to ``executor`` in their order and together, ``seconds`` after the first of them. For one event loop, and its thread."""

    def __init__(self, executor: Executor, seconds: float) -> None:
        self._executor = executor
        self._seconds = seconds
        self._gathered: list[_Work] = []
        self._timer: asyncio.TimerHandle | None = None

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """See ``concurrent.futures``. An event loop must run."""
        future: Future[Any] = Future()
        self._gathered.append((future, partial(work, *arguments, **named)))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._hand_over)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Hand over what is gathered, and shut the executor down."""
        self._hand_over()
        self._executor.shutdown(wait, cancel_futures=cancel_futures)

    def _hand_over(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._gathered:
            works, self._gathered = self._gathered, []
            self._executor.submit(_do, works)


def _do(works: Sequence[_Work]) -> None:
    for future, work in works:
        if not future.set_running_or_notify_cancel():
            continue
        try:
            future.set_result(work())
        # Boundary: an executor hands whatever its work raises to whoever waits for the result.
        except Exception as error:  # noqa: BLE001
            future.set_exception(error)
