"""What accounts upload: tracks, knowledge bases, answers to violations."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from callwright.domain.errors import BadInputError, WrongStateError
from callwright.domain.limits import MAX_NAME_CHARACTERS
from callwright.platform.ambient_sounds.rules import parse_track_name
from callwright.platform.knowledge_bases.rules import check_pdf
from callwright.platform.violations.rules import ACCEPTED, PENDING, REJECTED, STATUSES, SUBMITTED, Violation, check_step

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "file_name", "kept"),
    [(" Rain ", "x.wav", "Rain"), ("", "rain in pune.mp3", "rain in pune"), ("", "rain", "rain")],
)
def test_a_track_is_named_as_given_or_after_its_file(name: str, file_name: str, kept: str):
    assert parse_track_name(name, file_name) == kept


@pytest.mark.parametrize(
    ("name", "file_name"), [("", ""), ("a\nb", "x.wav"), ("x" * (MAX_NAME_CHARACTERS + 1), "x.wav")]
)
def test_a_track_without_a_name_that_can_be_shown_is_refused(name: str, file_name: str):
    with pytest.raises(BadInputError, match="name must have"):
        parse_track_name(name, file_name)


@pytest.mark.parametrize("beginning", [b"%PDF-1.7\n", b"\xef\xbb\xbf%PDF-1.4", b"junk" * 200 + b"%PDF-2.0"])
def test_a_file_that_begins_as_a_pdf_does_is_taken(beginning: bytes):
    check_pdf(beginning)


@pytest.mark.parametrize("beginning", [b"", b"PK\x03\x04", b"<html>", b"junk" * 300 + b"%PDF-1.7"])
def test_any_other_file_is_no_pdf(beginning: bytes):
    with pytest.raises(BadInputError, match="no PDF"):
        check_pdf(beginning)


def violation(status: str) -> Violation:
    return Violation("v", "t", status, NOW, NOW)


@pytest.mark.parametrize("status", [SUBMITTED, ACCEPTED, REJECTED])
@pytest.mark.parametrize("before", [PENDING, SUBMITTED])
def test_an_open_violation_may_be_answered_and_decided(before: str, status: str):
    check_step(violation(before), status)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("before", [ACCEPTED, REJECTED])
def test_a_decided_violation_stays_as_it_is(before: str, status: str):
    with pytest.raises(WrongStateError, match=before):
        check_step(violation(before), status)
