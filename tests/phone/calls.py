"""What a person on a phone does: listen until something was said, answer, and look at the record afterwards."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from difflib import SequenceMatcher
from typing import Any

from tests.phone import sound
from tests.phone.rtp import RtpSocket
from tests.phone.server import ENDED, Server
from tests.phone.sipp import Sipp
from tests.phone.sound import HELD_TONE_HZ
from tests.waiting import until

OWN_HZ = 440.0
"""The tone a phone plays, which the platform must hear."""


UNDERSTOOD = 0.8
"""Share of a text's letters that must have come over, in order: each is 60 ms of sound, and a machine that stands still for a moment
leaves a hole. That nothing is lost where nothing stood still is judged where it can be known (``check_sound``)."""
_PATIENCE_S = 8.0
_TRIES = 4


def understood(heard: str, text: str, share: float = UNDERSTOOD) -> bool:
    """Whether ``text`` is somewhere in ``heard``, but for a letter here and there."""
    if text in heard:
        return True
    return any(
        SequenceMatcher(None, heard[at : at + len(text)], text, autojunk=False).ratio() >= share
        for at in range(max(1, len(heard) - round(share * len(text)) + 1))
    )


def check_transcript(record: dict[str, Any], *turns: str) -> None:
    """The turns (``user: ...``, ``assistant: ...``) are in the transcript, in this order, others perhaps between them."""
    rows = iter((record["transcript"] or "").splitlines())
    for turn in turns:
        who = turn.partition(":")[0]
        assert any(row.startswith(who) and understood(row, turn) for row in rows), (turn, record["transcript"])


async def hears(
    line: RtpSocket,
    text: str,
    seconds: float = 20,
    source: Callable[[], str] | None = None,
    share: float = UNDERSTOOD,
) -> None:
    """Wait until ``text`` was heard on the line, or ``share`` of its letters."""
    heard = source or line.text
    try:
        async with asyncio.timeout(seconds):
            while not understood(heard(), text, share):  # noqa: ASYNC110 (what arrives is found by looking)
                await asyncio.sleep(0.15)
    except TimeoutError:
        raise AssertionError(f"{text!r} was not heard within {seconds} s, but {heard()!r}") from None


async def asks(line: RtpSocket, text: str, answer: str, source: Callable[[], str] | None = None) -> None:
    """Say ``text`` and wait for the ``answer``; said again, as people do, when another or none comes."""
    heard = source or line.text
    for left in range(_TRIES, 0, -1):
        line.say(text)
        await said(line)
        try:
            await hears(line, answer, _PATIENCE_S, heard)
            return
        except AssertionError:
            if left == 1:
                raise


async def said(line: RtpSocket) -> None:
    """Wait until the phone has said everything it was given."""
    while line.saying:  # noqa: ASYNC110 (the line's thread knows no event loop)
        await asyncio.sleep(0.05)


async def sound_both_ways(line: RtpSocket) -> None:
    """Have the agent say its two-tone letter, and play our tone to it."""
    await asks(line, "please give me the tone.", sound.HELD_TONE[:12])
    await asyncio.sleep(0.5)
    line.play(sound.tone(OWN_HZ, 1_200) + sound.silence(200))
    await said(line)


async def goodbye(line: RtpSocket, phone: Sipp, *, seconds: float = 40) -> None:
    """Say goodbye, again if need be; the agent hangs up, and every message of the call was as the phone expects it."""
    ends_at_s = time.monotonic() + seconds
    while phone.running and time.monotonic() < ends_at_s:
        line.say("Goodbye.")
        try:
            await until(lambda: not phone.running, min(_PATIENCE_S, seconds))
        except TimeoutError:
            continue
    await phone.ended(1)


async def check_sound(server: Server, execution_id: str, line: RtpSocket) -> None:
    """Judge by frequency: the phone heard the agent's letter, the recording has our tone left and the agent's letter right, all of it but
    for what the record itself says is missing because this machine stood still (frames concealed or starved)."""
    quality = [entry.values for entry in await server.events(execution_id, "quality")][-1]
    lacks_in_ms, lacks_out_ms = 20 * quality["concealed_frames"], 20 * quality["tx_starved_frames"]
    recording = await server.recording(execution_id)
    caller, agent = sound.of_wav(recording, 0), sound.of_wav(recording, 1)
    assert sound.sounding_ms(line.heard(), *HELD_TONE_HZ) >= 600 - lacks_out_ms, "the phone heard the agent"
    assert sound.level(caller, OWN_HZ) > 0.95, "the platform heard the phone"
    assert 1_000 - lacks_in_ms <= sound.sounding_ms(caller, OWN_HZ) <= 1_300 + lacks_in_ms, ("all of it", quality)
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
