"""The link that ``callwright dashboard`` prints, used in another process than made it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.database import make_data_folder

from callwright.actions.sessions import enter
from callwright.bootstrap import open_actions
from callwright.cli import main
from callwright.domain.errors import UsedCodeError
from callwright.ops.settings import load_settings


def test_the_printed_link_opens_one_session_of_the_data_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    data = tmp_path / "data"
    make_data_folder(data)
    assert main(["dashboard", "--data", str(data), "--url", "https://voice.example"]) == 0
    link = urlsplit(capsys.readouterr().out.strip())
    assert (link.scheme, link.netloc, link.path) == ("https", "voice.example", "/dashboard/enter")
    (code,) = parse_qs(link.query)["code"]

    async def open_it() -> str:
        async with open_actions(load_settings({}, data=data)) as services:
            opened = await enter(services, code, "Browser")
            with pytest.raises(UsedCodeError):
                await enter(services, code, "Browser")
            return opened.principal.role

    assert asyncio.run(open_it()) == "admin"


def test_a_folder_without_a_database_gets_no_link(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert main(["dashboard", "--data", str(tmp_path / "nothing")]) == 1
    assert "there is no database" in capsys.readouterr().err


def test_an_address_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dashboard", "--url", "voice.example"]) == 1
    assert "--url must be an address" in capsys.readouterr().err
