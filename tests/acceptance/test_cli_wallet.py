"""The wallet from the command line, on an installation of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.database import make_data_folder, run_sql

from callwright.cli import main
from callwright.storage.embedded import EmbeddedPostgres


def test_a_wallet_is_topped_up_switched_shown_and_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("CALLWRIGHT_DATA", str(tmp_path / "data"))
    make_data_folder(tmp_path / "data")

    def shown() -> dict[str, str]:
        lines = capsys.readouterr().out.splitlines()
        return {"state": lines[0].split()[1], **{one.split()[0]: one.split()[1] for one in lines[1:]}}

    assert main(["wallet", "show"]) == 0
    assert shown() == dict.fromkeys(("available", "postpaid", "reserved", "spent", "topped_up"), "0") | {"state": "off"}
    assert main(["wallet", "top-up", "500.5", "--note", "invoice 17"]) == 0
    assert shown()["available"] == "500.5"
    assert main(["wallet", "top-up", "-0.5", "--note", "typed wrongly"]) == 0
    assert (found := shown())["available"] == "500"
    assert found["topped_up"] == "500"
    assert main(["wallet", "on"]) == 0
    assert shown()["state"] == "on"
    assert main(["wallet", "check"]) == 0
    assert capsys.readouterr().out == "every sum is right\n"

    assert main(["wallet", "top-up", "0"]) == 3
    assert "must not be 0" in capsys.readouterr().err
    assert main(["wallet", "top-up", "-1"]) == 3
    assert main(["wallet", "on", "--account", "nobody"]) == 3
    with pytest.raises(SystemExit):
        main(["wallet", "top-up", "much"])

    with EmbeddedPostgres(tmp_path / "data") as dsn:
        # As whoever owns the database can: the check is for what nobody foresaw.
        asyncio.run(
            run_sql(
                dsn,
                "alter table wallet_balance disable trigger user",
                "update wallet_balance set amount_nano = amount_nano + 1 where account = 'available'",
            )
        )
    capsys.readouterr()
    assert main(["wallet", "check"]) == 1
    told = capsys.readouterr().out
    assert "the balance of available is 500000000001 nano-cents, its postings sum to 500000000000" in told
    assert "the accounts sum to 1 nano-cents, not to 0" in told
