"""An account's own ambient track is heard under its calls, and nobody else's is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.call_world import CallWorld, agent_body, call_world
from tests.database import run_sql

from callwright.media.wav import read_wav
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.ambient_sounds.rules import OwnTrack
from callwright.platform.executions.rules.attempts import recording_name

pytestmark = pytest.mark.real_time

TONE_HZ = 1_700
"""Nothing else on the line has it: the track can be found in the recording by its frequency."""


@pytest.fixture
async def world(dsn: str, tmp_path: Path) -> AsyncIterator[CallWorld]:
    async with call_world(dsn, tmp_path) as started:
        pcm = bytes((np.sin(2 * np.pi * TONE_HZ * np.arange(16_000) / 8_000) * 250).astype("<i2"))
        await run_sql(
            dsn,
            "insert into tenant (id, name, email, max_concurrency, created_at)"
            " values ('others', 'Others', 'o@example.org', 2, now())",
        )
        now = started.clock.now()
        async with started.ledger.unit() as unit:
            await unit.own_tracks.insert(OwnTrack("track-1", DEFAULT_TENANT_ID, "Rain", 2_000, now), pcm)
            await unit.own_tracks.insert(OwnTrack("track-2", "others", "Storm", 2_000, now), pcm)
        yield started


async def call_with(world: CallWorld, track: str) -> tuple[float, str]:
    """How much of what lies under the agent's pauses is the track, from 0 to 1, and the call's log."""
    body = agent_body(check_if_user_online=False, ambient_noise=True, ambient_noise_track=track)
    execution = await world.until(await world.place(body), "completed", "error")
    path = world.deps.recordings.path(execution.id, recording_name(1))
    assert path is not None
    return await asyncio.to_thread(_share, Path(path)), await world.log(execution.id)


def _share(path: Path) -> float:
    agent = np.frombuffer(read_wav(path.read_bytes()).channel(1), dtype="<i2").astype(np.float64)
    pieces = [agent[at : at + 4_000] for at in range(4_000, len(agent) - 8_000, 2_000)]
    # Several: on a busy machine one of them may lie across a gap.
    quiet = sorted(pieces, key=lambda piece: float(np.square(piece).sum()))[:8]
    return max(_share_of(piece) for piece in quiet)


def _share_of(piece: Any) -> float:
    power: Any = np.square(np.abs(np.fft.rfft(piece * np.hanning(4_000))))
    around = TONE_HZ // 2
    return float(power[around - 3 : around + 4].sum() / max(1.0, float(power.sum())))


@pytest.mark.proves("task_config.ambient_noise_track")
async def test_a_track_of_the_accounts_own_lies_under_its_call(world: CallWorld) -> None:
    by_name, log = await call_with(world, "Rain")
    assert by_name > 0.8
    assert "sound_missing" not in log


@pytest.mark.long
async def test_another_accounts_track_is_as_missing_as_any(world: CallWorld) -> None:
    share, log = await call_with(world, "track-2")
    assert share < 0.05
    assert "sound_missing" in log
    assert "there is no ambient track 'track-2'" in log
