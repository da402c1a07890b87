"""Reading files of contacts."""

from __future__ import annotations

import pytest

from callwright.domain.errors import BadInputError
from callwright.domain.limits import MAX_CONTACT_COLUMNS, MAX_CONTACTS, MAX_NUMBER_CHARACTERS
from callwright.platform.contact_files.rules import find_contact, read_contact_file, read_contacts

FILE = (
    '\ufeffcontact_number,name,note\r\n+15550123, Ann ,"two\nlines, quoted"\r\n\r\n,nobody,\r\n'
    "+15550124,Bob\r\n+15550123,Ann again,x\r\n"
)


def test_rows_are_found_by_their_number_and_the_first_counts() -> None:
    found = read_contacts(FILE)
    assert found.columns == ("contact_number", "name", "note")
    assert found.by_number == {
        "+15550123": {"contact_number": "+15550123", "name": "Ann", "note": "two\nlines, quoted"},
        "+15550124": {"contact_number": "+15550124", "name": "Bob"},
    }


def test_one_row_is_found_without_keeping_the_others() -> None:
    assert find_contact(FILE, "+15550124") == {"contact_number": "+15550124", "name": "Bob"}
    assert find_contact(FILE, "15550124") is None


def test_a_line_end_within_a_columns_name_is_part_of_it() -> None:
    text = 'contact_number,"note\n(optional)"\n+15550123,hello\n'
    assert read_contacts(text).by_number == {"+15550123": {"contact_number": "+15550123", "note\n(optional)": "hello"}}
    assert find_contact(text, "(optional)") is None


def test_the_number_may_be_in_any_column_and_a_row_may_end_before_it() -> None:
    text = "name,,contact_number,note\nCid\n Ann ,x, +15550123 , y ,z\nBob,x,+15550123,again\n"
    assert find_contact(text, "+15550123") == {"name": "Ann", "contact_number": "+15550123", "note": "y"}
    assert find_contact(text, "Cid") is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "contact_number"),
        ("number,name\n", "contact_number"),
        ("contact_number,a,a\n", "same name"),
        ("contact_number," + ",".join(f"c{n}" for n in range(MAX_CONTACT_COLUMNS)), "columns"),
        (f"contact_number\n{'1' * (MAX_NUMBER_CHARACTERS + 1)}\n", "line 2"),
        (f"contact_number,a\n1,{'x' * 140_000}\n", "line 2"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, says: str) -> None:
    with pytest.raises(BadInputError, match=says):
        read_contacts(text)


def test_columns_without_a_name_are_left_out() -> None:
    assert read_contacts("contact_number,,a,\n1,x,y,z\n").by_number == {"1": {"contact_number": "1", "a": "y"}}


def test_as_many_contacts_as_the_limit_and_no_more() -> None:
    text = "contact_number\n" + "\n".join(str(n) for n in range(MAX_CONTACTS))
    assert len(read_contacts(text).by_number) == MAX_CONTACTS
    with pytest.raises(BadInputError, match="split the file"):
        read_contacts(f"{text}\nx\n")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_spreadsheet_of_any_country_is_read_however_it_spells_the_column(separator: str) -> None:
    text = separator.join(("Name", "Contact Number")) + "\r\n" + separator.join(("Ann", "+15550123")) + "\r\n"
    assert read_contacts(text).by_number == {"+15550123": {"Name": "Ann", "contact_number": "+15550123"}}
    assert read_contacts(text).columns == ("Name", "contact_number")
    assert find_contact(text, "+15550123") == {"Name": "Ann", "contact_number": "+15550123"}


def test_the_column_that_is_named_exactly_counts() -> None:
    assert read_contacts("Contact Number,contact_number\n1,2\n").by_number == {
        "2": {"Contact Number": "1", "contact_number": "2"}
    }


def test_a_file_is_read_as_its_text_is() -> None:
    assert read_contact_file(FILE.encode()) == read_contacts(FILE)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("contact_number\n1\n".encode("utf-16"), "line 1: the file is UTF-16"),
        (b"contact_number,name\n1,Ann\n2,Zo\xeb\n", "line 3: this is not UTF-8"),
        (b'contact_number,name\n1,"Ann\n2,Bob\n', "line 2: the row that begins here is not CSV"),
        (b"contact_number,name\n1,A\x00nn\n", "line 2: the row holds a NUL"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(raw: bytes, says: str) -> None:
    with pytest.raises(BadInputError, match=says) as refused:
        read_contact_file(raw)
    assert refused.value.field is None
