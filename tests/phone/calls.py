"""What a person on a phone does: listen until something was said, answer, and look at the record afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from tests.phone import sound
from tests.phone.rtp import RtpSocket
from tests.phone.server import ENDED, Server
from tests.phone.sipp import Sipp
from tests.phone.sound import HELD_TONE_HZ

OWN_HZ = 440.0
"""The tone a phone plays, which the platform must hear."""


async def hears(line: RtpSocket, text: str, seconds: float = 15, source: Callable[[], str] | None = None) -> None:
    """Wait until ``text`` was heard on the line."""
    heard = source or line.text
    try:
        async with asyncio.timeout(seconds):
            while text not in heard():  # noqa: ASYNC110 (what arrives is found by looking)
                await asyncio.sleep(0.15)
    except TimeoutError:
        raise AssertionError(f"{text!r} was not heard within {seconds} s, but {heard()!r}") from None


async def said(line: RtpSocket) -> None:
    """Wait until the phone has said everything it was given."""
    while line.saying:  # noqa: ASYNC110 (the line's thread knows no event loop)
        await asyncio.sleep(0.05)


async def sound_both_ways(line: RtpSocket) -> None:
    """Have the agent say its two-tone letter, and play our tone to it."""
    line.say("please give me the tone.")
    await hears(line, sound.HELD_TONE[:12])
    await asyncio.sleep(0.5)
    line.play(sound.tone(OWN_HZ, 1_200) + sound.silence(200))
    await said(line)


async def goodbye(line: RtpSocket, phone: Sipp) -> None:
    """Say goodbye; the agent hangs up, and every message of the call was as the phone expects it."""
    line.say("Goodbye.")
    await phone.ended(20)


async def check_sound(server: Server, execution_id: str, line: RtpSocket) -> None:
    """Judge by frequency: the phone heard the agent's letter, the recording has our tone left and the agent's letter right."""
    recording = await server.recording(execution_id)
    caller, agent = sound.of_wav(recording, 0), sound.of_wav(recording, 1)
    assert sound.sounding_ms(line.heard(), *HELD_TONE_HZ) >= 600, "the phone heard the agent"
    assert sound.level(caller, OWN_HZ) > 0.95, "the platform heard the phone"
    assert 1_000 <= sound.sounding_ms(caller, OWN_HZ) <= 1_300, "all of it"
    assert sound.sounding_ms(agent, *HELD_TONE_HZ) >= 600, "the agent stands on the right"
    assert sound.sounding_ms(caller, *HELD_TONE_HZ) == 0, "each on its own side"
    assert sound.sounding_ms(agent, OWN_HZ) == 0


async def final(server: Server, execution_id: str, seconds: float = 40) -> dict[str, Any]:
    """The record once the call and its work are over."""
    record = await server.until(execution_id, *ENDED, seconds=seconds)
    assert record["error_message"] is None or record["status"] != "completed", record
    return record


def hangup(record: dict[str, Any]) -> tuple[str, str, Any]:
    """By whom, why, and the cause's number."""
    data = record["telephony_data"]
    return data["hangup_by"], data["hangup_reason"], data["hangup_provider_code"]
