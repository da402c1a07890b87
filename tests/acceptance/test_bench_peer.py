"""The peer of the calls bench answers a caller as our own server does: with the scripted words, and silent when it is interrupted."""

import httpx2 as httpx
import pytest
from bench.calls_bench import peer

from callwright.lab.stream_callers import Caller, Figures
from callwright.providers.cloud import library

pytestmark = [
    pytest.mark.real_time,
    pytest.mark.cloud,
    pytest.mark.skipif(not library.is_installed("deepgram.STT"), reason="livekit-agents is not installed (make cloud)"),
]
SECONDS = 16.0
"""Two questions, and an interruption of the second answer."""


@pytest.mark.long
async def test_livekit_answers_and_is_interrupted() -> None:
    figures = Figures(measuring=True)
    with peer("livekit", [1], 20, pin=False) as target:
        async with httpx.AsyncClient() as client:
            await Caller(0, lambda call_id: target.address(client, call_id), figures).call(SECONDS)
        assert target.name.startswith("livekit-agents ")
        assert target.pauses is not None
        assert target.pauses.read_text()
    assert len(figures.added) >= 2
    assert figures.replies >= 1
    assert len(figures.interruption) >= 1
    assert (figures.missed, figures.not_cleared, figures.stale_frames, figures.broken) == (0, 0, 0, 0)
