"""Tables as CSV (RFC 4180) in which no spreadsheet finds a formula.

A cell that a spreadsheet takes for a formula gets an apostrophe in front (``platform.batches.rules.formula_cell``). A phone number in
E.164 form begins with a plus and is a number to every spreadsheet, so it stays as it is and programs can use it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from callwright.platform.batches.rules.formula_cell import is_formula

BYTE_ORDER_MARK = "\ufeff".encode()

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True, slots=True)
class CsvStyle:
    """``spreadsheet``: for people who open the file by a double click. It begins with a byte order mark, and phone numbers get the
    apostrophe too, so that they stay text and keep their plus."""

    delimiter: str = ","
    spreadsheet: bool = False


def csv_bytes(rows: Iterable[Iterable[Any]], style: CsvStyle) -> bytes:
    """Rows as UTF-8, without the mark. Texts are made harmless (:func:`harmless`); None is empty, a truth is ``true`` or ``false``, and
    numbers have a decimal point."""
    kept = io.StringIO(newline="")
    writer = csv.writer(kept, delimiter=style.delimiter, lineterminator="\r\n")
    writer.writerows([_cell(value, style) for value in row] for row in rows)
    return kept.getvalue().encode("utf-8", "replace")


def harmless(text: str, style: CsvStyle) -> str:
    """The text of a cell, with an apostrophe in front where a spreadsheet would take it for a formula."""
    if is_formula(text) and (style.spreadsheet or not _E164.fullmatch(text)):
        return f"'{text}"
    return text


def _cell(value: Any, style: CsvStyle) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return harmless(value, style) if isinstance(value, str) else str(value)
