"""Requests without a good key, by address."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from callwright.api.rates import RateLimits
from callwright.domain.errors import RateLimitedError
from callwright.domain.limits import (
    MAX_RATE_WINDOWS,
    MAX_SUSPECT_LOOKUPS,
    MAX_SUSPECTS_WAITING,
    MAX_SUSPECTS_WAITING_OF_ADDRESS,
)

US, OTHERS = "192.0.2.1", "192.0.2.2"


def limits(limit: int = 1) -> tuple[RateLimits, list[float]]:
    seconds = [0.0]
    return RateLimits({"bad_key": limit}, lambda: seconds[0]), seconds


def test_each_address_has_its_own_counter_and_is_told_when_to_come_back() -> None:
    rates, seconds = limits(2)
    for _ in range(2):
        rates.bad_key(US)
    seconds[0] = 18
    with pytest.raises(RateLimitedError) as refused:
        rates.bad_key(US)
    assert refused.value.retry_after_s == 42
    rates.bad_key(OTHERS)
    seconds[0] = 60
    rates.bad_key(US)


def test_without_a_limit_nothing_is_counted() -> None:
    rates, _ = limits(0)
    for _ in range(1_000):
        rates.bad_key(US)


def test_a_crowd_of_addresses_takes_bounded_memory_and_does_not_forget_what_organisations_asked() -> None:
    rates = RateLimits({"bad_key": 1, "other": 1}, lambda: 0)
    rates.check("organisation", "/x")
    rates.bad_key(US)
    for number in range(MAX_RATE_WINDOWS):
        rates.bad_key(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    rates.bad_key(US)
    with pytest.raises(RateLimitedError):
        rates.check("organisation", "/x")


async def test_keys_of_suspect_addresses_are_looked_up_a_few_at_a_time_and_those_of_others_at_once() -> None:
    rates, _ = limits(1)
    rates.bad_key(US)
    release, under_way = asyncio.Event(), 0

    async def request(address: str) -> None:
        nonlocal under_way
        async with rates.look_up(address):
            under_way += 1
            await release.wait()

    def some(address: str) -> list[asyncio.Future[None]]:
        return [asyncio.ensure_future(request(address)) for _ in range(MAX_SUSPECTS_WAITING_OF_ADDRESS)]

    async def refused(address: str) -> None:
        with pytest.raises(RateLimitedError, match="without a good key"):
            await AsyncExitStack().enter_async_context(rates.look_up(address))

    waiting = some(US)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert under_way == MAX_SUSPECT_LOOKUPS
    await refused(US)
    # Whoever fills the places of one address leaves those of the others.
    for number in range(MAX_SUSPECTS_WAITING // MAX_SUSPECTS_WAITING_OF_ADDRESS - 1):
        waiting += some(f"203.0.113.{number}")
    await asyncio.sleep(0)
    await refused(OTHERS)
    assert [rates.is_suspect(US), rates.is_suspect(OTHERS)] == [True, False]
    release.set()
    await asyncio.gather(*waiting)
    assert under_way == MAX_SUSPECTS_WAITING
    async with rates.look_up(US):
        under_way += 1
    assert under_way == MAX_SUSPECTS_WAITING + 1
