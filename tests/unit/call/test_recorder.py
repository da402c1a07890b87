"""The recorder: both sides on one axis from the answer, appended behind a margin, honest about what was taken back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from callwright.call.recorder import BATCH_SAMPLES, MARGIN_SAMPLES, RawFiles, Recorder

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
    for arrival_us in (60_000, 60_500, 131_000):
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
    assert "No space left" in recorder.lost
    assert not disk.files
