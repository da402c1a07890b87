"""Clock, ids, folders and metrics: the process's surroundings."""

import os
import stat
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

from callwright.ops.clock import SystemClock
from callwright.ops.folders import DataFolder, RecordingFiles
from callwright.ops.ids import RandomIds
from callwright.ops.metrics import Metrics


async def test_the_clock_tells_utc_and_never_goes_back():
    clock = SystemClock()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert clock.now().utcoffset() == timedelta(0)
    before = clock.monotonic_us()
    await clock.sleep(0)
    assert clock.monotonic_us() >= before


def test_ids_are_fresh_and_of_their_length():
    ids = RandomIds()
    assert uuid.UUID(ids.uuid()).version == 4
    assert len({ids.uuid() for _ in range(100)}) == 100
    assert all(0 <= ids.seed() < 2**63 for _ in range(100))
    assert len(ids.token(20)) == 40


def test_the_data_folder_is_closed_to_others(tmp_path: Path):
    folder = DataFolder(tmp_path / "calls" / "here")
    folder.prepare()
    folder.prepare()
    for path in (folder.path, folder.live, folder.recordings):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_a_recording_is_there_whole_or_not_at_all(tmp_path: Path):
    files = RecordingFiles(tmp_path)
    assert files.path("call-1", "call.wav") is None
    files.write("call-1", "call.wav", b"first")
    files.write("call-1", "call.wav", b"second")
    path = files.path("call-1", "call.wav")
    assert path is not None
    assert Path(path).read_bytes() == b"second"
    assert [one.name for one in (tmp_path / "call-1").iterdir()] == ["call.wav"]


def test_a_recording_is_closed_to_others_also_over_a_draft_a_dead_process_left_open(tmp_path: Path):
    place = tmp_path / "call-1"
    place.mkdir()
    left = place / f".call.wav.{os.getpid()}"
    left.write_bytes(b"half")
    left.chmod(0o644)
    RecordingFiles(tmp_path).write("call-1", "call.wav", b"whole")
    assert (place / "call.wav").read_bytes() == b"whole"
    assert (place / "call.wav").stat().st_mode & 0o777 == 0o600


def test_deleting_recordings_leaves_other_calls_alone(tmp_path: Path):
    files = RecordingFiles(tmp_path)
    for call in ("call-1", "call-2"):
        files.write(call, "call.wav", b"x")
    files.delete("call-1")
    files.delete("call-1")
    assert files.path("call-1", "call.wav") is None
    assert files.path("call-2", "call.wav") is not None


def test_metrics_are_told_in_the_prometheus_format():
    metrics = Metrics()
    metrics.calls.labels("completed").inc()
    metrics.live_calls.set(3)
    metrics.reply_seconds.observe(0.7)
    text = metrics.exposition().decode()
    assert 'callwright_calls_total{outcome="completed"} 1.0' in text
    assert "callwright_live_calls 3.0" in text
    assert 'callwright_reply_seconds_bucket{le="0.8"} 1.0' in text


def test_two_processes_in_one_test_do_not_share_their_metrics():
    first, second = Metrics(), Metrics()
    first.live_calls.set(5)
    assert "callwright_live_calls 0.0" in second.exposition().decode()
