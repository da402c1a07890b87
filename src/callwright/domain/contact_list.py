"""Reading a list of contacts to be called (contract 10.1): CSV (``domain.contact_csv``), one contact for each row.

A row that cannot be called is refused by itself, with its line and the reason; what makes the rest of the file unreadable (another
encoding, a quote that is never closed) refuses the whole file. No I/O here: lines of bytes come in, rows go out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from callwright.domain.batch import RefusedRow
from callwright.domain.contact_csv import NUMBER_COLUMN, ContactCsv, CsvRules, Utf8Lines
from callwright.domain.errors import CallwrightError
from callwright.domain.fields import named
from callwright.domain.limits import MAX_BATCH_COLUMNS, MAX_BATCH_CONTACTS, MAX_BATCH_ROW_BYTES, MAX_USER_DATA_BYTES
from callwright.domain.number import Destination, parse_destination

#: Names that are taken for the column of numbers where it is missing.
OTHER_NUMBER_COLUMNS = ("recipient_phone_number", "phone_number")

_RULES = CsvRules(MAX_BATCH_COLUMNS, "file", (NUMBER_COLUMN, *OTHER_NUMBER_COLUMNS))


@dataclass(frozen=True, slots=True)
class ListedContact:
    """A row that can be called: where it begins, whom to call, and the other columns as variables, unchanged."""

    line: int
    destination: Destination
    variables: Mapping[str, str]


Row = ListedContact | RefusedRow


Check = Callable[[Destination, Mapping[str, str]], None]
"""Raises a named error for an address that cannot be called from here with these variables."""


def read_contacts(lines: Iterable[bytes], check: Check) -> Iterator[Row]:
    """The rows of a file given in lines (with their ends), in order; empty ones are left out.

    Raises BadInputError with the line for a file that cannot be read on, TooLargeError for more than MAX_BATCH_CONTACTS rows or a row above
    MAX_BATCH_ROW_BYTES.
    """
    file = ContactCsv(Utf8Lines(lines, _RULES, MAX_BATCH_ROW_BYTES), _RULES)
    for count, (line, cells) in enumerate(file.rows(), 1):
        if count > MAX_BATCH_CONTACTS:
            raise _RULES.too_large(f"the file has more than {MAX_BATCH_CONTACTS} contacts; split it")
        yield _row(line, file.columns, file.number_at, cells, check)


def _row(line: int, header: list[str], at: int, cells: list[str], check: Check) -> Row:
    if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
        return RefusedRow(line, f"the row has {len(cells)} cells, the header {len(header)} columns")
    number = cells[at].strip().removeprefix("'") if at < len(cells) else ""
    if not number:
        return RefusedRow(line, f"{header[at]} is empty")
    variables = {
        name: cell for index, (name, cell) in enumerate(zip(header, cells, strict=False)) if name and index != at
    }
    for name in header[len(cells) :]:
        if name:
            variables[name] = ""
    try:
        destination = parse_destination(number, what=header[at])
        check(destination, variables)
    except CallwrightError as error:
        return RefusedRow(line, error.message)
    return _bounded(line, destination, variables)


def _bounded(line: int, destination: Destination, variables: dict[str, str]) -> Row:
    size = sum(len(name) + len(value) for name, value in variables.items())
    # Only what could be too large is measured exactly: a character is at most six bytes of JSON.
    if 6 * size + 6 * len(variables) > MAX_USER_DATA_BYTES:
        bytes_of_json = len(json.dumps(variables, ensure_ascii=False, separators=(",", ":")).encode())
        if bytes_of_json > MAX_USER_DATA_BYTES:
            return RefusedRow(
                line, f"the variables are {bytes_of_json} bytes of JSON; at most {MAX_USER_DATA_BYTES} are allowed"
            )
    for name, value in variables.items():
        if "\x00" in value:
            return RefusedRow(line, f"{named(name)} holds a NUL")
    return ListedContact(line, destination, variables)
