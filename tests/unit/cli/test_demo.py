"""The demo's exit status: a newcomer's script must not take a call that was never answered for a success."""

from __future__ import annotations

import argparse
import io
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from callwright.cli import main
from callwright.cli.demo import configure as demo_arguments
from callwright.cli.demo import judged, look_again, program_of
from callwright.cli.doctor import configure as doctor_arguments
from callwright.cli.replay import configure as replay_arguments


@pytest.mark.parametrize(
    ("status", "persona", "code"),
    [
        ("completed", "demo", 0),
        ("no-answer", "no-answer", 0),
        ("busy", "busy", 0),
        ("no-answer", "demo", 1),
        ("no-answer", "machine", 1),
        ("error", "demo", 1),
    ],
)
def test_a_caller_who_was_not_reached_is_a_failure(status: str, persona: str, code: int) -> None:
    assert judged(status, persona, io.StringIO()) == code


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--persona", "bogus"], ("--persona: there is no synthetic caller 'bogus'; known: ", "talkative")),
        (["--line", "jiter=5"], ("--line.jiter: is not known; use ", "demo --help")),
    ],
)
def test_a_wrong_option_is_refused_before_anything_starts(
    given: list[str], told: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--data", str(tmp_path / "data"), *given]) == 1
    out, err = capsys.readouterr()
    assert (out, [text for text in told if text not in err]) == ("", [])
    assert "settings.md" not in err
    assert not (tmp_path / "data").exists()


def test_who_was_not_reached_is_told_why() -> None:
    out = io.StringIO()
    judged("no-answer", "demo", out)
    assert "are ready" in out.getvalue()
    assert "again" in out.getvalue()


def test_the_commands_that_read_the_call_afterwards_look_where_it_lies() -> None:
    data = Path("my data/demo")
    *reading, in_browser = look_again("e1", data)
    for line, configure in zip(reading, (doctor_arguments, replay_arguments), strict=True):
        read = parsed(line, configure)
        assert (read.call, read.data) == ("e1", data)
    # The demo finds its own folder by itself.
    shown = parsed(in_browser, demo_arguments)
    assert (shown.open, shown.data) == ("e1", Path("my data"))


def test_a_call_that_the_browser_shows_already_has_no_command_for_it() -> None:
    assert len(look_again("e1", Path("demo"), shown=True)) == 2


def parsed(line: str, configure: Callable[[argparse.ArgumentParser], None]) -> argparse.Namespace:
    """What a printed command would be run with."""
    parser = argparse.ArgumentParser()
    configure(parser)
    return parser.parse_args(shlex.split(line.partition("callwright ")[2])[1:])


def test_the_commands_that_are_printed_run_where_the_demo_was_started(tmp_path: Path) -> None:
    program = tmp_path / "callwright"
    program.touch(mode=0o755)
    assert program_of(".venv/bin/callwright", str(tmp_path)) == ".venv/bin/callwright"
    assert program_of(str(program), str(tmp_path)) == "callwright"
    assert program_of("src/callwright/__main__.py", str(tmp_path)) == "callwright"
    assert look_again("e1", Path("demo"), program=".venv/bin/callwright")[0].split()[3:5] == [
        ".venv/bin/callwright",
        "doctor",
    ]
