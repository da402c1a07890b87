"""Work that costs less for many at once than for each: what comes while some of it is under way is done together next."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from callwright.domain.errors import UnavailableError

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Gathering(Generic[_Item, _Result]):
    """``work`` takes items and returns their results in the same order. It runs once at a time."""

    def __init__(self, work: Callable[[Sequence[_Item]], Awaitable[Sequence[_Result]]]) -> None:
        self._work = work
        self._waiting: list[tuple[_Item, asyncio.Future[_Result]]] = []
        self._task: asyncio.Task[None] | None = None

    async def do(self, item: _Item) -> _Result:
        """Returns the result of an item, which may be worked on together with others. Raises what ``work`` raises for it alone;
        UnavailableError also for it with others."""
        loop = asyncio.get_running_loop()
        result: asyncio.Future[_Result] = loop.create_future()
        self._waiting.append((item, result))
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._run())
        return await result

    async def _run(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            await self._together(taken)

    async def _together(self, taken: Sequence[tuple[_Item, asyncio.Future[_Result]]]) -> None:
        try:
            found = await self._work([item for item, _ in taken])
        # Boundary: whoever asked hears of what failed.
        except Exception as error:  # noqa: BLE001
            if len(taken) > 1 and not isinstance(error, UnavailableError):
                # One of several is to blame.
                for one in taken:
                    await self._together([one])
                return
            for _, result in taken:
                if not result.done():
                    result.set_exception(error)
            return
        for (_, result), value in zip(taken, found, strict=True):
            if not result.done():
                result.set_result(value)
