"""Lists of contacts: CSV as it comes from spreadsheets and programs, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from itertools import islice

import pytest

from callwright.domain.batch import RefusedRow
from callwright.domain.contact_list import ListedContact, Row, read_contacts
from callwright.domain.errors import BadInputError, TooLargeError
from callwright.domain.limits import (
    MAX_BATCH_COLUMNS,
    MAX_BATCH_CONTACTS,
    MAX_BATCH_ROW_BYTES,
    MAX_NAME_CHARACTERS,
    MAX_USER_DATA_BYTES,
)
from callwright.domain.number import E164, SIP, Destination


def everybody(destination: Destination, variables: Mapping[str, str]) -> None:
    """Everybody can be called."""


def rows(text: str | bytes) -> list[Row]:
    raw = text.encode() if isinstance(text, str) else text
    return list(read_contacts(BytesIO(raw), everybody))


def contacts(text: str | bytes) -> list[tuple[int, str, dict[str, str]]]:
    return [
        (row.line, row.destination.value, dict(row.variables)) for row in rows(text) if isinstance(row, ListedContact)
    ]


def refused(text: str | bytes) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in rows(text) if isinstance(row, RefusedRow)]


def test_other_columns_are_variables_unchanged() -> None:
    assert contacts("contact_number,name,note\n+15550123, Ada ,0042\n") == [
        (2, "+15550123", {"name": " Ada ", "note": "0042"})
    ]


def test_quotes_commas_and_line_ends_within_a_cell_are_part_of_it() -> None:
    text = 'contact_number,note\r\n+15550123,"said ""hi"", then\r\nleft"\r\n+15550124,x\r\n'
    assert contacts(text) == [(2, "+15550123", {"note": 'said "hi", then\r\nleft'}), (4, "+15550124", {"note": "x"})]


def test_a_mark_and_empty_lines_are_not_content() -> None:
    assert contacts("\ufeffcontact_number,name\n\n+15550123,Ada\n,\n\n+15550124,Bea") == [
        (3, "+15550123", {"name": "Ada"}),
        (6, "+15550124", {"name": "Bea"}),
    ]


@pytest.mark.parametrize("header", ['"contact_number" ,name', 'contact_number,"name"  ', '"contact_number" ;"name" '])
def test_blanks_behind_the_quotes_of_a_header_are_no_part_of_its_names(header: str) -> None:
    delimiter = ";" if ";" in header else ","
    assert contacts(f"{header}\n+15550123{delimiter}Ada\n") == [(2, "+15550123", {"name": "Ada"})]


@pytest.mark.parametrize(
    "header", ["contact_number", "Contact Number", " CONTACT-NUMBER ", "phone_number", "recipient_phone_number"]
)
def test_the_number_column_is_found_however_it_is_spelt(header: str) -> None:
    assert contacts(f"name,{header}\nAda,+15550123\n") == [(2, "+15550123", {"name": "Ada"})]


def test_contact_number_comes_before_other_names() -> None:
    assert contacts("phone_number,contact_number\n+15550000,+15550123\n") == [
        (2, "+15550123", {"phone_number": "+15550000"})
    ]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_spreadsheet_of_another_country_is_read(delimiter: str) -> None:
    text = f"contact_number{delimiter}name\n+15550123{delimiter}Ada, Lady\n"
    assert contacts(text) == [(2, "+15550123", {"name": "Ada, Lady"})]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_line_end_within_a_columns_name_is_part_of_it(delimiter: str) -> None:
    text = f'"note\r\n+15550199"{delimiter}contact_number\r\nhello{delimiter}+15550123\r\n'
    assert rows(text) == [ListedContact(3, Destination(E164, "+15550123"), {"note\r\n+15550199": "hello"})]


def test_a_semicolon_or_a_comma_within_a_quoted_name_does_not_part_columns() -> None:
    assert contacts('"a;contact_number",contact_number\nx,+15550123\n') == [(2, "+15550123", {"a;contact_number": "x"})]
    assert contacts('"a,contact_number";contact_number\nx;+15550123\n') == [(2, "+15550123", {"a,contact_number": "x"})]


def test_an_apostrophe_of_the_spreadsheet_is_taken_off() -> None:
    assert contacts("contact_number\n'+15550123\n")[0][1] == "+15550123"


def test_a_short_row_has_empty_variables_and_a_column_without_a_name_none() -> None:
    assert contacts("contact_number,,name,city\n+15550123,x,Ada\n") == [(2, "+15550123", {"name": "Ada", "city": ""})]
    assert contacts("contact_number,name\n+15550123,Ada,,\n") == [(2, "+15550123", {"name": "Ada"})]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",Ada", "contact_number is empty"),
        ("15550123,Ada", "contact_number is not a valid phone number"),
        ("112,Ada", "contact_number is an emergency number"),
        ("+15550123,Ada,more", "the row has 3 cells, the header 2 columns"),
        ("+15550123,A\x00a", "name holds a NUL"),
        (f"+15550123,{'x' * MAX_USER_DATA_BYTES}", "bytes of JSON; at most"),
    ],
)
def test_a_row_that_cannot_be_called_is_refused_by_itself(row: str, reason: str) -> None:
    text = f"contact_number,name\n+15550100,Ann\n{row}\n+15550101,Ben\n"
    assert [line for line, _, _ in contacts(text)] == [2, 4]
    [(line, found)] = refused(text)
    assert (line, reason in found) == (3, True)


def test_variables_may_be_as_large_as_those_of_a_single_call() -> None:
    frame = len('{"name":""}')
    assert contacts(f"contact_number,name\n+15550123,{'x' * (MAX_USER_DATA_BYTES - frame)}\n")
    assert not contacts(f"contact_number,name\n+15550123,{'x' * (MAX_USER_DATA_BYTES - frame + 1)}\n")


def test_an_address_nobody_can_call_is_refused_with_the_reason_of_the_check() -> None:
    def no_sip(destination: Destination, variables: Mapping[str, str]) -> None:
        if destination.kind == SIP:
            raise BadInputError("no SIP here")

    found = list(read_contacts([b"contact_number\n", b"sip:a@b.example\n", b"+15550123\n"], no_sip))
    assert found[0] == RefusedRow(2, "no SIP here")
    assert isinstance(found[1], ListedContact)


def test_whether_a_row_can_be_called_may_depend_on_its_variables():
    def named_only(destination: Destination, variables: Mapping[str, str]) -> None:
        if not variables["persona"]:
            raise BadInputError(f"{destination.value} has no persona")

    found = list(read_contacts([b"contact_number,persona\n", b"loopback:x,busy\n", b"loopback:y\n"], named_only))
    assert isinstance(found[0], ListedContact)
    assert found[1] == RefusedRow(3, "loopback:y has no persona")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: the header needs a column contact_number; it has nothing"),
        ("name,city\n", "it has name, city"),
        ("contact_number,a,a\n", "two columns 'a'"),
        (f"contact_number,{'x' * (MAX_NAME_CHARACTERS + 1)}\n", "a column's name must be at most"),
        ("contact_number" + ",a" * MAX_BATCH_COLUMNS + "\n", f"has {MAX_BATCH_COLUMNS + 1} columns"),
        ('contact_number,name\n+15550123,"Ada\n+15550124,Bea\n', "line 2: the row that begins here is not CSV"),
        ("contact_number\ra\r", "line 1: the header is not CSV"),
        ('contact_number,"name\n+15550123,Ada\n', "line 1: the header is not CSV"),
        ('contact_number,"name"s\n+15550123,Ada\n', "line 1: the header is not CSV"),
        (b"contact_number\n\xff\n", "line 2: this is not UTF-8"),
        ("contact_number\n".encode("utf-16-be"), "without NUL"),
        (b"\xff\xfec\x00\n", "line 1: the file is UTF-16"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(text: str | bytes, message: str) -> None:
    with pytest.raises(BadInputError) as raised:
        rows(text)
    assert message in raised.value.message
    assert raised.value.field == "file"


def test_a_line_and_a_list_have_limits() -> None:
    long = b"+15550123," + b"x" * MAX_BATCH_ROW_BYTES + b"\n"
    with pytest.raises(TooLargeError, match="line 2: the line is longer"):
        list(read_contacts([b"contact_number,name\n", long], everybody))
    rows = read_contacts([b"contact_number\n", *[b"x\n"] * (MAX_BATCH_CONTACTS + 1)], everybody)
    assert sum(1 for _ in islice(rows, MAX_BATCH_CONTACTS)) == MAX_BATCH_CONTACTS
    with pytest.raises(TooLargeError, match="split it"):
        next(rows)
