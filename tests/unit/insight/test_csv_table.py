"""Tables as CSV: what is written is read again, and nothing of it is a formula."""

from __future__ import annotations

import csv
import io
import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwright.insight.csv_table import CsvStyle, csv_bytes, harmless

PLAIN = CsvStyle()
SIGNS = "=+-@\t\r\n\x00\uff1d\uff0b\uff0d\uff20"
STYLES = st.builds(CsvStyle, st.sampled_from(",;\t|"), st.booleans())
CELLS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from(f"{SIGNS}'\",;| "))


def read(raw: bytes, style: CsvStyle) -> list[list[str]]:
    return list(csv.reader(io.StringIO(raw.decode(), newline=""), delimiter=style.delimiter, strict=True))


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2)), STYLES)
def test_what_is_written_is_read_again_but_for_the_apostrophe(rows: list[list[str]], style: CsvStyle) -> None:
    found = read(csv_bytes(rows, style), style)
    assert found == [[harmless(cell, style) for cell in row] for row in rows]
    for row, again in zip(rows, found, strict=True):
        assert [cell.removeprefix("'") if cell != was else cell for cell, was in zip(again, row, strict=True)] == row


def test_none_of_ten_thousand_random_cells_is_a_formula() -> None:
    rng = random.Random(24)
    alphabet = f"{SIGNS} '\",;|0aZ(\ufeff\u200b\u00a0"
    for style in (PLAIN, CsvStyle(";", spreadsheet=True)):
        cells = ["".join(rng.choices(alphabet, k=rng.randrange(12))) for _ in range(10_000)]
        found = [cell for row in read(csv_bytes([[cell, ""] for cell in cells], style), style) for cell in row[:1]]
        assert len(found) == len(cells)
        assert [cell for cell in found if cell[:1] and cell[0] in SIGNS] == []
        assert [cell for cell in found if cell.strip(" \u00a0\ufeff\u200b")[:1] in tuple("=+-@")] == []
        assert sum(cell != was for cell, was in zip(found, cells, strict=True)) > 1_000


@pytest.mark.parametrize(
    "cell",
    [
        "=1",
        "+1",
        "-1",
        "@A1",
        "\t=1",
        "\rx",
        "\nx",
        "\x00=1",
        "  =1",
        "\u00a0+1",
        "\ufeff=1",
        "\uff1d1",
        "+49 30 901820",
        "+4930=1",
    ],
)
def test_a_cell_that_a_spreadsheet_would_calculate_gets_an_apostrophe(cell: str) -> None:
    assert harmless(cell, PLAIN) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "1", "a=1", "'=1", "' +1", "x@y.example", "2026-01-05", "loopback:demo"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert harmless(cell, PLAIN) == harmless(cell, CsvStyle(spreadsheet=True)) == cell


def test_a_phone_number_stays_usable() -> None:
    assert harmless("+4930901820", PLAIN) == "+4930901820"
    assert harmless("+4930901820", CsvStyle(spreadsheet=True)) == "'+4930901820"


def test_values_that_are_no_texts_are_written_plainly() -> None:
    row = [None, True, False, -3, 0.5, Decimal("1.25")]
    assert csv_bytes([row], PLAIN) == b",true,false,-3,0.5,1.25\r\n"
