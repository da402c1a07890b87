"""Waking up: a ring is never lost between two waits."""

from __future__ import annotations

import asyncio

from callwright.storage.listener import Bell


async def test_a_ring_before_the_wait_is_kept():
    bell = Bell()
    bell.ring()
    assert await bell.wait(0)
    assert not await bell.wait(0)


async def test_a_ring_wakes_everybody_who_waits():
    bell = Bell()
    waits = [asyncio.create_task(bell.wait(5)) for _ in range(3)]
    await asyncio.sleep(0)
    bell.ring()
    assert await asyncio.gather(*waits) == [True, True, True]


async def test_without_a_ring_the_time_is_over():
    assert not await Bell().wait(0.01)
