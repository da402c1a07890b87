"""The link that ``callwright dashboard`` prints, used in another process than made it."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.database import make_data_folder
from tests.docs.walked_server import environment_in

from callwright.bootstrap.foundation import open_actions
from callwright.cli import main
from callwright.domain.errors import UsedCodeError
from callwright.ops.settings import load_settings
from callwright.platform.sessions.actions import enter


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
    assert main(["dashboard", "--data", str(data)]) == 0
    assert f"No server of {data} runs here" in capsys.readouterr().err

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


@pytest.mark.real_time
def test_a_server_prints_a_link_that_signs_in_and_the_command_prints_another(tmp_path: Path) -> None:
    environment = environment_in(tmp_path)
    serve = [sys.executable, "-m", "callwright", "serve", "--port", "0"]
    with subprocess.Popen(serve, env=environment, stderr=subprocess.PIPE, text=True, bufsize=1) as server:
        try:
            first = _link_of(server)
            base = "http://" + urlsplit(first).netloc
            # The server took a free port, which no setting names.
            command = [sys.executable, "-m", "callwright", "dashboard"]
            other = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
            assert other.stderr == "The link is good once, for 10 minutes.\n"
            for link in (first, other.stdout.strip()):
                with httpx.Client(base_url=base, trust_env=False) as browser:
                    assert browser.get(link).headers["location"] == "/dashboard/"
                    assert browser.get("/v1/callwright/session").json()["key"]["name"] == "dashboard"
                    assert browser.get("/dashboard/calls").headers["content-type"] == "text/html; charset=utf-8"
                with httpx.Client(base_url=base, trust_env=False) as somebody:
                    assert somebody.get(link).status_code == 403
        finally:
            server.terminate()
            server.communicate(timeout=60)


def _link_of(server: subprocess.Popen[str]) -> str:
    assert server.stderr is not None
    for line in server.stderr:
        found = re.match(r"dashboard: (\S+) \(good once", line)
        if found is not None:
            return found[1]
    raise AssertionError("the server ended")
