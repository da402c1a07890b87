"""What a start refuses before anything runs, told in a sentence, and commands that make no database."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest

from callwright.bootstrap.foundation import open_foundation
from callwright.cli import main
from callwright.ops.settings import load_settings


def taken_port() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


@pytest.fixture(autouse=True)
def own_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data folder of the test's own, in which a database would appear."""
    # The last two are of the tests; a server says that it does not know them.
    for name in ("DATABASE_URL", "CALLWRIGHT_FUZZ_CASES", "CALLWRIGHT_IMAGE_TESTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CALLWRIGHT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("CALLWRIGHT_PORT", "0")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("CALLWRIGHT_MODEL_BASEURL", "http://x", "there is no setting CALLWRIGHT_MODEL_BASEURL; did you mean"),
        ("CALLWRIGHT_MODEL", "opnai", "CALLWRIGHT_MODEL: there is no model 'opnai'; did you mean openai? known: "),
        ("CALLWRIGHT_VOICE", "rachel", "CALLWRIGHT_VOICE: there is no voice 'rachel'; known: "),
        ("CALLWRIGHT_TRANSCRIBER", "deepgram2", "CALLWRIGHT_TRANSCRIBER: there is no transcriber"),
        ("CALLWRIGHT_CARRIER", "vendor", "CALLWRIGHT_CARRIER: there is no carrier"),
        ("CALLWRIGHT_VAD", "loud", "CALLWRIGHT_VAD: there is no vad 'loud'"),
        ("CALLWRIGHT_TURN", "nne", "CALLWRIGHT_TURN: there is no turn 'nne'; did you mean none? known: none, "),
        ("CALLWRIGHT_LOOPBACK_EARS", "big", "CALLWRIGHT_LOOPBACK_EARS: there is no transcriber 'big'"),
        ("CALLWRIGHT_LOCAL_MODEL", "qwen", "CALLWRIGHT_LOCAL_MODEL: there is no local language model 'qwen'"),
        (
            "CALLWRIGHT_LOCAL_MODEL",
            "silero-vad",
            "CALLWRIGHT_LOCAL_MODEL: there is no local language model 'silero-vad'",
        ),
        ("CALLWRIGHT_LOCAL_MODEL_PATHS", "qwen=/a", "CALLWRIGHT_LOCAL_MODEL_PATHS: there is no local model 'qwen'"),
        ("CALLWRIGHT_SCENARIO", "missing.json", "CALLWRIGHT_SCENARIO: missing.json cannot be read: No such file"),
        ("CALLWRIGHT_AMBIENT", "/proc/callwright", "CALLWRIGHT_AMBIENT: /proc/callwright is no folder"),
        ("CALLWRIGHT_WEBHOOK_SECRET", "whsec_!", "CALLWRIGHT_WEBHOOK_SECRET: what follows whsec_ must be base64"),
    ],
)
def test_a_wrong_setting_is_refused_before_the_database_starts(
    variable: str,
    value: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(variable, value)
    assert main(["serve"]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"callwright: {said}")
    assert not (tmp_path / "data" / "postgres").exists()


def test_a_broken_scenario_file_is_refused_by_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "callers.json"
    file.write_text(json.dumps({"personas": {"ann": {"extnds": "demo"}}}))
    monkeypatch.setenv("CALLWRIGHT_SCENARIO", str(file))
    assert main(["serve"]) == 1
    assert f"CALLWRIGHT_SCENARIO: {file}: scenario: personas.ann.extnds" in capsys.readouterr().err


def a_file(folder: Path) -> Path:
    (folder / "file").write_text("x")
    return folder / "file"


@pytest.mark.parametrize(
    ("place", "why"),
    [
        (a_file, "file is a file"),
        (lambda folder: a_file(folder) / "below", "cannot be made (Not a directory)"),
        (lambda _: Path("/proc/callwright"), "cannot be made (No such file or directory)"),
    ],
)
def test_a_data_folder_that_cannot_be_used_is_one_sentence(
    place: Callable[[Path], Path], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = place(tmp_path)
    assert main(["serve", "--data", str(data)]) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith(f"callwright: CALLWRIGHT_DATA: {data} cannot be the data folder: ")
    assert told[0].endswith(why)
    assert len(told) == 2


def test_a_port_that_is_taken_is_told_with_what_to_choose(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listening: AbstractContextManager[socket.socket] = closing(taken_port())
    with listening as other:
        port = other.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"callwright: cannot listen on 127.0.0.1:{port}: Address already in use",
        "Choose another with --port and --host (CALLWRIGHT_PORT, CALLWRIGHT_HOST), or stop the process that has it.",
    ]
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "command",
    [
        "keys create --name first",
        "keys list",
        "keys rotate-master",
        "accounts list",
        "violations list",
        "webhooks list",
        "extract 00000000-0000-4000-8000-000000000009",
        "doctor 00000000-0000-4000-8000-000000000009",
        "backup new.tar",
        "chat 00000000-0000-4000-8000-000000000009",
    ],
)
def test_a_command_makes_no_database_where_there_is_none(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CALLWRIGHT_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    assert main(command.split()) in (1, 2)
    told = capsys.readouterr().err
    assert f"there is no database in {tmp_path / 'data'}, and DATABASE_URL names none" in told
    assert "--data" in told
    assert "CALLWRIGHT_DATA" in told
    assert "`callwright serve` makes a new one" in told
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("command", ["keys create --name first", "keys list", "providers", "backup new.tar"])
def test_a_command_says_that_a_file_has_no_database(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").write_text("no folder")
    assert main([*command.split(), "--data", str(tmp_path / "data")]) in (1, 2)
    told = capsys.readouterr().err.splitlines()
    assert told[0] == f"callwright: there is no database in {tmp_path / 'data'}, and DATABASE_URL names none"
    assert len(told) == 2


def test_the_version_has_a_short_option_and_help_shows_the_data_folder(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, shown in ((["-V"], "callwright 0."), (["keys", "create", "--help"], "--data DATA")):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 0
        assert shown in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(_first_start())
    file = tmp_path / "b.tar"
    assert main(["backup", "/proc/b.tar"]) == 1
    assert "The folder /proc cannot be written: " in capsys.readouterr().err
    assert main(["backup", str(file)]) == 0
    capsys.readouterr()
    assert main(["restore", str(file), "--data", "/proc/callwright/data"]) == 1
    assert capsys.readouterr().err.startswith("callwright: /proc/callwright/data cannot be made: ")
    monkeypatch.setenv("CALLWRIGHT_MODELS", "/proc/callwright")
    assert main(["models", "install", "silero-vad"]) == 1
    assert "CALLWRIGHT_MODELS: /proc/callwright cannot be the folder of models: " in capsys.readouterr().err


def test_hints_for_a_client_of_the_api_are_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(_first_start())
    file = tmp_path / "b.tar"
    file.touch()
    assert main(["backup", str(file)]) == 1
    assert capsys.readouterr().err.splitlines() == [f"callwright: {file} exists already: name a new file."]
    assert main(["violations", "create", "--note", "loud"]) == 0
    violation_id = capsys.readouterr().out.strip()
    assert main(["violations", "accept", violation_id]) == 0
    capsys.readouterr()
    assert main(["violations", "reject", violation_id]) == 1
    assert "Read the execution" not in capsys.readouterr().err


async def _first_start() -> None:
    async with open_foundation(load_settings(os.environ), may_make=True):
        pass
