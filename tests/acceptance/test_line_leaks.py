"""Short calls over a media websocket, one after another, leave nothing behind in their server."""

from __future__ import annotations

import asyncio
import gc
import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.number_vendors import SID, TOKEN
from tests.stream_place import OURS, Place, stream_place
from tests.twilio_vendor import Phone, TwilioVendor, twilio_vendor
from tests.waiting import until
from websockets.asyncio.client import connect

from callwright.call.live.session import CallSession
from callwright.telephony.twilio import PLUGINS

CALLS, FIRST = 200, 10
TOGETHER = 5


async def short(phone: Phone, address: str) -> None:
    """A caller who hears the agent begin, presses a key and hangs up."""
    async with connect(address, compression=None) as socket:
        await socket.send(
            json.dumps({"event": "start", "streamSid": "MZ1", "start": {"streamSid": "MZ1", "callSid": phone.sid}})
        )
        await socket.recv()
        await socket.send(json.dumps({"event": "dtmf", "streamSid": "MZ1", "dtmf": {"digit": "1"}}))
        await socket.send(json.dumps({"event": "stop", "streamSid": "MZ1", "stop": {"callSid": phone.sid}}))
        await socket.wait_closed()


@pytest.fixture
async def vendor() -> AsyncIterator[TwilioVendor]:
    async with twilio_vendor(TwilioVendor(talk=short)) as served:
        yield served


def held(place: Place) -> dict[str, int]:
    """What a call could leave."""
    gc.collect()
    running = Counter(task.get_coro().__qualname__ for task in asyncio.all_tasks())  # type: ignore[union-attr]
    return {
        "tasks": sum(running.values()),
        "sessions": sum(isinstance(one, CallSession) for one in gc.get_objects()),
        "files": len(os.listdir("/proc/self/fd")),
        "live calls": len(place.platform.foundation.plugins("carrier", "twilio").legs),
    }


@pytest.mark.long
@pytest.mark.real_time
async def test_two_hundred_short_calls_leave_no_task_session_or_file(
    dsn: str, tmp_path: Path, vendor: TwilioVendor
) -> None:
    keys = {
        "TWILIO_ACCOUNT_SID": SID,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_PHONE_NUMBER": OURS,
        "TWILIO_API_URL": vendor.url,
    }
    async with stream_place(dsn, tmp_path, PLUGINS, keys, inbound_per_second=100) as place:

        async def calls(count: int) -> dict[str, int]:
            for _ in range(count // TOGETHER):
                await asyncio.gather(
                    *(vendor.call(f"{place.url}/lines/twilio/incoming", OURS) for _ in range(TOGETHER))
                )
            await until(lambda: not list((tmp_path / "live").iterdir()), 60)
            # Connections that are kept for the next request are closed after some seconds.
            await asyncio.sleep(8)
            return held(place)

        before, after = await calls(FIRST), await calls(CALLS)
        assert all("Stream" in phone.answers[0].text for phone in vendor.phones)
    assert after["sessions"] == after["live calls"] == 0
    assert after["tasks"] <= before["tasks"] + 2, (before, after)
    assert after["files"] <= before["files"] + 4, (before, after)
