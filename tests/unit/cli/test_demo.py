"""The demo's exit status: a newcomer's script must not take a call that was never answered for a success."""

from __future__ import annotations

import argparse
import io
import shlex
from pathlib import Path

import pytest

from callwright.cli.demo import judged, look_again
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


def test_who_was_not_reached_is_told_why() -> None:
    out = io.StringIO()
    judged("no-answer", "demo", out)
    assert "are ready" in out.getvalue()
    assert "again" in out.getvalue()


def test_the_commands_that_read_the_call_afterwards_look_where_it_lies() -> None:
    data = Path("my data/demo")
    for line, configure in zip(look_again("e1", data), (doctor_arguments, replay_arguments), strict=True):
        parser = argparse.ArgumentParser()
        configure(parser)
        read = parser.parse_args(shlex.split(line.partition("callwright ")[2])[1:])
        assert (read.call, read.data) == ("e1", data)
