"""How numbers are found however they are spelt."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from callwright.platform.phone_numbers.rules import PhoneNumber, dialled_form

THEN = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "dialled"),
    [
        ("+1 (555) 010-0123", "15550100123"),
        ("15550100123", "15550100123"),
        ("sip:+15550100123@host", "15550100123"),
        ("Reception", "reception"),
        ("front-desk.1", "front-desk.1"),
        ("loopback:Desk", "desk"),
        (" 100 ", "100"),
        ("", ""),
    ],
)
def test_a_number_is_found_by_its_digits_and_a_name_in_small_letters(text: str, dialled: str) -> None:
    assert dialled_form(text) == dialled


def test_a_number_knows_what_it_is_found_by() -> None:
    assert PhoneNumber("n", "t", "+91 80 0000", "trunk", "sip-trunk", THEN, THEN).dialled == "91800000"
