"""``python -m proof golden``: checks traces and makes them anew, saying what changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from proof.golden import UNDECLARED

from callwright.domain.errors import BadInputError
from callwright.lab.packed_log import pack, unpack
from proof import golden_command as golden

SCENARIO = "scenario-voicemail"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of three traces, as if there were one scenario."""
    monkeypatch.setattr(golden, "scenario_traces", lambda: [SCENARIO])
    for name in ("conversation-00006", "call-00003", SCENARIO):
        (tmp_path / f"{name}.log.xz").write_bytes(pack(golden.made(name)))
    return tmp_path


def test_traces_as_they_are_made_today_replay(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert golden.main(["--folder", str(folder)]) == 0
    assert capsys.readouterr().out == "3 golden traces, 0 not replayed exactly\n"


def test_a_changed_behaviour_fails_the_check_and_is_made_anew_by_a_core_with_another_version(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "conversation-00006.log.xz"
    recorded = unpack(path.read_bytes())
    assert '"type":"StartRecording"' in recorded, "choose a conversation in which somebody answers"
    changed = recorded.replace('"type":"StartRecording"', '"type":"StopRecording"')
    path.write_bytes(pack(changed))
    assert golden.main(["--folder", str(folder)]) == 1
    assert "conversation-00006: first difference at entry" in capsys.readouterr().out
    assert golden.main(["--folder", str(folder), "--write"]) == 1
    told = capsys.readouterr().out
    assert UNDECLARED in told
    assert told.endswith("0 written, 1 left as they were\n")
    assert unpack(path.read_bytes()) == changed
    path.write_bytes(pack(changed.replace('"core":', '"core":9')))
    assert golden.main(["--folder", str(folder), "--write"]) == 0
    told = capsys.readouterr().out
    assert "conversation-00006: first difference at entry" in told
    assert told.endswith("1 written\n")
    assert unpack(path.read_bytes()) == recorded


@pytest.mark.parametrize("held", [slice(0, 200), slice(0, 0)])
def test_a_trace_that_cannot_be_read_is_told_beside_the_others_and_made_anew(
    held: slice, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "call-00003.log.xz"
    whole = path.read_bytes()
    path.write_bytes(whole[held])
    assert golden.main(["--folder", str(folder)]) == 1
    told = capsys.readouterr().out
    assert "call-00003: not a packed log: " in told
    assert told.endswith("3 golden traces, 1 not replayed exactly\n")
    assert golden.main(["--folder", str(folder), "--write"]) == 0
    assert capsys.readouterr().out.endswith("1 written\n")
    assert path.read_bytes() == whole


@pytest.mark.parametrize("text", ["no log\n", "\n[]\n", '{"log":1}\n{"seq":"x"}\n'])
def test_a_trace_whose_lines_are_no_log_is_told_and_made_anew(
    text: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "conversation-00006.log.xz"
    path.write_bytes(pack(text))
    assert golden.main(["--folder", str(folder)]) == 1
    assert capsys.readouterr().out.endswith("3 golden traces, 1 not replayed exactly\n")
    assert golden.main(["--folder", str(folder), "--write"]) == 0
    told = capsys.readouterr().out
    assert "conversation-00006: what was there cannot be read: " in told
    assert told.endswith("1 written\n")


def test_the_chosen_replace_what_was_there(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(golden, "CANDIDATES", {"conversation": 4, "call": 2})
    assert golden.main(["--folder", str(folder), "--write", "--choose", "3"]) == 0
    kept = sorted(path.name for path in folder.iterdir())
    assert len(kept) == 4, "three that were chosen, and the scenario's"
    assert f"{SCENARIO}.log.xz" in kept
    assert "conversation-00006: taken out" in capsys.readouterr().out


def test_a_scenario_without_a_trace_fails_the_check_and_gets_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / f"{SCENARIO}.log.xz"
    before = path.read_bytes()
    path.rename(folder / "scenario-gone.log.xz")
    assert golden.main(["--folder", str(folder)]) == 1
    told = capsys.readouterr().out
    assert "scenario-gone: there is no such scenario any more\n" in told
    assert f"{SCENARIO}: this scenario has no trace yet\n" in told
    assert told.endswith("3 golden traces, 0 not replayed exactly; 2 missing, or of no scenario\n")
    assert golden.main(["--folder", str(folder), "--write"]) == 0
    told = capsys.readouterr().out
    assert "scenario-gone: taken out\n" in told
    assert f"{SCENARIO}: new\n" in told
    assert path.read_bytes() == before
    assert golden.main(["--folder", str(folder)]) == 0


def test_a_scenario_is_recorded_with_the_same_bytes_wherever_that_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = golden.made(SCENARIO)
    monkeypatch.chdir(tmp_path)
    for name, value in (("HOME", str(tmp_path)), ("TZ", "Asia/Kolkata"), ("CALLWRIGHT_DATA", str(tmp_path))):
        monkeypatch.setenv(name, value)
    assert golden.made(SCENARIO) == here


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="make some with --write --choose"):
        golden.main(["--folder", str(tmp_path)])
    with pytest.raises(BadInputError, match="needs --write"):
        golden.main(["--folder", str(tmp_path), "--choose", "3"])
    for name in ("call-x", "scenario-nobody", "menu-00001"):
        with pytest.raises(BadInputError, match="conversation or call and a seed"):
            golden.made(name)
