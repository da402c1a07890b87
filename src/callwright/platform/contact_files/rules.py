"""Files of contacts (CSV) in which callers are looked up: a column ``contact_number``, and what else is known of whoever has it."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from callwright.domain.errors import BadInputError
from callwright.domain.limits import (
    MAX_CONTACT_COLUMNS,
    MAX_CONTACT_FILE_BYTES,
    MAX_CONTACTS,
    MAX_NUMBER_CHARACTERS,
)
from callwright.platform.batches.rules.contact_csv import NUMBER_COLUMN, ContactCsv, CsvRules
from callwright.platform.batches.rules.text_encoding import encoding_of, lines_of

_BYTE_ORDER_MARK = "\ufeff"
_RULES = CsvRules(MAX_CONTACT_COLUMNS)


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
    """Read a CSV text. Raises BadInputError saying in which line it cannot be read."""
    return _read(io.StringIO(text.removeprefix(_BYTE_ORDER_MARK), newline=""))


def read_contact_file(content: bytes) -> Contacts:
    """Read a CSV file in UTF-8. Raises BadInputError saying in which line it cannot be read."""
    encoding = encoding_of(lambda: (content,), _RULES, only_utf_8=True)
    return _read(lines_of((content,), encoding, _RULES, MAX_CONTACT_FILE_BYTES))


def _read(lines: Iterable[str]) -> Contacts:
    file = ContactCsv(lines, _RULES)
    columns = _columns(file)
    found: dict[str, dict[str, str]] = {}
    for line, cells in file.rows():
        values = _values(columns, cells)
        number = values.get(NUMBER_COLUMN, "")
        if not number:
            continue
        if len(number) > MAX_NUMBER_CHARACTERS:
            raise _RULES.unreadable(line, f"{NUMBER_COLUMN} has more than {MAX_NUMBER_CHARACTERS} characters")
        if any("\x00" in value for value in values.values()):
            raise _RULES.unreadable(line, "the row holds a NUL; save the file as CSV UTF-8")
        found.setdefault(number, values)
        if len(found) > MAX_CONTACTS:
            raise BadInputError(f"more than {MAX_CONTACTS} contacts; split the file")
    return Contacts(columns, found)


def find_contact(text: str, number: str) -> dict[str, str] | None:
    """The first row of a CSV text with that number, or None. Raises BadInputError for what cannot be read."""
    file = ContactCsv(io.StringIO(text.removeprefix(_BYTE_ORDER_MARK), newline=""), _RULES)
    columns = _columns(file)
    for _, cells in file.rows():
        if len(cells) > file.number_at and cells[file.number_at].strip() == number:
            return _values(columns, cells)
    return None


def _columns(file: ContactCsv) -> tuple[str, ...]:
    """The names of the columns, that of the numbers always the same, however the file spells it."""
    named = (NUMBER_COLUMN if at == file.number_at else name for at, name in enumerate(file.columns))
    return tuple(named)


def _values(columns: tuple[str, ...], cells: list[str]) -> dict[str, str]:
    return {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if name}
