"""How many uploads a process receives at once, and how many it holds in memory."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

import pytest

from callwright.api.uploads import Uploads
from callwright.domain.errors import RateLimitedError
from callwright.domain.limits import MAX_UPLOADS, MAX_UPLOADS_IN_MEMORY, MAX_UPLOADS_OF_ONE


def test_an_organisation_has_so_many_places_and_gets_them_back() -> None:
    uploads = Uploads()
    with ExitStack() as under_way:
        for _ in range(MAX_UPLOADS_OF_ONE):
            under_way.enter_context(uploads.place("ours"))
        with pytest.raises(RateLimitedError, match="of the organisation"):
            under_way.enter_context(uploads.place("ours"))
        under_way.enter_context(uploads.place("theirs"))
    with uploads.place("ours"):
        pass


def test_all_organisations_together_have_so_many_places() -> None:
    uploads = Uploads()
    with ExitStack() as under_way:
        for number in range(MAX_UPLOADS):
            under_way.enter_context(uploads.place(str(number)))
        with pytest.raises(RateLimitedError, match="try later"):
            under_way.enter_context(uploads.place("one more"))


async def test_so_many_are_in_memory_and_the_others_wait_for_their_turn() -> None:
    uploads, held, most = Uploads(), 0, 0

    async def hold() -> None:
        nonlocal held, most
        async with uploads.in_memory():
            held += 1
            most = max(most, held)
            await asyncio.sleep(0)
            held -= 1

    await asyncio.gather(*(hold() for _ in range(10)))
    assert (most, held) == (MAX_UPLOADS_IN_MEMORY, 0)
