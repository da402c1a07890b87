"""API keys from the command line, on an installation of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from callwright.cli import main


def test_a_key_is_shown_once_listed_without_its_secret_and_revoked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    data = str(tmp_path / "data")

    # The data folder may be named before the action and behind it.
    assert main(["keys", "create", "--name", "the shop", "--data", data]) == 0
    secret = capsys.readouterr().out.strip()
    assert secret.startswith("bn-")

    assert main(["keys", "--data", data, "list"]) == 0
    listed = capsys.readouterr().out
    assert secret not in listed
    assert listed.split()[1] == "active"
    assert listed.rstrip().endswith("the shop")

    assert main(["keys", "revoke", listed.split()[0], "--data", data]) == 0
    capsys.readouterr()
    assert main(["keys", "list", "--data", data]) == 0
    assert capsys.readouterr().out.split()[1] == "revoked"


def test_wrong_usage_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["keys", "create"])
    assert ended.value.code == 2
    assert "--name" in capsys.readouterr().err
