"""Work after calls is done one piece at a time, whatever fails."""

from __future__ import annotations

import asyncio
from threading import Lock

import pytest

from callwright.call.live.deps import Background


async def test_pieces_never_run_at_the_same_time_and_each_has_its_result() -> None:
    background, busy, met = Background(), Lock(), []

    def work(number: int, *, times: int) -> int:
        met.append(busy.acquire(blocking=False))
        for _ in range(20_000):
            pass
        if met[-1]:
            busy.release()
        return number * times

    results = await asyncio.gather(*(background.run(work, number, times=2) for number in range(20)))
    assert results == [2 * number for number in range(20)]
    assert all(met)


async def test_a_piece_that_fails_gives_the_next_its_turn() -> None:
    background = Background()
    failing = asyncio.create_task(background.run(int, "none"))
    assert await background.run(int, "7") == 7
    with pytest.raises(ValueError, match="none"):
        await failing
