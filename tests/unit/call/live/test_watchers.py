"""Watching a live call: slow readers lose entries and are told, the end is told, a reader may come back."""

from __future__ import annotations

import asyncio

from tests.unit.call.world import settle

from callwright.call.live.watchers import LiveCall, LiveEvent
from callwright.domain.limits import LIVE_RECENT_ENTRIES, MAX_LIVE_BACKLOG


async def _read(call: LiveCall, after: int | None) -> list[LiveEvent]:
    return [event async for event in call.watch(after)]


async def test_a_watcher_sees_what_happens_and_ends_with_the_call() -> None:
    call = LiveCall()
    call.publish(1, 10, "leg", "in", "Ringing", {})
    reader = asyncio.create_task(_read(call, None))
    await settle()
    call.publish(2, 20, "leg", "in", "Answered", {})
    call.end()
    seen = await reader
    data = {"seq": 2, "at_us": 20, "section": "leg", "direction": "in", "type": "Answered", "values": {}}
    assert seen == [{"id": "2", "event": "Answered", "data": data}]


async def test_a_watcher_that_comes_back_gets_what_it_missed_as_far_as_it_is_kept() -> None:
    call = LiveCall()
    for seq in range(1, LIVE_RECENT_ENTRIES + 11):
        call.publish(seq, seq, "core", "fact", "x", {})
    call.end()
    seen = await _read(call, 100)
    assert [int(e["id"]) for e in seen] == list(range(101, LIVE_RECENT_ENTRIES + 11))
    assert len(await _read(call, 0)) == LIVE_RECENT_ENTRIES


async def test_a_slow_watcher_loses_entries_and_is_told_how_many_where_they_were() -> None:
    call = LiveCall()
    watching = call.watch(None)
    first = asyncio.create_task(anext(watching, None))
    await settle()
    for seq in range(1, MAX_LIVE_BACKLOG + 8):
        call.publish(seq, seq, "core", "fact", "x", {})
    await first
    call.publish(5_000, 1, "core", "fact", "x", {})
    call.end()
    rest = [event async for event in watching]
    lost = [event for event in rest if event["event"] == "dropped"]
    assert [event["data"]["count"] for event in lost] == [7]
    assert len(rest) == MAX_LIVE_BACKLOG - 1 + 1 + 1
