"""Reading a list of contacts to be called (contract 10.1): CSV (``platform.batches.rules.contact_csv``), one contact for each row.

A row that cannot be called is refused by itself, with its line and the reason; what makes the rest of the file unreadable (a quote that is
never closed) refuses the whole file. No I/O here: lines come in, rows go out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from callwright.domain.dialled import spelt_out
from callwright.domain.errors import CallwrightError
from callwright.domain.fields import named
from callwright.domain.limits import (
    MAX_BATCH_COLUMNS,
    MAX_BATCH_CONTACTS,
    MAX_BATCH_ROW_BYTES,
    MAX_REFUSED_ROW_CHARACTERS,
    MAX_USER_DATA_BYTES,
)
from callwright.domain.number import Destination
from callwright.platform.batches.rules.batch import ListFormat, RefusedRow
from callwright.platform.batches.rules.contact_csv import NUMBER_COLUMN, ContactCsv, CsvRules, plain_name
from callwright.platform.batches.rules.formula_cell import unmarked
from callwright.platform.batches.rules.listed_number import listed_destination
from callwright.platform.batches.rules.text_encoding import Pieces, encoding_of, lines_of

#: Names that are taken for the column of numbers where it is missing.
OTHER_NUMBER_COLUMNS = ("recipient_phone_number", "phone_number")
_PHONES = ("phone", "mobile", "telephone", "cell")
_ABROAD = (
    *("telefon", "telefonnummer", "rufnummer", "handy", "handynummer", "mobil", "mobilnummer", "mobiltelefon"),
    *(
        "teléfono",
        "móvil",
        "celular",
        "tél",
        "téléphone",
        "portable",
        "telefone",
        "telemóvel",
        "cellulare",
        "फ़ोन",
        "मोबाइल",
    ),
)
#: The same, if one column has such a name and no more.
COMMON_NUMBER_COLUMNS = frozenset(
    {*_PHONES, *(f"{one}_{more}" for one in _PHONES for more in ("no", "number", "phone")), "tel", "number"}
)
#: The same, if none has one of those.
FOREIGN_NUMBER_COLUMNS = frozenset(map(plain_name, _ABROAD))
REPORT_PREFIX = "callwright_"
"""How the columns of our own reports begin. In a list they are left out, so that a report can be corrected and uploaded; so are the
apostrophes of its cells (``platform.batches.rules.formula_cell``)."""
REASON_COLUMN = f"{REPORT_PREFIX}reason"
SURPLUS_COLUMN = f"{REPORT_PREFIX}surplus_cells"
"""Both are read before they are left out. What they say still holds until somebody empties them."""

TIME_ZONE = "timezone"
"""The variable of the contact's time zone. A column that only spells it otherwise (``Time zone``) is this variable too."""

KEEP = "keep"
SKIP = "skip"
DUPLICATES = (KEEP, SKIP)
"""What becomes of rows with a number that an earlier row has: called as well, or refused."""
_SAME = "is the same as in line"
_REFUSED_AS_SAME = re.compile(rf" {_SAME} \d+\s*\Z")
_SAME_HINT = (
    f"Nothing: the first row is called. To call this one too, empty {REASON_COLUMN} in the report and upload it."
)

_STRICT = CsvRules(MAX_BATCH_COLUMNS, "file", (NUMBER_COLUMN, *OTHER_NUMBER_COLUMNS))
_TOLERANT = replace(
    _STRICT,
    common_names=COMMON_NUMBER_COLUMNS,
    foreign_names=FOREIGN_NUMBER_COLUMNS,
    delimiters=(*_STRICT.delimiters, "|"),
    declared_delimiter=True,
)


@dataclass(frozen=True, slots=True)
class ListRules:
    """How a list is read. ``default_country``: ISO 3166, of numbers without a country code. ``strict``: UTF-8, no common names of the
    number's column, no pipes and no line ``sep=``. ``encoding``: one of ``text_encoding.ENCODINGS``; None finds out."""

    default_country: str | None = None
    duplicates: str = KEEP
    strict: bool = False
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class ListedContact:
    """A row that can be called: where it begins, whom to call, and the other columns as variables, unchanged. ``written``: the cell of the
    number, if it is not in its normal form there."""

    line: int
    destination: Destination
    variables: Mapping[str, str]
    written: str = ""


Row = ListedContact | RefusedRow


Check = Callable[[Destination, Mapping[str, str]], None]
"""Raises a named error for an address that cannot be called from here with these variables."""


class ContactList:
    """A list whose header is read: ``format`` says how."""

    def __init__(self, pieces: Pieces, rules: ListRules) -> None:
        """Raises BadInputError with the line for a file that cannot be read."""
        self._csv_rules = _STRICT if rules.strict else _TOLERANT
        encoding = encoding_of(pieces, self._csv_rules, given=rules.encoding, only_utf_8=rules.strict)
        self._file = ContactCsv(lines_of(pieces(), encoding, self._csv_rules, MAX_BATCH_ROW_BYTES), self._csv_rules)
        self._country = rules.default_country
        header, at = self._file.columns, self._file.number_at
        self._kept = [index for index, name in enumerate(header) if index == at or not name.startswith(REPORT_PREFIX)]
        self._is_report = len(self._kept) < len(header)
        self._reported = [header.index(name) if name in header else None for name in (REASON_COLUMN, SURPLUS_COLUMN)]
        self._variables = [(index, header[index]) for index in self._kept if header[index] and index != at]
        if not rules.strict and TIME_ZONE not in header:
            spelt = [index for index, name in self._variables if plain_name(name).replace("_", "") == TIME_ZONE]
            self._variables += [(index, TIME_ZONE) for index in spelt[:1]]
        self._lines_of_numbers: dict[str, int] | None = {} if rules.duplicates == SKIP else None
        self.format = ListFormat(
            encoding,
            self._file.delimiter,
            tuple(header[index] for index in self._kept),
            self._kept.index(at),
            rules.default_country,
            rules.duplicates,
        )

    def rows(self, check: Check) -> Iterator[Row]:
        """The rows in order; empty ones are left out. Raises BadInputError with the line for a file that cannot be read on, TooLargeError
        for more than MAX_BATCH_CONTACTS rows or a line above MAX_BATCH_ROW_BYTES."""
        for count, (line, cells) in enumerate(self._file.rows(), 1):
            if count > MAX_BATCH_CONTACTS:
                raise self._csv_rules.too_large(f"the file has more than {MAX_BATCH_CONTACTS} contacts; split it")
            yield self._row(line, cells, check)

    def _row(self, line: int, cells: list[str], check: Check) -> Row:
        header, at = self._file.columns, self._file.number_at
        if self._is_report:
            cells = [unmarked(cell) for cell in cells]
        if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
            why = f"the row has {len(cells)} cells, the header {len(header)} columns"
            return self._refused(line, cells, why, "Put a cell that holds the delimiter in quotes.")
        if problem := self._still_refused(cells):
            return self._refused(line, cells, *problem)
        written = cells[at].strip() if at < len(cells) else ""
        if not written.removeprefix("'"):
            return self._refused(line, cells, f"{header[at]} is empty", "Add the number.")
        variables = {name: cells[index] if index < len(cells) else "" for index, name in self._variables}
        try:
            destination = listed_destination(written, what=header[at], country=self._country)
            check(destination, variables)
        except CallwrightError as error:
            return self._refused(line, cells, error.message, error.hint)
        if problem := _problem_of(variables):
            return self._refused(line, cells, *problem)
        number = destination.value
        if self._lines_of_numbers is not None:
            first = self._lines_of_numbers.setdefault(_called(number), line)
            if first != line:
                return self._refused(line, cells, f"{header[at]} {_SAME} {first}", _SAME_HINT)
        return ListedContact(line, destination, variables, "" if written == number else written)

    def _still_refused(self, cells: list[str]) -> tuple[str, str] | None:
        """Why a row of our report cannot be called as it stands there, and what can be done."""
        reason, surplus = (cells[at] if at is not None and at < len(cells) else "" for at in self._reported)
        if surplus.strip():
            hint = f"Put each of them into its column, then empty {SURPLUS_COLUMN}."
            return f"{SURPLUS_COLUMN} still holds cells that belong to columns", hint
        # The row that it repeats was called from the first list, and is no part of the report.
        return (reason.strip(), _SAME_HINT) if _REFUSED_AS_SAME.search(reason) else None

    def _refused(self, line: int, cells: list[str], reason: str, hint: str) -> RefusedRow:
        width, surplus_at = len(self._file.columns), self._reported[1]
        kept = [cells[index] if index < len(cells) else "" for index in self._kept] + cells[width:]
        if surplus_at is not None and surplus_at < len(cells) and cells[surplus_at].strip():
            # The next report has them as well.
            kept.append(cells[surplus_at])
        short = sum(map(len, kept)) <= MAX_REFUSED_ROW_CHARACTERS
        return RefusedRow(line, reason, hint, tuple(cell.replace("\x00", "") for cell in kept) if short else ())


def _called(address: str) -> str:
    """The number with its plus where an address has nothing else in front of its host, so not with an extension; else the address."""
    user = spelt_out(address.partition("@")[0].rpartition(":")[2])
    return user if user[:1] == "+" and user[1:].isdecimal() else address


def _problem_of(variables: Mapping[str, str]) -> tuple[str, str] | None:
    """Why these cannot be the variables of a call, and what can be done."""
    size = sum(len(name) + len(value) for name, value in variables.items())
    # Only what could be too large is measured exactly: a character is at most six bytes of JSON.
    if 6 * size + 6 * len(variables) > MAX_USER_DATA_BYTES:
        bytes_of_json = len(json.dumps(variables, ensure_ascii=False, separators=(",", ":")).encode())
        if bytes_of_json > MAX_USER_DATA_BYTES:
            why = f"the variables are {bytes_of_json} bytes of JSON; at most {MAX_USER_DATA_BYTES} are allowed"
            return why, "Shorten the row, or leave out columns that the agent does not use."
    for name, value in variables.items():
        if "\x00" in value:
            return f"{named(name)} holds a NUL", "Take the character out, and save the file as CSV UTF-8."
    return None
