"""Lists of contacts: CSV as it comes from spreadsheets and programs, row by row."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from itertools import islice
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from callwright.domain.errors import BadInputError, TooLargeError
from callwright.domain.limits import (
    MAX_BATCH_COLUMNS,
    MAX_BATCH_CONTACTS,
    MAX_BATCH_ROW_BYTES,
    MAX_NAME_CHARACTERS,
    MAX_REFUSED_ROW_CHARACTERS,
    MAX_USER_DATA_BYTES,
)
from callwright.domain.number import E164, SIP, Destination
from callwright.insight.csv_table import CsvStyle, csv_bytes
from callwright.platform.batches.rules.batch import RefusedRow
from callwright.platform.batches.rules.contact_list import ContactList, ListedContact, ListRules, Row


def everybody(destination: Destination, variables: Mapping[str, str]) -> None:
    """Everybody can be called."""


def opened(text: str | bytes, **rules: Any) -> ContactList:
    raw = text.encode() if isinstance(text, str) else text
    # Pieces that end within characters and within line ends.
    return ContactList(lambda: (raw[at : at + 7] for at in range(0, len(raw), 7)), ListRules(**rules))


def rows(text: str | bytes, **rules: Any) -> list[Row]:
    return list(opened(text, **rules).rows(everybody))


def contacts(text: str | bytes, **rules: Any) -> list[tuple[int, str, dict[str, str]]]:
    return [
        (row.line, row.destination.value, dict(row.variables))
        for row in rows(text, **rules)
        if isinstance(row, ListedContact)
    ]


def refused(text: str | bytes, **rules: Any) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in rows(text, **rules) if isinstance(row, RefusedRow)]


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


@pytest.mark.parametrize("header", ["Phone", "mobile", " TEL ", "Cell-Phone", "number"])
def test_a_common_name_is_the_number_column_where_no_other_column_is(header: str) -> None:
    assert contacts(f"name,{header}\nAda,+15550123\n") == [(2, "+15550123", {"name": "Ada"})]
    assert contacts(f"{header},phone_number\nx,+15550123\n") == [(2, "+15550123", {header.strip(): "x"})]
    with pytest.raises(BadInputError, match="needs a column contact_number"):
        opened(f"name,{header}\nAda,+15550123\n", strict=True)


@pytest.mark.parametrize(
    "header", ["Telefon", "Rufnummer", "Teléfono", "TELEFONO", "móvil", "Téléphone", "telefone", "फ़ोन", "फोन"]
)
def test_the_number_column_may_be_called_as_in_other_languages(header: str) -> None:
    assert contacts(f"Name;{header};Termin\nAda;+15550123;Mo\n") == [(2, "+15550123", {"Name": "Ada", "Termin": "Mo"})]
    with pytest.raises(BadInputError, match=r"contact_number; it has .*also accepted: .*phone_number"):
        opened(f"Name;{header}sliste;Termin\nAda;+15550123;Mo\n")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_without_a_column_of_numbers_the_columns_found_are_listed(delimiter: str) -> None:
    header = delimiter.join(("Vorname", "Kundennummer", "Termin"))
    with pytest.raises(BadInputError) as refusal:
        opened(f"{header}\nAda{delimiter}7{delimiter}Mo\n")
    assert "it has Vorname, Kundennummer, Termin; also accepted: " in refusal.value.message
    assert "telefon, " in refusal.value.message


def test_two_common_names_are_ambiguous() -> None:
    with pytest.raises(BadInputError, match="the header has Phone and mobile; call the column with the numbers"):
        opened("Phone,name,mobile\n+15550123,Ada,+15550124\n")
    with pytest.raises(BadInputError, match="the header has Telefon and Handy; call the column with the numbers"):
        opened("Telefon,name,Handy\n+15550123,Ada,+15550124\n")
    assert contacts("Handy,Phone\n+15550124,+15550123\n") == [(2, "+15550123", {"Handy": "+15550124"})]
    assert contacts("Téléphone,Mobile\n+15550124,+15550123\n") == [(2, "+15550123", {"Téléphone": "+15550124"})]


def test_columns_of_our_reports_are_left_out() -> None:
    text = "name,callwright_line,contact_number,callwright_reason\nAda,7,+15550123,x\nBea,8,,y\n"
    assert contacts(text) == [(2, "+15550123", {"name": "Ada"})]
    found = opened(text)
    assert (found.format.columns, found.format.number_at) == (("name", "contact_number"), 1)
    assert [row.cells for row in found.rows(everybody) if isinstance(row, RefusedRow)] == [("Bea", "")]


def test_a_row_refused_as_a_duplicate_stays_refused_until_its_reason_is_emptied() -> None:
    header = "contact_number,name,callwright_reason\n"
    reason = "Phone is the same as in line 3"
    text = f"{header}+15550123,Ada,{reason}\n+15550124,Bea,contact_number is empty\n+15550125,Cy\n"
    assert [line for line, _, _ in contacts(text)] == [3, 4]
    assert refused(text) == [(2, reason)]
    assert [line for line, _, _ in contacts(text.replace(reason, ""))] == [2, 3, 4]
    assert contacts(text.replace("callwright_reason", "reason"))[0][0] == 2, (
        "in a list of somebody else's it says nothing"
    )


def test_a_row_is_refused_until_its_surplus_cells_are_put_into_columns() -> None:
    text = (
        "contact_number,name,callwright_line,callwright_surplus_cells\n+15550123,Ada,2,Lovelace;x\n+15550124,Bea,3,\n"
    )
    [row] = [row for row in rows(text) if isinstance(row, RefusedRow)]
    assert (row.line, row.reason) == (2, "callwright_surplus_cells still holds cells that belong to columns")
    assert "empty callwright_surplus_cells" in row.hint
    assert row.cells == ("+15550123", "Ada", "Lovelace;x"), "the next report has them"
    assert [line for line, _, _ in contacts(text)] == [3]
    assert [line for line, _, _ in contacts(text.replace("Lovelace;x", " "))] == [2, 3]


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"'])
def test_the_first_line_may_name_the_delimiter(line: str) -> None:
    text = f"{line}\r\nname, first;contact_number\r\nAda;+15550123\r\n;\r\nBea;\r\n"
    assert contacts(text) == [(3, "+15550123", {"name, first": "Ada"})]
    assert refused(text) == [(5, "contact_number is empty")]
    assert opened(text).format.delimiter == ";"
    with pytest.raises(BadInputError, match="file, line 2: the header needs"):
        opened(f"{line}\nname\n")
    with pytest.raises(BadInputError, match="file, line 1: the header needs"):
        opened(text, strict=True)


def test_a_delimiter_that_nobody_uses_is_refused() -> None:
    with pytest.raises(BadInputError, match="line 1: the line sep= names no delimiter"):
        opened("sep=x\ncontact_number\n+15550123\n")


def test_pipes_are_read_unless_strict() -> None:
    text = "name|contact_number\nAda|+15550123\n"
    assert contacts(text) == [(2, "+15550123", {"name": "Ada"})]
    with pytest.raises(BadInputError, match="needs a column"):
        opened(text, strict=True)


@pytest.mark.parametrize(
    ("codec", "told"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("cp1252", "windows-1252"),
        ("latin-1", "windows-1252"),
    ],
)
def test_the_encoding_of_a_spreadsheet_is_recognised(codec: str, told: str) -> None:
    raw = "contact_number;Straße\r\n+15550123;Zoë Çelik, 5 Rué\r\n".encode(codec)
    assert contacts(raw) == [(2, "+15550123", {"Straße": "Zoë Çelik, 5 Rué"})]
    assert opened(raw).format.encoding == told


@pytest.mark.parametrize("raw", ["contact_number,a\n1,Zoë\n".encode("cp1252"), "contact_number\n1\n".encode("utf-16")])
def test_strict_reads_utf_8_only(raw: bytes) -> None:
    with pytest.raises(BadInputError, match="save"):
        opened(raw, strict=True)


def test_an_earlier_row_with_the_same_number_may_be_enough() -> None:
    text = "contact_number,name\n+15550123,Ada\n+1 (555) 0123,Bea\n+15550124,Cy\n+15550123,Dee\n"
    assert [line for line, _, _ in contacts(text)] == [2, 3, 4, 5]
    assert [line for line, _, _ in contacts(text, duplicates="skip")] == [2, 4]
    assert refused(text, duplicates="skip") == [
        (3, "contact_number is the same as in line 2"),
        (5, "contact_number is the same as in line 2"),
    ]


def test_a_number_is_called_once_however_it_is_written() -> None:
    cells = ["+4930901820", "+49 030 901820", "tel:+49-30-901820", "sip:+4930901820@gw.example", "sip:ada@gw.example"]
    text = "\n".join(["contact_number", *cells, "sip:bea@gw.example", "sip:ada@gw.example"])
    assert [line for line, _, _ in contacts(text, duplicates="skip")] == [2, 6, 7]


def test_extensions_of_one_number_are_no_duplicates() -> None:
    cells = [f"sip:+4930901820{more}@pbx.example" for more in ("*1", "*2", "x3", "", "*1")]
    text = "\n".join(["contact_number", *cells])
    assert [line for line, _, _ in contacts(text, duplicates="skip")] == [2, 3, 4, 5]


def test_a_report_of_ours_is_read_with_the_cells_of_the_list() -> None:
    cells = {"number": "+15550123", "discount": "-5%", "other": "-", "Phone 2": "+49 30 901820", "name": "'Ada"}
    style = CsvStyle(";", spreadsheet=True)
    report = csv_bytes([[*cells, "callwright_line"], [*cells.values(), 7]], style)
    del cells["number"]
    assert contacts(report) == [(2, "+15550123", cells)]
    text = report.replace(b";callwright_line", b";line")
    assert contacts(text)[0][2]["other"] == "'-", "in a list of somebody else's it stays"


@pytest.mark.parametrize("name", ["Timezone", "TIME ZONE", "time_zone", "time-zone"])
def test_the_column_of_the_time_zone_may_be_spelt_otherwise(name: str) -> None:
    text = f"contact_number,{name}\n+15550123,Europe/Berlin\n"
    ((_, _, variables),) = contacts(text)
    assert variables == {name: "Europe/Berlin", "timezone": "Europe/Berlin"}
    ((_, _, variables),) = contacts(f"{text.splitlines()[0]},timezone\n+15550123,x,Asia/Tokyo\n")
    assert variables == {name: "x", "timezone": "Asia/Tokyo"}
    ((_, _, variables),) = contacts(text, strict=True)
    assert variables == {name: "Europe/Berlin"}


def test_a_number_that_is_refused_makes_no_later_row_a_duplicate() -> None:
    text = f"contact_number,name\n+15550123,{'x' * MAX_USER_DATA_BYTES}\n+15550123,Ada\n"
    assert [line for line, _, _ in contacts(text, duplicates="skip")] == [3]


def test_national_numbers_are_read_with_a_country_and_kept_as_they_were_written() -> None:
    text = "contact_number,name\n030 901820,Ada\n+15550123,Bea\n"
    found = [row for row in rows(text, default_country="DE") if isinstance(row, ListedContact)]
    assert [(row.destination.value, row.written) for row in found] == [("+4930901820", "030 901820"), ("+15550123", "")]
    assert [line for line, _ in refused(text)] == [2]


def test_a_refused_row_is_kept_as_it_came_unless_it_is_long() -> None:
    text = "contact_number,,name\nx,y\n,,a,b,c\n"
    found = [row for row in rows(text) if isinstance(row, RefusedRow)]
    assert [row.cells for row in found] == [("x", "y", ""), ("", "", "a", "b", "c")]
    assert all(row.hint for row in found)
    long = "x" * MAX_REFUSED_ROW_CHARACTERS
    kept = [len(row.cells) for row in rows(f"contact_number\n{long}\n{long}x\n") if isinstance(row, RefusedRow)]
    assert kept == [1, 0]


@given(
    st.lists(
        st.lists(st.text(st.characters(codec="cp1252", exclude_characters="\x00\r\ufeff")), min_size=2, max_size=2)
    ),
    st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    st.sampled_from(["\r\n", "\n"]),
)
def test_cells_are_read_as_they_were_written_or_the_file_is_refused(
    cells: list[list[str]], delimiter: str, codec: str, line_end: str
) -> None:
    kept = io.StringIO(newline="")
    writer = csv.writer(kept, delimiter=delimiter, lineterminator=line_end)
    writer.writerow(["contact_number", "a", "b"])
    writer.writerows(["+15550123", *row] for row in cells)
    raw = kept.getvalue().encode(codec)
    assume(codec != "cp1252" or raw.isascii() or not is_utf_8(raw))
    assert variables_of(raw) in ([cells] if codec != "cp1252" else [cells, None])


def is_utf_8(raw: bytes) -> bool:
    try:
        return bool(raw.decode())
    except UnicodeDecodeError:
        return False


def variables_of(raw: bytes) -> list[list[str]] | None:
    """The other cells of all rows, None for a file that is refused."""
    try:
        found = list(opened(raw).rows(everybody))
    except BadInputError:
        return None
    return [list(row.variables.values()) for row in found if isinstance(row, ListedContact)]


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

    found = list(opened("contact_number\nsip:a@b.example\n+15550123\n").rows(no_sip))
    assert found[0] == RefusedRow(2, "no SIP here", BadInputError.hint, ("sip:a@b.example",))
    assert isinstance(found[1], ListedContact)


def test_whether_a_row_can_be_called_may_depend_on_its_variables():
    def named_only(destination: Destination, variables: Mapping[str, str]) -> None:
        if not variables["persona"]:
            raise BadInputError(f"{destination.value} has no persona")

    found = list(opened("contact_number,persona\nloopback:x,busy\nloopback:y\n").rows(named_only))
    assert isinstance(found[0], ListedContact)
    assert found[1] == RefusedRow(3, "loopback:y has no persona", BadInputError.hint, ("loopback:y", ""))


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
        ("contact_number\n".encode("utf-16-be"), "without NUL"),
        (b"\xff\xfe\x00\x00c\x00\x00\x00", "line 1: the file is UTF-32"),
        (b"\xff\xfec\x00\n", "line 1: this is not UTF-16"),
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
        rows(b"contact_number,name\n" + long)
    found = ContactList(lambda: (b"contact_number\n", b"x\n" * (MAX_BATCH_CONTACTS + 1)), ListRules()).rows(everybody)
    assert sum(1 for _ in islice(found, MAX_BATCH_CONTACTS)) == MAX_BATCH_CONTACTS
    with pytest.raises(TooLargeError, match="split it"):
        next(found)
