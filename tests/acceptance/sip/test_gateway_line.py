"""A bad line between phone and gateway: what the server is given, and what it is told about it."""

import asyncio
import random

import pytest
from tests.acceptance.sip.gateway_world import HOST, gateway, needs_stack, share_of, tone
from tests.acceptance.sip.raw_phone import RawPhone

pytestmark = [pytest.mark.real_time, *needs_stack]
FRAME = 160


def frames_of(sound):
    return [sound[at : at + FRAME] for at in range(0, len(sound), FRAME)]


async def called(ours, phone):
    """The phone calls in and is answered; its number."""
    before = len(ours.of(None, "incoming"))
    calling = asyncio.ensure_future(phone.call(f"sip:desk@{ours.listen}"))
    here, _ = await ours.wait(None, "incoming", count=before + 1)
    ours.send(here, "answer")
    await calling
    await ours.wait(here, "answered")
    return here


async def final_quality(ours, here):
    ours.send(here, "hang_up", drain=False)
    await ours.wait(here, "closed")
    return ours.of(here, "quality")[-1]


@pytest.mark.long
async def test_five_percent_loss_and_100_ms_jitter_leave_the_sound_in_time():
    rng = random.Random(3)
    async with gateway() as ours:
        phone = await RawPhone().open()
        here = await called(ours, phone)
        loop = asyncio.get_running_loop()
        began, before = loop.time(), len(ours.heard(here)) // FRAME
        await phone.talk(
            frames_of(tone(440, 8)), lose=lambda index: rng.random() < 0.05, late_ms=lambda index: rng.uniform(0, 100)
        )
        passed, heard = loop.time() - began, ours.heard(here)
        assert abs(len(heard) // FRAME - before - passed * 50) <= 5
        assert share_of(heard[(before + 100) * FRAME :], 440) > 0.75
        quality = await final_quality(ours, here)
        assert quality["jbuf_lost"] > 5
        assert quality["rx_jitter_ms"] > 10
        # 20 packets of 400 are lost on the line; what the buffer gives up besides stays below that again.
        assert 10 <= quality["concealed_frames"] <= 60
        phone.close()


async def test_keys_whose_packets_overtake_each_other_are_pressed_once():
    async with gateway() as ours:
        phone = await RawPhone().open()
        here = await called(ours, phone)
        await phone.talk(frames_of(tone(440, 1)))
        # What a line with jitter makes of two presses of one key: packets of the first come after its end.
        await phone.press("7", 80_000, (0, 1, 4, 2, 5, 3, 6))
        await phone.press("7", 82_000, (1, 0, 4, 5, 3, 2, 6))
        await phone.press("#", 84_000, (4,))
        await ours.wait(here, "key", count=3)
        await asyncio.sleep(0.2)
        assert [message["key"] for message in ours.of(here, "key")] == ["7", "7", "#"]
        quality = await final_quality(ours, here)
        assert quality["loss_from"] == "jitter_buffer"
        assert quality["rx_packets"] == 50 + 15, "they came, though not through the stack"
        assert quality["rx_lost"] == 0
        phone.close()


async def test_a_quiet_line_is_a_frame_of_sound_for_every_frame_of_time_and_no_loss():
    async with gateway() as ours:
        # A phone that a busy machine held up for longer than a frame makes jitter itself: it calls again.
        for _ in range(4):
            phone = await RawPhone().open()
            here = await called(ours, phone)
            behind_ms = await phone.talk(frames_of(tone(440, 4)))
            await asyncio.sleep(0.1)
            quality = await final_quality(ours, here)
            phone.close()
            if behind_ms < 20:
                break
        assert share_of(ours.heard(here)[50 * FRAME : 180 * FRAME], 440) > 0.98
        assert quality["rx_lost"] == 0


async def test_a_phone_that_sends_nothing_is_noticed_and_heard_again():
    async with gateway() as ours:
        phone = await RawPhone().open()
        here = await called(ours, phone)
        await asyncio.sleep(1)
        assert not ours.of(here, "quality")
        await ours.wait(here, "quality", 4)
        assert ours.of(here, "quality")[-1]["one_way"] == "no_audio_from_caller"
        await phone.talk(frames_of(tone(440, 1)))
        assert ours.of(here, "quality")[-1]["one_way"] == ""
        quality = await final_quality(ours, here)
        assert (quality["final"], quality["one_way"]) == (True, "no_audio_from_caller")
        phone.close()


async def test_a_phone_on_hold_is_not_one_way():
    async with gateway() as ours:
        phone = await RawPhone().open()
        here = await called(ours, phone)
        await phone.talk(frames_of(tone(440, 0.5)))
        phone.direction = "sendonly"
        phone.send(phone.request("INVITE", body=phone.sdp()))
        await ours.wait(here, "held")
        await asyncio.sleep(4)
        assert not any(message["one_way"] for message in ours.of(here, "quality"))
        phone.close()


async def test_the_agent_is_sent_in_time_and_at_most_60_ms_wait_in_the_stack():
    async with gateway() as ours:
        phone = await RawPhone().open()
        call = ours.dial(f"sip:bob@{HOST}:{phone.port}")
        await ours.wait(call, "answered")
        await asyncio.sleep(0.3)
        await ours.speak(call, tone(440, 4))
        await asyncio.sleep(0.3)
        gaps = sorted((after.at - before.at) * 1000 for before, after in zip(phone.rtp, phone.rtp[1:], strict=False))
        assert gaps[len(gaps) // 2] < 25
        sound = b"".join(packet.payload for packet in phone.rtp if packet.kind == 0)
        voiced = [at for at, frame in enumerate(frames_of(sound)) if any(byte not in (0xFF, 0x7F) for byte in frame)]
        # All 200 frames in one piece: nothing was starved or dropped on the way.
        assert len(voiced) >= 195
        assert voiced[-1] - voiced[0] + 1 - len(voiced) <= 3
        quality = await final_quality(ours, call)
        assert 0 < quality["held_in_stack_ms_max"] <= 60
        phone.close()
