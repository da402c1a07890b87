"""``callwright models``."""

from __future__ import annotations

from pathlib import Path

import pytest

from callwright.cli import main


@pytest.mark.parametrize("place", [0, 1])
def test_models_takes_the_data_folder_before_and_after_the_action(
    place: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLWRIGHT_MODELS", str(tmp_path / "models"))
    assert main(["models", "list"]) == 0
    listed = capsys.readouterr().out
    command = ["list"]
    command[place:place] = ["--data", str(tmp_path / "data")]
    assert main(["models", *command]) == 0
    assert capsys.readouterr().out == listed, "models belong to no data folder"
    assert not (tmp_path / "data").exists()
