"""The link that signs in to the dashboard."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from callwright.cli.addresses import noted_address, platform_url, sign_in_link
from callwright.domain.errors import BadInputError
from callwright.ops.settings import Settings


@pytest.mark.parametrize(
    ("base", "link"),
    [
        ("http://127.0.0.1:8700", "http://127.0.0.1:8700/dashboard/enter?code=c"),
        ("https://voice.example/", "https://voice.example/dashboard/enter?code=c"),
        ("http://0.0.0.0:8700", "http://127.0.0.1:8700/dashboard/enter?code=c"),
        ("http://[::]:8700", "http://[::1]:8700/dashboard/enter?code=c"),
    ],
)
def test_the_link_leads_to_where_a_browser_reaches_the_platform(base: str, link: str) -> None:
    assert sign_in_link(base, "c") == link


def test_the_link_may_name_a_page() -> None:
    link = sign_in_link("http://127.0.0.1:8700", "c", "/dashboard/calls/7")
    assert link == "http://127.0.0.1:8700/dashboard/enter?code=c&to=/dashboard/calls/7"


def test_the_address_is_that_of_the_option_else_of_the_settings() -> None:
    settings = Settings(host="::1", port=8710)
    assert platform_url(settings) == "http://[::1]:8710"
    assert platform_url(Settings(public_url="https://voice.example")) == "https://voice.example"
    assert platform_url(settings, "http://other:1") == "http://other:1"


def test_a_running_server_of_the_data_folder_says_where_it_listens(tmp_path: Path) -> None:
    settings = Settings(port=8710, data=tmp_path)
    with noted_address(tmp_path, "http://127.0.0.1:40123"):
        assert platform_url(settings) == "http://127.0.0.1:40123"
        assert platform_url(settings, "http://other:1") == "http://other:1"
        assert platform_url(replace(settings, public_url="https://voice.example")) == "https://voice.example"
    assert platform_url(settings) == "http://127.0.0.1:8710"


@pytest.mark.parametrize("note", ["", "[]", '{"url": "http://127.0.0.1:1"}'])
def test_a_note_that_cannot_be_used_counts_for_nothing(tmp_path: Path, note: str) -> None:
    (tmp_path / "server.json").write_text(note)
    assert platform_url(Settings(port=8710, data=tmp_path)) == "http://127.0.0.1:8710"


def test_the_note_of_a_server_that_was_killed_counts_for_nothing(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    (tmp_path / "server.json").write_text(json.dumps({"url": "http://127.0.0.1:1", "pid": ended.pid}))
    assert platform_url(Settings(port=8710, data=tmp_path)) == "http://127.0.0.1:8710"


def test_a_server_that_ends_leaves_the_note_of_the_next_one(tmp_path: Path) -> None:
    with noted_address(tmp_path, "http://127.0.0.1:1"):
        (tmp_path / "server.json").write_text("of another process")
    assert (tmp_path / "server.json").read_text() == "of another process"


@pytest.mark.parametrize("url", ["voice.example", "ftp://x", "http://", "http://x:0", "http://[x"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(BadInputError, match="--url"):
        platform_url(Settings(), url)
