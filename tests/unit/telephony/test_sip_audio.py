"""The audio of a call in the gateway, and what is told of its line."""

import math
import struct

from hypothesis import given
from hypothesis import strategies as st

from callwright.media.g711 import mulaw_of, pcm_of_mulaw
from callwright.ports.leg import SILENCE_FRAME
from callwright.telephony.sip.audio import (
    FRAME_PCM_BYTES,
    HELD_MOST_BYTES,
    LATE_MOST_FRAMES,
    SETTLE_TICKS,
    WAITING_MOST_FRAMES,
    AgentAudio,
    CallerAudio,
)
from callwright.telephony.sip.quality import REPORT_TICKS, SILENT_TICKS, Quality

FRAME = 160


def spoken(number, level=8_000):
    """A frame of PCM that can be told from others."""
    return b"".join(struct.pack("<h", int(level * math.sin((number + 3) * k / 20))) for k in range(FRAME))


def quiet():
    return bytes(FRAME_PCM_BYTES)


def frames(mulaw):
    return [mulaw[at : at + FRAME] for at in range(0, len(mulaw), FRAME)]


def test_frames_come_out_in_order_one_for_every_tick():
    caller = CallerAudio()
    heard = []
    for number in range(50):
        assert caller.feed(spoken(number)) == 1
        heard += frames(caller.take(1))
    assert heard == [mulaw_of(spoken(number)) for number in range(49)]
    assert (caller.frames_received, caller.frames_concealed, caller.frames_dropped) == (50, 0, 0)


def test_nothing_comes_before_the_first_sound_and_silence_from_the_answer_on():
    caller = CallerAudio()
    assert (caller.take(5), caller.flowing) == (b"", False)
    caller.start()
    assert caller.flowing
    assert caller.take(3) == SILENCE_FRAME * 3
    assert caller.frames_concealed == 0


def test_pieces_of_frames_are_put_together():
    caller = CallerAudio()
    sound = spoken(1) + spoken(2)
    for at in range(0, len(sound), 100):
        caller.feed(sound[at : at + 100])
    assert frames(caller.take(2)) == [mulaw_of(spoken(1)), mulaw_of(spoken(2))]


def test_a_lost_frame_is_concealed_fading_then_silent_and_counted():
    caller = CallerAudio()
    caller.feed(spoken(1) + spoken(2))
    heard = frames(caller.take(5))
    assert heard[:2] == [mulaw_of(spoken(1)), mulaw_of(spoken(2))]
    loudness = [max(abs(value) for (value,) in struct.iter_unpack("<h", pcm_of_mulaw(frame))) for frame in heard]
    assert loudness[1] > loudness[2] > loudness[3] > loudness[4] == 0
    assert caller.frames_concealed == 3


def test_on_hold_silence_is_no_loss_and_sound_begins_anew():
    caller = CallerAudio()
    caller.feed(spoken(1) + spoken(2))
    caller.take(2)
    assert caller.take(100, expected=False) == SILENCE_FRAME * 100
    assert caller.frames_concealed == 0
    caller.feed(spoken(3))
    assert caller.take(1) == SILENCE_FRAME
    caller.feed(spoken(4))
    assert caller.take(2) == mulaw_of(spoken(3)) + mulaw_of(spoken(4))
    assert caller.frames_concealed == 0


def test_a_late_frame_delays_what_follows_and_nothing_is_lost():
    caller = CallerAudio()
    heard = []
    for number in range(20):
        if number != 10:
            caller.feed(spoken(number))
        if number == 11:
            caller.feed(b"")
        heard += frames(caller.take(1))
    assert caller.frames_concealed <= 1
    real = [mulaw_of(spoken(number)) for number in range(20) if number != 10]
    assert [frame for frame in heard if frame in real] == real[: len([frame for frame in heard if frame in real])]


def test_delay_that_is_not_needed_is_taken_back_in_a_quiet_moment():
    caller = CallerAudio()
    caller.feed(spoken(0) + spoken(1) + spoken(2) + spoken(3))
    for number in range(4, 4 + 2 * SETTLE_TICKS):
        caller.feed(spoken(number))
        caller.take(1)
    # Loud all the time: nothing is cut out of speech.
    assert caller.frames_dropped == 0
    for _ in range(4 * SETTLE_TICKS):
        caller.feed(quiet())
        caller.take(1)
    assert 1 <= caller.frames_dropped <= 4
    assert caller.frames_concealed == 0


def test_more_than_can_be_late_is_dropped_from_the_front():
    caller = CallerAudio()
    caller.feed(b"".join(spoken(number) for number in range(LATE_MOST_FRAMES + 5)))
    assert caller.frames_dropped == 5
    assert caller.take(1) == mulaw_of(spoken(5))


@given(st.lists(st.integers(0, 3), max_size=300), st.integers(0, 20))
def test_whatever_the_line_does_there_is_a_frame_for_every_tick(arrivals, hold_every):
    caller = CallerAudio()
    caller.start()
    for tick, count in enumerate(arrivals):
        caller.feed(quiet() * count)
        expected = not (hold_every and tick % hold_every == 0)
        assert len(caller.take(1, expected=expected)) == FRAME
    assert caller.frames_received == sum(arrivals)


# -- to the caller


def test_the_stack_is_given_at_most_what_it_may_hold():
    agent = AgentAudio()
    agent.offer(b"".join(bytes([number]) * FRAME for number in range(10)))
    first = agent.due(0)
    assert len(first) == HELD_MOST_BYTES
    assert first == pcm_of_mulaw(bytes([0]) * FRAME + bytes([1]) * FRAME + bytes([2]) * FRAME)
    # What it does not take, because its streams were replaced at that moment, stays.
    agent.given(0)
    assert agent.due(0) == first
    agent.given(HELD_MOST_BYTES)
    assert agent.due(HELD_MOST_BYTES) == b""
    assert agent.due(HELD_MOST_BYTES - FRAME_PCM_BYTES + 2) == b""
    assert agent.due(HELD_MOST_BYTES - FRAME_PCM_BYTES) == pcm_of_mulaw(bytes([3]) * FRAME)
    assert agent.due(HELD_MOST_BYTES * 3) == b""
    assert len(agent) == 7


def test_what_is_cleared_is_gone():
    agent = AgentAudio()
    agent.offer(SILENCE_FRAME * 5)
    agent.clear()
    assert agent.due(0) == b""


def test_what_cannot_wait_is_refused_and_counted():
    agent = AgentAudio()
    agent.offer(SILENCE_FRAME * (WAITING_MOST_FRAMES + 3))
    assert (len(agent), agent.frames_refused) == (WAITING_MOST_FRAMES, 3)


# -- quality


def report(**values):
    names = ("rx_packets", "rx_lost", "rx_jitter_ms", "tx_packets", "tx_lost", "tx_jitter_ms", "rtt_ms")
    return {**dict.fromkeys((*names, "jbuf_late", "jbuf_lost", "jbuf_jitter_ms"), 0), **values}


def test_a_line_on_which_nothing_comes_is_one_way_and_recovers():
    quality = Quality()
    assert not quality.tick(SILENT_TICKS - 1, 0, expected=True)
    assert quality.tick(1, 0, expected=True)
    assert quality.values(final=False)["one_way"] == "no_audio_from_caller"
    assert quality.tick(1, 1, expected=True)
    assert quality.values(final=False)["one_way"] == ""
    assert quality.values(final=True)["one_way"] == "no_audio_from_caller"


def test_silence_that_is_rightful_is_not_one_way():
    quality = Quality()
    quality.tick(SILENT_TICKS - 1, 0, expected=True)
    quality.tick(SILENT_TICKS, 0, expected=False)
    quality.tick(SILENT_TICKS - 1, 0, expected=True)
    assert quality.one_way == ""


def test_a_far_end_that_gets_nothing_says_so():
    quality = Quality()
    quality.statistics(report(tx_packets=50, tx_lost=50))
    quality.tick(1, 1, expected=True)
    assert quality.one_way == ""
    quality.statistics(report(tx_packets=200, tx_lost=190))
    assert quality.tick(1, 1, expected=True)
    assert quality.one_way == "no_audio_to_caller"
    quality.statistics(report(tx_packets=400, tx_lost=200))
    assert quality.tick(1, 1, expected=True)
    assert quality.one_way == ""


def test_a_report_comes_every_ten_seconds():
    quality = Quality()
    assert [quality.tick(1, 1, expected=True) for _ in range(2 * REPORT_TICKS)].count(True) == 2


def test_the_counters_of_the_far_end_count_and_the_buffers_stand_in_for_them():
    quality = Quality()
    quality.statistics({})
    quality.statistics(report(rx_packets=100, jbuf_lost=4, jbuf_jitter_ms=30))
    assert (quality.values(final=False)["rx_lost"], quality.values(final=False)["rx_jitter_ms"]) == (4, 30)
    quality.statistics(report(rx_packets=200, rx_lost=2, rx_jitter_ms=1.23456, jbuf_lost=5))
    values = quality.values(final=True)
    assert (values["rx_packets"], values["rx_lost"], values["rx_jitter_ms"]) == (200, 2, 1.235)
    assert values["final"] is True


def test_packets_of_keys_came_and_are_not_lost():
    quality = Quality()
    quality.statistics(report(rx_packets=100, jbuf_lost=7), key_packets=7)
    values = quality.values(final=False)
    assert (values["rx_packets"], values["rx_lost"], values["loss_from"]) == (107, 0, "jitter_buffer")
    quality.statistics(report(rx_packets=200, rx_lost=10, rtt_ms=1), key_packets=7)
    values = quality.values(final=False)
    assert (values["rx_packets"], values["rx_lost"], values["loss_from"]) == (207, 3, "rtcp")


def test_a_count_of_losses_that_is_older_than_a_key_takes_no_loss_back():
    quality = Quality()
    quality.statistics(report(rx_packets=100, rx_lost=5, rtt_ms=1))
    quality.statistics(report(rx_packets=100, rx_lost=5, rtt_ms=1), key_packets=7)
    assert quality.values(final=True)["rx_lost"] == 5


def test_the_most_that_was_held_is_kept():
    quality = Quality()
    quality.held(640, 2)
    quality.held(320, 1)
    values = quality.values(final=False)
    assert (values["held_in_stack_ms_max"], values["tx_starved_frames"]) == (40, 2)
