"""Numbers as they stand in lists: national, written for people, damaged by spreadsheets."""

from __future__ import annotations

import pytest

from callwright.domain.errors import InvalidNumberError
from callwright.domain.national_number import is_country
from callwright.platform.batches.rules.listed_number import AS_TEXT, WITH_COUNTRY, listed_destination


def number(cell: str, country: str | None = None) -> str:
    return listed_destination(cell, what="contact_number", country=country).value


def refusal(cell: str, country: str | None = None) -> InvalidNumberError:
    with pytest.raises(InvalidNumberError) as refused:
        listed_destination(cell, what="Phone", country=country)
    assert refused.value.message.startswith("Phone ")
    assert refused.value.field == "Phone"
    return refused.value


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("+15550123", "+15550123"),
        ("'+15550123", "+15550123"),
        ('="+15550123"', "+15550123"),
        ('="+49 (0)30 901820"', "+4930901820"),
        ("\u2019+1 (555) 0123", "+15550123"),
        ("\u202a+49\u00a030\u2011901820\u202c", "+4930901820"),
        ("+49 (0)30 901820", "+4930901820"),
        ("+250 (0)788 123 456", "+250788123456"),
        ("+49 ( 0 ) 30/901820", "+4930901820"),
        ("+49 30/901820", "+4930901820"),
        ("+39 (0)6 69812345", "+390669812345"),
        ("+49 030 901820", "+4930901820"),
        ("+4901711234567", "+491711234567"),
        ("'+44 020-7946 0018", "+442079460018"),
        ("+39 06 69812345", "+390669812345"),
        ("+30 210 1234567", "+302101234567"),
        ("+380 050 123 4567", "+380501234567"),
        ("+40 021 234 5678", "+40212345678"),
        ("+370 8 612 34567", "+370861234567"),
        ("+1 0205550123", "+10205550123"),
        ("+15550123.0", "+15550123"),
        ("+15550123,00", "+15550123"),
        ("SIP:ada@phone.example", "sip:ada@phone.example"),
        ("loopback:demo", "loopback:demo"),
    ],
)
def test_what_names_its_country_needs_none(cell: str, value: str) -> None:
    assert number(cell) == value
    assert number(cell, "US") == value


@pytest.mark.parametrize(
    ("cell", "country", "value"),
    [
        ("030 901820", "DE", "+4930901820"),
        ("(030) 90 18 20", "DE", "+4930901820"),
        ("030/901820", "DE", "+4930901820"),
        ("0171 1234567", "DE", "+491711234567"),
        ("1711234567", "DE", "+491711234567"),
        ("1711234567.0", "DE", "+491711234567"),
        ("0049 171 1234567", "DE", "+491711234567"),
        ("0033 1 42 68 53 00", "DE", "+33142685300"),
        ("98765 43210", "IN", "+919876543210"),
        ("098765-43210", "IN", "+919876543210"),
        ("919876543210", "IN", "+919876543210"),
        ("(415) 555-2671", "US", "+14155552671"),
        ("1-415-555-2671", "US", "+14155552671"),
        ("011 49 30 901820", "US", "+4930901820"),
        ("06 69812345", "IT", "+390669812345"),
        ("020 7946 0018", "GB", "+442079460018"),
    ],
)
def test_national_numbers_are_read_as_their_country_writes_them(cell: str, country: str, value: str) -> None:
    assert number(cell, country) == value


@pytest.mark.parametrize("cell", ["9.19E+11", "9,19E+11", "9.19876543210E+11", "4.9E11", "919E+9", "'9.19e+11"])
@pytest.mark.parametrize("country", [None, "IN"])
def test_an_exponent_has_lost_digits(cell: str, country: str | None) -> None:
    error = refusal(cell, country)
    assert "its last digits are lost" in error.message
    assert error.hint == AS_TEXT


@pytest.mark.parametrize("cell", ["919876543210", "030 901820", "0049 30 901820", "12345"])
def test_a_number_without_a_country_is_not_guessed(cell: str) -> None:
    error = refusal(cell)
    assert "is not a valid phone number" in error.message
    assert error.hint == WITH_COUNTRY


@pytest.mark.parametrize(
    ("cell", "country"),
    [
        ("12345", "US"),
        ("4930901820", "US"),
        ("030 901820 / 030 901821", "DE"),
        ("+49 (0)1", None),
        ("+44 (0)7700 90012", None),
        ("+229 (0)97 12 34 56", None),
        ("6 69812345", "IT"),
        ("9876543210 9876543211", "IN"),
    ],
)
def test_a_number_that_a_country_does_not_have_is_refused(cell: str, country: str | None) -> None:
    assert "is not a valid phone number" in refusal(cell, country).message


def test_a_number_that_may_have_lost_its_plus_is_refused() -> None:
    error = refusal("491711234567", "DE")
    assert "may be +491711234567 or +49491711234567" in error.message
    assert "with a plus" in error.hint


@pytest.mark.parametrize("cell", ["112", "911", "0112", "+49112", "1 1 0", "999"])
@pytest.mark.parametrize("country", [None, "DE", "US", "GB", "IN"])
def test_an_emergency_number_is_refused_in_every_form(cell: str, country: str | None) -> None:
    assert "is an emergency number" in refusal(cell, country).message


@pytest.mark.parametrize(
    "cell", ["call me", "1-800-FLOWERS", "030 901820 ext. 7", "030901820;030901821", "#31#030901820"]
)
def test_words_and_codes_are_no_numbers(cell: str) -> None:
    assert "is not a valid phone number" in refusal(cell, "US").message


def test_countries_are_those_with_a_number_plan() -> None:
    assert [is_country(code) for code in ("DE", "IN", "GB", "UK", "de", "", "EU")] == [True] * 3 + [False] * 4
