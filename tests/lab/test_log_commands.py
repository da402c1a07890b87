"""``callwright replay`` and ``callwright doctor`` at a command line: how a call is named, what they return, and what they say then."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from callwright.cli import main
from callwright.conversation.plan import CORE_VERSION
from callwright.lab.packed_log import unpack

TRACE = Path(__file__).resolve().parents[1] / "golden" / "scenario-slow-speller.log.xz"
BOTH = pytest.mark.parametrize("command", ["replay", "doctor"])


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The log of a whole call."""
    file = tmp_path / "call.log"
    file.write_text(unpack(TRACE.read_bytes()))
    return file


@BOTH
def test_a_golden_trace_is_named_as_it_is(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, str(TRACE)]) == 0
    told = capsys.readouterr().out
    assert ("the same: " if command == "replay" else "findings: 0") in told
    assert "not whole" not in told


@BOTH
def test_a_packed_file_that_is_no_golden_trace_is_refused(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "g.log.xz").write_bytes(TRACE.read_bytes()[:200])
    assert main([command, str(tmp_path / "g.log.xz")]) == 2
    assert "is not a call log this version can read: not a packed log" in capsys.readouterr().err


def test_a_replay_that_did_the_same_says_so(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(log)]) == 0
    assert re.fullmatch(r"the same: \d+ events gave the same \d+ effects\n", capsys.readouterr().out)


def test_a_replay_that_did_otherwise_does_not(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.write_text(log.read_text().replace('"type":"StartRecording"', '"type":"StopRecording"'))
    assert main(["replay", str(log)]) == 1
    told = capsys.readouterr().out
    assert "first difference at entry" in told
    assert "the same" not in told


@pytest.mark.parametrize("number", ["99", '"x"', "null", "true"])
@pytest.mark.parametrize("more", [["doctor"], ["replay"], ["replay", "--from-turn", "0", "--model", "recorded"]])
def test_a_log_of_another_format_is_refused(
    more: list[str], number: str, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log.write_text(log.read_text().replace('"log":1,', f'"log":{number},', 1))
    assert main([more[0], str(log), *more[1:]]) == 2
    told = capsys.readouterr()
    assert "is not a call log this version can read: it has log format " in told.err
    assert told.out == ""


@pytest.mark.parametrize("direction", ['"zzz"', "null", "[]"])
@pytest.mark.parametrize("more", [["doctor"], ["replay"], ["replay", "--from-turn", "0", "--model", "recorded"]])
def test_an_entry_that_goes_no_known_way_is_refused(
    more: list[str], direction: str, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log.write_text(log.read_text().replace('"dir":"out"', f'"dir":{direction}', 1))
    assert main([more[0], str(log), *more[1:]]) == 2
    assert ": unknown direction " in capsys.readouterr().err


def test_a_log_that_another_core_wrote_is_told_by_both_versions(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.write_text(re.sub(r'"core":\d+', '"core":3', log.read_text(), count=1))
    assert main(["replay", str(log)]) == 0
    assert f"; written by core version 3, this is {CORE_VERSION}\n" in capsys.readouterr().out


def test_a_replay_of_a_log_with_a_hole_is_not_the_same(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.write_text("".join(one for one in log.read_text().splitlines(keepends=True) if "vad_track" not in one))
    assert main(["replay", str(log)]) == 1
    told = capsys.readouterr().out
    assert re.match(r"\d+ events gave the same \d+ effects\nthe log is not whole: entry \d+ missing\n", told)
    assert "name the .log.xz itself" in told


@BOTH
def test_a_log_with_the_line_ends_of_another_system_is_read(
    command: str, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log.write_bytes(log.read_bytes().replace(b"\n", b"\r\n"))
    assert main([command, str(log)]) == 0


@BOTH
def test_hints_are_for_somebody_at_a_command_line(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CALLWRIGHT_DATA", str(tmp_path))
    for call in ("missing.log", "mistyped"):
        assert main([command, call]) == 2
        hint = capsys.readouterr().err.splitlines()[1]
        assert f"`callwright {command} --help`" in hint
        assert "request" not in hint
        assert "key" not in hint


@BOTH
def test_the_exit_statuses_are_in_the_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert "Exit status: 0 the" in capsys.readouterr().out


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_a_log_the_doctor_cannot_make_sense_of_was_not_examined(
    flags: list[str], log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log.write_text(re.sub(r'("type":"ActivityEnded","v":\{"audio_ms":)\d+', r'\1"late"', log.read_text()))
    assert main(["doctor", str(log), *flags]) == 2
    told = capsys.readouterr().out
    assert "failed" in json.loads(told) if flags else "could not be examined" in told


def test_the_doctor_does_not_say_why_a_log_has_no_end(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = log.read_text().splitlines(keepends=True)
    ended = next(number for number, line in enumerate(lines) if '"type":"LegEnded"' in line)
    log.write_text("".join(lines[:ended]))
    assert main(["doctor", str(log)]) == 0
    told = capsys.readouterr().out
    assert "no end of the call is in it" in told
    assert "the call still goes on, or" in told
