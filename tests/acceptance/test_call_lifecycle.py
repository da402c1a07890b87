"""Whole calls over loopback with scripted providers on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.call_world import CallWorld, agent_body, call_world

from callwright.conversation.log import read_log
from callwright.media.wav import read_wav


@pytest.fixture
async def world(dsn: str, tmp_path: Path) -> AsyncIterator[CallWorld]:
    async with call_world(dsn, tmp_path) as started:
        yield started


async def test_a_call_of_several_turns_ends_completed_with_its_record(world: CallWorld) -> None:
    execution_id = await world.place()

    row = await world.until(execution_id, "completed", "error", "failed")

    assert row.status == "completed", row.error_message
    body = world.body(row)
    assert "user: I want to book a dentist." in body["transcript"]
    assert "user: My name is Ann." in body["transcript"]
    assert body["extracted_data"] == {"name": "Ann"}
    assert (row.hangup_by, row.hangup_reason) == ("API Request", "end_call_tool")
    assert await world.published(execution_id) == [
        "initiated",
        "ringing",
        "in-progress",
        "call-disconnected",
        "completed",
    ]
