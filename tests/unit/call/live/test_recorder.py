"""The recorder: both sides on one axis from the answer, appended behind a margin, honest about what was taken back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import numpy as np

from callwright.call.live.recorder import BATCH_SAMPLES, LATEST_SAMPLES, MARGIN_SAMPLES, RawFiles, Recorder
from callwright.media.g711 import mulaw_of
from callwright.media.mixdown import mix_down

FILES = RawFiles(Path("caller"), Path("agent"))
C, A, S = b"\x11" * 160, b"\x22" * 160, b"\xff" * 160
T0 = 5_000_000


class AtOnce(Executor):
    """Runs work when it is given."""

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(work(*arguments, **named))
        return done


class Disk:
    """Files in memory; ``full`` refuses."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.full = False

    def append(self, path: Path, data: bytes) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        self.files[path.name] = self.files.get(path.name, b"") + data


def _recorder(disk: Disk) -> Recorder:
    recorder = Recorder(FILES, AtOnce(), disk.append)
    recorder.answered(T0)
    recorder.switch(True)
    return recorder


def test_both_sides_are_aligned_to_the_answer_and_end_together() -> None:
    disk = Disk()
    recorder = _recorder(disk)
    recorder.caller(C, T0 + 20_000)
    recorder.agent([A, A], T0 + 10_000)
    recorder.caller(C, T0 + 41_000)
    recorder.finish(T0 + 60_000)

    assert disk.files["caller"] == C + C + b"\xff" * 80
    assert disk.files["agent"] == b"\xff" * 80 + A + A
    assert recorder.duration_ms == 50
    assert recorder.caller_from_us == 0


def test_a_caller_heard_late_begins_late_and_then_has_no_gaps_whatever_the_jitter() -> None:
    disk = Disk()
    recorder = _recorder(disk)
    for arrival_us in (60_000, 91_000, 131_000):
        recorder.caller(C, T0 + arrival_us)
    recorder.finish(T0 + 140_000)
    assert disk.files["caller"] == S + S + C + C + C
    assert recorder.caller_from_us == 40_000


def test_what_was_cleared_is_not_in_the_recording() -> None:
    disk = Disk()
    recorder = _recorder(disk)
    recorder.agent([A, A, A], T0)
    recorder.cleared(T0 + 30_000)
    recorder.agent([A], T0 + 60_000)
    recorder.finish(T0 + 80_000)
    assert disk.files["agent"] == A + A[:80] + b"\xff" * 240 + A


def test_the_agent_s_words_that_were_on_the_line_at_the_end_are_cut_there() -> None:
    disk = Disk()
    recorder = _recorder(disk)
    recorder.agent([A, A, A], T0)
    recorder.finish(T0 + 20_000)
    assert disk.files["agent"] == A


def test_a_paused_recording_holds_silence_in_the_place_of_what_was_said() -> None:
    disk = Disk()
    recorder = _recorder(disk)
    recorder.caller(C, T0 + 20_000)
    recorder.switch(False)
    recorder.caller(C, T0 + 40_000)
    recorder.agent([A], T0 + 20_000)
    recorder.switch(True)
    recorder.caller(C, T0 + 60_000)
    recorder.finish(T0 + 60_000)
    assert disk.files["caller"] == C + S + C
    assert disk.files["agent"] == S * 3


def test_it_is_appended_once_a_second_behind_the_margin_so_that_a_killed_process_leaves_it() -> None:
    disk = Disk()
    recorder = _recorder(disk)
    for frame in range(1, 101):
        recorder.caller(C, T0 + frame * 20_000)
    newest = 99 * 160 - MARGIN_SAMPLES
    assert len(disk.files["caller"]) == newest
    assert disk.files["agent"] == b"\xff" * newest, "the silent side keeps step"
    assert newest > BATCH_SAMPLES


def test_a_full_disk_ends_the_recording_and_says_so() -> None:
    disk = Disk()
    recorder = _recorder(disk)
    disk.full = True
    recorder.caller(C, T0 + 20_000)
    recorder.finish(T0 + 20_000)
    disk.full = False
    recorder.finish(T0 + 40_000)
    assert recorder.lost == "No space left on device"
    assert not disk.files


def _click(at: int) -> bytes:
    """20 ms of silence with one loud sample."""
    pcm = np.zeros(160, dtype="<i2")
    pcm[at] = 30_000
    return mulaw_of(pcm.tobytes())


def _loud(disk: Disk) -> tuple[list[int], list[int]]:
    """Where the stereo file of both sides is loud: left, right."""
    wav = mix_down(disk.files["caller"], disk.files["agent"])
    stereo = np.frombuffer(wav[wav.index(b"data") + 8 :], dtype="<i2").reshape(-1, 2)
    left, right = (np.flatnonzero(np.abs(stereo[:, side]) > 20_000).tolist() for side in (0, 1))
    return left, right


def test_a_click_in_a_known_frame_is_at_the_known_sample_of_both_channels() -> None:
    disk = Disk()
    recorder = _recorder(disk)
    late_us = [0, 9_000, 31_000, 2_000, 18_500]
    for number in range(500):
        # The caller's frames come with jitter; the agent's go out in pairs, 40 ms early.
        recorder.caller(_click(7) if number == 333 else S, T0 + (number + 1) * 20_000 + late_us[number % 5])
        if number % 2 == 0:
            pair = [_click(101) if one == 402 else S for one in (number, number + 1)]
            recorder.agent(pair, T0 + number * 20_000)
    recorder.finish(T0 + 500 * 20_000)
    assert _loud(disk) == ([333 * 160 + 7], [402 * 160 + 101])


def test_an_interruption_moves_nothing_that_is_heard_after_it() -> None:
    disk = Disk()
    recorder = _recorder(disk)
    recorder.caller(C, T0 + 20_000)
    recorder.agent([A, A, A], T0)
    recorder.cleared(T0 + 25_000)
    recorder.agent([_click(0)], T0 + 1_000_000)
    recorder.finish(T0 + 1_020_000)
    assert _loud(disk)[1] == [8_000]


def test_a_line_that_stalls_and_then_delivers_what_it_held_leaves_no_gap() -> None:
    disk = Disk()
    recorder = _recorder(disk)
    recorder.caller(C, T0 + 20_000)
    for _ in range(400):
        recorder.caller(C, T0 + 8_020_000)
    recorder.finish(T0 + 8_020_000)
    assert disk.files["caller"] == C * 401
    assert recorder.gaps_ms == 0


def test_a_caller_who_sent_nothing_for_long_is_heard_where_it_spoke_again() -> None:
    disk = Disk()
    recorder = _recorder(disk)
    recorder.caller(C, T0 + 20_000)
    recorder.caller(_click(3), T0 + 30_000_000)
    recorder.caller(S, T0 + 30_020_000)
    recorder.finish(T0 + 30_020_000)
    assert _loud(disk)[0] == [30 * 8_000 - 160 + 3]
    assert recorder.gaps_ms == 29_960


def test_a_caller_who_sends_nothing_does_not_keep_the_agent_s_side_in_memory() -> None:
    disk = Disk()
    recorder = _recorder(disk)
    for number in range(3_000):
        recorder.agent([_click(0) if number == 2_900 else A], T0 + number * 20_000)
        waiting = (number + 1) * 160 - len(disk.files.get("agent", b""))
        assert waiting <= LATEST_SAMPLES + BATCH_SAMPLES
    assert disk.files["caller"] == b"\xff" * len(disk.files["agent"])
    recorder.caller(_click(5), T0 + 60_000_000)
    recorder.finish(T0 + 60_000_000)
    assert 2_900 * 160 in _loud(disk)[1]
    assert _loud(disk)[0] == [60 * 8_000 - 160 + 5]
    assert recorder.caller_from_us == 59_980_000


def test_the_caller_s_side_written_as_silence_is_not_overwritten_by_frames_that_come_later_still() -> None:
    disk = Disk()
    recorder = _recorder(disk)
    recorder.caller(C, T0 + 20_000)
    for number in range(700):
        recorder.agent([S], T0 + number * 20_000)
    written = len(disk.files["caller"])
    recorder.caller(C, T0 + 40_000)
    recorder.finish(T0 + 14_000_000)
    assert disk.files["caller"][written : written + 160] == C
    assert len(disk.files["caller"]) == len(disk.files["agent"]) == 14 * 8_000


def test_a_first_frame_that_was_late_does_not_make_the_whole_call_late() -> None:
    disk = Disk()
    recorder = _recorder(disk)
    arrivals_ms = [120, 121, 122, 123, 124, 125, *range(146, 1_000, 20)]
    for number, arrival_ms in enumerate(arrivals_ms):
        recorder.caller(_click(0) if number == 10 else S, T0 + arrival_ms * 1_000)
    recorder.finish(T0 + 1_000_000)
    # The sixth frame was the least late: the first one's place is five frames before it, the eleventh's five after.
    assert _loud(disk)[0] == [(125 - 20 + 5 * 20) * 8]
    assert recorder.caller_from_us == 5_000


def test_a_burst_at_the_beginning_is_not_put_before_the_answer() -> None:
    disk = Disk()
    recorder = _recorder(disk)
    for _ in range(5):
        recorder.caller(C, T0 + 30_000)
    recorder.finish(T0 + 100_000)
    assert disk.files["caller"][:800] == C * 5
    assert recorder.caller_from_us == 0


def test_a_caller_whose_first_seconds_come_all_at_once_takes_nothing_from_the_agent() -> None:
    """A line that stalls at the beginning: its frames are laid behind one another and reach beyond the moment they came."""
    disk = Disk()
    recorder = _recorder(disk)
    for _ in range(100):
        recorder.caller(C, T0 + 2_000_000)
    recorder.agent([A] * 20, T0 + 2_000_000)
    recorder.finish(T0 + 2_400_000)

    assert disk.files["agent"].count(A) == 20
    assert disk.files["caller"].count(C) == 100
