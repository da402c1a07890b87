"""The demo's exit status: a newcomer's script must not take a call that was never answered for a success."""

from __future__ import annotations

import io

import pytest

from callwright.cli.demo import judged


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
