"""Sound relayed between two legs: in order, with little delay, and where it belongs in the recording."""

from __future__ import annotations

from collections.abc import Sequence

from tests.unit.call.world import VirtualClock

from callwright.call.live.pacer_clock import PacerClock
from callwright.call.live.relay import FrameQueue, Relay
from callwright.domain.limits import MAX_RELAY_FRAMES, RELAY_PREFILL_FRAMES
from callwright.ports.leg import LEG_FRAME_BYTES


def frame(number: int) -> bytes:
    return bytes([number]) * LEG_FRAME_BYTES


class Line:
    """The caller's line, 40 ms late, and the target's ear."""

    open = True
    ahead_ms = 60
    delay_ms = 40
    continuous = True

    def __init__(self) -> None:
        self.caller: list[tuple[bytes, int]] = []
        self.target: list[bytes] = []
        self.spoken = 0
        self.pacer = PacerClock(VirtualClock())
        self.relay = Relay(self.pacer, self, self, self._spoken)

    def _spoken(self) -> None:
        self.spoken += 1

    def write(self, frames: bytes | Sequence[bytes], plays_at_us: int = -1) -> None:
        if isinstance(frames, bytes):
            self.target.append(frames)
        else:
            self.caller.extend((one, plays_at_us) for one in frames)

    def clear(self, now_us: int) -> None:
        """Nothing is taken back."""

    def tick(self, times: int = 1, late_us: int = 0) -> None:
        for at in range(times):
            self.pacer.tick(1_000_000 + at * 20_000 + late_us, late_us)


def test_a_queue_begins_with_a_reserve_and_again_when_it_ran_dry() -> None:
    queue = FrameQueue()
    assert RELAY_PREFILL_FRAMES == 2
    taken = []
    for number in range(3):
        queue.put(frame(number))
        taken.append(queue.take())
    assert taken == [None, frame(0), frame(1)]
    assert [queue.take(), queue.take()] == [frame(2), None]
    queue.put(frame(4))
    assert queue.take() is None
    queue.put(frame(5))
    assert [queue.take(), queue.take()] == [frame(4), frame(5)]


def test_what_waits_too_long_is_dropped_oldest_first() -> None:
    queue = FrameQueue()
    for number in range(MAX_RELAY_FRAMES + 1):
        queue.put(frame(number))
    taken = [queue.take() for _ in range(MAX_RELAY_FRAMES + 1)]
    assert taken == [*(frame(number) for number in range(1, MAX_RELAY_FRAMES + 1)), None]


def test_speech_to_the_target_comes_in_whole_frames_and_its_end_is_told_once() -> None:
    line = Line()
    line.relay.say(frame(1) + b"\x02" * 100)
    line.tick()
    assert (line.target, line.spoken, line.relay.silent) == ([frame(1)], 1, False)
    line.relay.end_speech()
    line.tick(2)
    assert line.target[1:] == [b"\x02" * 100 + b"\xff" * 60]
    assert (line.spoken, line.relay.silent) == (2, True)


def test_nobody_hears_the_other_before_they_are_joined() -> None:
    line = Line()
    for number in range(4):
        line.relay.target_said(frame(number))
    line.tick(4)
    assert line.caller == []


def test_what_the_target_says_is_recorded_when_it_is_heard_however_late_the_clock_is() -> None:
    line = Line()
    line.relay.join()
    for number in range(3):
        line.relay.target_said(frame(number))
    line.tick(3, late_us=7_000)
    assert line.caller == [(frame(at), 1_000_000 + at * 20_000 + 40_000) for at in range(3)]


def test_keys_that_are_sound_take_the_place_of_what_the_caller_says() -> None:
    line = Line()
    line.relay.replace(3)
    line.relay.join()
    line.relay.replace(2)
    for number in range(5):
        line.relay.caller_said(frame(number))
        line.tick()
    assert line.target == [frame(2), frame(3)]


def test_after_the_end_nothing_is_relayed() -> None:
    line = Line()
    line.relay.join()
    line.relay.end()
    line.relay.caller_said(frame(1))
    line.relay.caller_said(frame(2))
    line.tick(3)
    assert line.target == []
    assert not line.relay.tick(2_000_000, 0)
