"""The share of mutants that tests notice: which are drawn, and what counts as noticed. mutmut itself is not run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import mutate

CODES = {"a__mutmut_1": 1, "a__mutmut_2": 0, "b__mutmut_1": 33, "b__mutmut_2": 36}
"""Killed, survived, without a test, and stopped because it never came to an end."""


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which mutmut has found four mutants, and runs those that it is given."""
    meta = tmp_path / "mutants" / "src" / "core.py.meta"
    meta.parent.mkdir(parents=True)

    def run(*names: str) -> str:
        codes = {name: CODES[name] if name in names else None for name in CODES}
        meta.write_text(json.dumps({"exit_code_by_key": codes}))
        return "printed by mutmut"

    monkeypatch.setattr(mutate, "WORK", tmp_path)
    monkeypatch.setattr(mutate, "copy_checkout", lambda: None)
    monkeypatch.setattr(mutate, "mutmut", run)
    return tmp_path


def shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *given: str) -> list[str]:
    monkeypatch.setattr("sys.argv", ["mutate.py", *given])
    assert mutate.main() == 0
    return capsys.readouterr().out.splitlines()


def test_survivors_are_named_and_the_share_is_the_last_line(
    work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shown(monkeypatch, capsys) == [
        "survived  a__mutmut_2",
        "untested  b__mutmut_1",
        "killed 2 of 4 (50%), drawn from 4, seed 1",
    ]


def test_the_seed_draws_the_sample(
    work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = {tuple(shown(monkeypatch, capsys, "--sample", "2", "--seed", str(seed))[:-1]) for seed in (1, 1, 1)}
    others = {tuple(shown(monkeypatch, capsys, "--sample", "2", "--seed", str(seed))[:-1]) for seed in range(9)}
    assert len(drawn) == 1
    assert len(others) > 1


def test_mutmut_that_cannot_run_is_an_error_with_what_it_printed(
    work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["mutate.py"])
    monkeypatch.setattr(mutate, "mutmut", lambda *names: "no module named mutmut")
    assert mutate.main() == 1
    assert "no module named mutmut" in capsys.readouterr().err
