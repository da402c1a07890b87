"""The guide to simulated calls does what it says: its commands copy what a scenario needs, and its example passes as it is printed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from callwright.bootstrap.simulated_calls import scenarios_in, shipped
from callwright.cli import main

ROOT = Path(__file__).resolve().parents[2]
CHAPTER = (ROOT / "docs/how-to/simulate.md").read_text(encoding="utf-8").partition("### A scenario file\n")[2]


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the page's command to copy was given, as if it were that of the project."""
    (tmp_path / "src").symlink_to(ROOT / "src")
    monkeypatch.chdir(tmp_path)
    subprocess.run(commands()[0], shell=True, check=True)
    return tmp_path / "my-scenarios"


def commands() -> list[str]:
    """The lines of the chapter's first shell block."""
    block = re.search(r"```sh\n(.*?)```", CHAPTER, re.DOTALL)
    assert block is not None
    return block[1].splitlines()


def test_what_the_page_copies_is_whole_and_runs(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [one.name for one in scenarios_in(copied)] == [one.name for one in shipped()]
    program, *arguments = commands()[1].split()
    assert program == "callwright"
    assert main(arguments) == 0
    assert capsys.readouterr().out.startswith("pass ")


def test_the_example_passes_as_it_is_printed(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = re.search(r"written into `(.*?)`.*?```json\n(.*?)```", CHAPTER, re.DOTALL)
    assert printed is not None
    path, example = printed.groups()
    Path(path).write_text(example)
    assert main(["simulate", path]) == 0, capsys.readouterr().out
