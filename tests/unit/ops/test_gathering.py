"""Work on items that come at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from callwright.domain.errors import UnavailableError
from callwright.ops.gathering import Gathering


class Work:
    """Doubles numbers; ``bad`` ones fail."""

    def __init__(self, bad: int | None = None, error: Exception | None = None) -> None:
        self.rounds: list[list[int]] = []
        self.begun = asyncio.Event()
        self.bad = bad
        self.error = error or ValueError("a bad number")

    async def run(self, numbers: Sequence[int]) -> list[int]:
        self.rounds.append(list(numbers))
        self.begun.set()
        await asyncio.sleep(0)
        if self.bad in numbers:
            raise self.error
        return [2 * number for number in numbers]


async def test_what_comes_while_work_is_under_way_is_done_together_next() -> None:
    work = Work()
    gathering = Gathering(work.run)
    first = asyncio.create_task(gathering.do(1))
    await work.begun.wait()
    assert list(await asyncio.gather(first, gathering.do(2), gathering.do(3))) == [2, 4, 6]
    assert work.rounds == [[1], [2, 3]]
    assert await gathering.do(4) == 8


async def test_one_that_fails_fails_alone() -> None:
    work = Work(bad=2)
    gathering = Gathering(work.run)
    found = await asyncio.gather(*(gathering.do(number) for number in (1, 2, 3)), return_exceptions=True)
    assert [str(one) for one in found] == ["2", "a bad number", "6"]
    assert work.rounds == [[1, 2, 3], [1], [2], [3]]


async def test_a_database_that_is_away_is_not_asked_again_for_each() -> None:
    work = Work(bad=2, error=UnavailableError("away"))
    gathering = Gathering(work.run)
    found = await asyncio.gather(*(gathering.do(number) for number in (1, 2)), return_exceptions=True)
    assert [type(one) for one in found] == [UnavailableError, UnavailableError]
    assert work.rounds == [[1, 2]]


async def test_who_is_cancelled_keeps_nobody_else_from_a_result() -> None:
    work = Work()
    gathering = Gathering(work.run)
    tasks = [asyncio.create_task(gathering.do(number)) for number in (1, 2)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    assert await tasks[1] == 4
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
