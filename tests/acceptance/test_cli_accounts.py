"""Organisations from the command line, on an installation of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.database import make_data_folder

from callwright.cli import main
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID


def test_organisations_are_made_changed_and_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("CALLWRIGHT_DATA", str(tmp_path / "data"))
    make_data_folder(tmp_path / "data")

    assert main(["accounts", "create", "--name", "Branch office", "--max-concurrency", "7"]) == 0
    made = capsys.readouterr().out.strip()
    assert main(["accounts", "set", DEFAULT_TENANT_ID, "--max-concurrency", "40", "--min-concurrency", "10"]) == 0
    assert "10 guaranteed, at most 40  Default" in capsys.readouterr().out
    assert main(["accounts", "list"]) == 0
    listed = capsys.readouterr().out
    assert f"{made}  7 guaranteed, at most 7  Branch office" in listed

    assert main(["accounts", "set", made, "--min-concurrency", "8"]) == 1
    assert "must not exceed" in capsys.readouterr().err
    assert main(["accounts", "set", "nobody", "--name", "x"]) == 1

    assert main(["accounts", "set", made, "--email", "ann@example.org"]) == 0
    assert main(["accounts", "set", made, "--email", ""]) == 0
    for wrong in ("ann", "ann@", "@example.org", "ann@example..org", "ann b@example.org", "a@b@example.org"):
        assert main(["accounts", "set", made, "--email", wrong]) == 1
        assert "email must be an address" in capsys.readouterr().err

    assert (
        main(["keys", "create", "--name", "theirs", "--account", made, "--expires-days", "3", "--scope", "call"]) == 0
    )
    assert capsys.readouterr().out.startswith("bn-")
    assert main(["keys", "list", "--account", made]) == 0
    assert capsys.readouterr().out.split()[1:4] == ["active", "call", "admin"]
    assert main(["keys", "create", "--name", "nobody's", "--account", "nobody"]) == 1
