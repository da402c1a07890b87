"""Owners of phone numbers from the command line, on an installation of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.database import make_data_folder

from callwright.cli import main
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID


def test_a_number_is_proved_listed_and_released(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("CALLWRIGHT_DATA", str(tmp_path / "data"))
    make_data_folder(tmp_path / "data")
    assert main(["accounts", "create", "--name", "Branch office", "--max-concurrency", "7"]) == 0
    other = capsys.readouterr().out.strip()

    assert main(["numbers", "prove", other, "+1 555 010 0199"]) == 0
    assert capsys.readouterr().out == f"+15550100199 belongs to {other}\n"
    assert main(["numbers", "prove", DEFAULT_TENANT_ID, "+15550100199"]) == 1
    assert f"belongs to {other}; release it first" in capsys.readouterr().err
    assert main(["numbers", "list"]) == 0
    assert capsys.readouterr().out.startswith(f"+15550100199  {other}  ")
    assert main(["numbers", "release", "+15550100199"]) == 0
    assert main(["numbers", "release", "+15550100199"]) == 1
    assert main(["numbers", "prove", "nobody", "+15550100199"]) == 1
    assert main(["numbers", "prove", DEFAULT_TENANT_ID, "+15550100199"]) == 0
