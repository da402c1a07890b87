"""Reading a list of contacts (contract 10.1): CSV as RFC 4180 has it, in UTF-8 with or without a mark, one contact for each row.

A row that cannot be called is refused by itself, with its line and the reason; what makes the rest of the file unreadable (another
encoding, a quote that is never closed) refuses the whole file. No I/O here: lines of bytes come in, rows go out.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from callwright.domain.batch import RefusedRow
from callwright.domain.errors import BadInputError, CallwrightError, TooLargeError
from callwright.domain.limits import (
    MAX_BATCH_COLUMNS,
    MAX_BATCH_CONTACTS,
    MAX_BATCH_ROW_BYTES,
    MAX_NAME_CHARACTERS,
    MAX_USER_DATA_BYTES,
)
from callwright.domain.number import Destination, parse_destination

NUMBER_COLUMN = "contact_number"
#: Names that are taken for it where it is missing.
OTHER_NUMBER_COLUMNS = ("recipient_phone_number", "phone_number")

_MARK = b"\xef\xbb\xbf"
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_SEPARATORS = re.compile(r"[\s_-]+")
_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class ListedContact:
    """A row that can be called: where it begins, whom to call, and the other columns as variables, unchanged."""

    line: int
    destination: Destination
    variables: Mapping[str, str]


Row = ListedContact | RefusedRow


def read_contacts(lines: Iterable[bytes], check: Callable[[Destination], None]) -> Iterator[Row]:
    """The rows of a file given in lines (with their ends), in order; empty ones are left out.

    ``check`` raises a named error for an address that cannot be called from here. Raises BadInputError with the line for a file that
    cannot be read on, TooLargeError for more than MAX_BATCH_CONTACTS rows or a row above MAX_BATCH_ROW_BYTES.
    """
    text = _Text(lines)
    header_line = next(text, "")
    delimiter = _delimiter(header_line)
    try:
        header = _columns(next(csv.reader([header_line], delimiter=delimiter), []))
    except csv.Error as error:
        raise _unreadable(1, f"the header is not CSV ({error}); lines end with LF or CRLF") from None
    at = _number_column(header)
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    count = 0
    while True:
        line = text.line + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise _unreadable(
                line, f"the row that begins here is not CSV ({error}); look for a quote that is not closed"
            ) from None
        if cells is None:
            return
        if not any(cell.strip() for cell in cells):
            continue
        count += 1
        if count > MAX_BATCH_CONTACTS:
            raise TooLargeError(f"the file has more than {MAX_BATCH_CONTACTS} contacts; split it", field="file")
        yield _row(line, header, at, cells, check)


class _Text(Iterator[str]):
    """Lines of bytes as lines of text; ``line`` counts those that were taken."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)
        self.line = 0

    def __next__(self) -> str:
        raw = next(self._lines)
        if self.line == 0:
            if raw.startswith(_WIDE_MARKS):
                raise _unreadable(1, "the file is UTF-16; save it as CSV UTF-8")
            raw = raw.removeprefix(_MARK)
        self.line += 1
        if len(raw) > MAX_BATCH_ROW_BYTES:
            raise TooLargeError(
                f"file, line {self.line}: the line is longer than {MAX_BATCH_ROW_BYTES} bytes; is this a CSV file?",
                field="file",
            )
        try:
            return raw.decode()
        except UnicodeDecodeError:
            raise _unreadable(self.line, "this is not UTF-8; save the file as CSV UTF-8") from None


def _unreadable(line: int, why: str) -> BadInputError:
    return BadInputError(f"file, line {line}: {why}", field="file")


def _delimiter(header: str) -> str:
    """A comma, unless only with a semicolon or a tab, as spreadsheets of some countries write, there is a column of numbers."""
    for delimiter in _DELIMITERS:
        names = {_plain(name) for name in header.strip("\r\n").replace('"', "").split(delimiter)}
        if names & {NUMBER_COLUMN, *OTHER_NUMBER_COLUMNS}:
            return delimiter
    return ","


def _plain(name: str) -> str:
    return _SEPARATORS.sub("_", name.strip().lower())


def _columns(names: list[str]) -> list[str]:
    """The names of the columns as they stand; empty ones are columns without a name, which are left out of the variables."""
    header = [name.strip() for name in names]
    if len(header) > MAX_BATCH_COLUMNS:
        raise _unreadable(1, f"the header has {len(header)} columns; at most {MAX_BATCH_COLUMNS} are allowed")
    seen: set[str] = set()
    for name in header:
        if len(name) > MAX_NAME_CHARACTERS or "\x00" in name:
            raise _unreadable(1, f"a column's name must be at most {MAX_NAME_CHARACTERS} characters, without NUL")
        if name and name in seen:
            raise _unreadable(1, f"there are two columns {name!r}; give each its own name")
        seen.add(name)
    return header


def _number_column(header: list[str]) -> int:
    plain = [_plain(name) for name in header]
    for wanted in (NUMBER_COLUMN, *OTHER_NUMBER_COLUMNS):
        if wanted in plain:
            return plain.index(wanted)
    found = ", ".join(name for name in header if name)[:200] or "nothing"
    raise _unreadable(1, f"the header needs a column {NUMBER_COLUMN}; it has {found}")


def _row(line: int, header: list[str], at: int, cells: list[str], check: Callable[[Destination], None]) -> Row:
    if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
        return RefusedRow(line, f"the row has {len(cells)} cells, the header {len(header)} columns")
    number = cells[at].strip().removeprefix("'") if at < len(cells) else ""
    if not number:
        return RefusedRow(line, f"{header[at]} is empty")
    try:
        destination = parse_destination(number, what=header[at])
        check(destination)
    except CallwrightError as error:
        return RefusedRow(line, error.message)
    variables = {
        name: cell for index, (name, cell) in enumerate(zip(header, cells, strict=False)) if name and index != at
    }
    for name in header[len(cells) :]:
        if name:
            variables[name] = ""
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
            return RefusedRow(line, f"{name} holds a NUL")
    return ListedContact(line, destination, variables)
