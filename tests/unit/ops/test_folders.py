"""Files of the data folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from callwright.ops.folders import RecordingFiles


def test_recordings_are_deleted_and_those_that_cannot_be_are_told(tmp_path: Path) -> None:
    files = RecordingFiles(tmp_path)
    files.write("one", "call.wav", b"x")
    files.delete("one")
    files.delete("one")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "two").write_text("in the place of a folder")
    with pytest.raises(OSError, match="two"):
        files.delete("two")
