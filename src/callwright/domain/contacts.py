"""Files of contacts (CSV) in which callers are looked up: a column ``contact_number``, and what else is known of whoever has it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from callwright.domain.errors import BadInputError
from callwright.domain.limits import MAX_CONTACT_COLUMNS, MAX_CONTACTS, MAX_NUMBER_CHARACTERS

NUMBER_COLUMN = "contact_number"
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class ContactFile:
    """A file of contacts as stored."""

    name: str
    tenant_id: str
    columns: tuple[str, ...]
    contacts: int
    created_at: datetime
    updated_at: datetime
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Contacts:
    """What a file holds: its columns, and by number what the others say. Of several rows with one number the first counts."""

    columns: tuple[str, ...]
    by_number: dict[str, dict[str, str]]


def read_contacts(text: str) -> Contacts:
    """Read a CSV file. Raises BadInputError saying in which line it cannot be read."""
    rows = _rows(text)
    columns = _columns(next(rows, (0, []))[1])
    found: dict[str, dict[str, str]] = {}
    for line, row in rows:
        values = dict(zip(columns, (value.strip() for value in row), strict=False))
        number = values.get(NUMBER_COLUMN, "")
        if not number:
            continue
        if len(number) > MAX_NUMBER_CHARACTERS:
            raise BadInputError(f"line {line}: {NUMBER_COLUMN} has more than {MAX_NUMBER_CHARACTERS} characters")
        found.setdefault(number, {name: value for name, value in values.items() if name})
        if len(found) > MAX_CONTACTS:
            raise BadInputError(f"more than {MAX_CONTACTS} contacts; split the file")
    return Contacts(columns, found)


def find_contact(text: str, number: str) -> dict[str, str] | None:
    """The first row of a CSV text with that number, or None. Raises BadInputError for what cannot be read."""
    rows = _rows(text)
    columns = _columns(next(rows, (0, []))[1])
    at = columns.index(NUMBER_COLUMN)
    for _, row in rows:
        if len(row) > at and row[at].strip() == number:
            return {name: value.strip() for name, value in zip(columns, row, strict=False) if name}
    return None


def _columns(row: list[str]) -> tuple[str, ...]:
    columns = tuple(name.strip() for name in row)
    if NUMBER_COLUMN not in columns:
        raise BadInputError(f"the first line must name the columns, among them {NUMBER_COLUMN}")
    if len(columns) > MAX_CONTACT_COLUMNS:
        raise BadInputError(f"{len(columns)} columns, at most {MAX_CONTACT_COLUMNS} are allowed")
    named = [name for name in columns if name]
    if len(set(named)) != len(named):
        raise BadInputError("two columns have the same name")
    return columns


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text.removeprefix(_BYTE_ORDER_MARK), newline=""))
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error as error:
        raise BadInputError(f"line {reader.line_num}: {error}") from None
