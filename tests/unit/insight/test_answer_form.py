"""Answers brought into their form, and left alone where that would be a guess."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from callwright.insight.answer_form import in_form

WEDNESDAY = datetime(2026, 11, 25, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "said", "meant"),
    [
        ("numeric", "90", "90"),
        ("numeric", "ninety dollars", "90"),
        ("numeric", "$1,200.50", "1200.50"),
        ("numeric", "about 3 or 4", "about 3 or 4"),
        ("numeric", "twenty or thirty", "twenty or thirty"),
        ("numeric", "many", "many"),
        ("boolean", "Yes.", "true"),
        ("boolean", "no", "false"),
        ("boolean", "perhaps", "perhaps"),
        ("email", "ann at example dot org", "ann@example.org"),
        ("email", "<ann@example.org>.", "ann@example.org"),
        ("email", "she has none", "she has none"),
        ("timestamp", "2026-11-27", "2026-11-27"),
        ("timestamp", "Friday, 2026-11-27 at three in the afternoon", "2026-11-27T15:00"),
        ("timestamp", "Friday at 10 in the morning", "2026-11-27T10:00"),
        ("timestamp", "2026-11-27 at 15:30", "2026-11-27T15:30"),
        ("timestamp", "Tuesday", "2026-12-01"),
        ("timestamp", "in two hours", "2026-11-25T12:30"),
        ("timestamp", "on 2026-11-27 at three", "on 2026-11-27 at three"),
        ("timestamp", "2026-11-27 or 2026-11-28", "2026-11-27 or 2026-11-28"),
        ("timestamp", "2026-13-27, in the evening", "2026-13-27, in the evening"),
        ("timestamp", "at 15:30", "at 15:30"),
        ("timestamp", "some day", "some day"),
        ("text", "Anything at all.", "Anything at all."),
        ("regex", "AB 12", "AB 12"),
    ],
)
def test_an_answer_gets_its_form_where_there_is_no_doubt(kind: str, said: str, meant: str) -> None:
    assert in_form(kind, said, WEDNESDAY) == meant
