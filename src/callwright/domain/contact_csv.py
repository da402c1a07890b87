"""Reading CSV whose rows are contacts: as RFC 4180 has it, in UTF-8 with or without a mark, separated as spreadsheets of any country do.

One reader for lists of contacts to be called (``domain.contact_list``) and for files in which callers are looked up (``domain.contacts``);
what they do with a row is their own. No I/O here: lines come in, rows go out.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import tee
from typing import TYPE_CHECKING

from callwright.domain.errors import BadInputError, TooLargeError
from callwright.domain.fields import named
from callwright.domain.limits import MAX_NAME_CHARACTERS

if TYPE_CHECKING:
    from _csv import Reader

NUMBER_COLUMN = "contact_number"

_MARK = b"\xef\xbb\xbf"
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_SEPARATORS = re.compile(r"[\s_-]+")
_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class CsvRules:
    """What a file may be. ``field`` names it in errors, empty: the whole body is the file. ``number_columns``: names of the column of
    numbers, the one that counts first; capitals, spaces and hyphens make no difference."""

    most_columns: int
    field: str = ""
    number_columns: tuple[str, ...] = (NUMBER_COLUMN,)

    def unreadable(self, line: int, why: str) -> BadInputError:
        """The error for a file that cannot be read on at a line."""
        return BadInputError(f"{self._place(line)}: {why}", field=self.field or None)

    def too_large(self, why: str, line: int | None = None) -> TooLargeError:
        """The error for a file, or a line of it, that is over a limit."""
        return TooLargeError(why if line is None else f"{self._place(line)}: {why}", field=self.field or None)

    def _place(self, line: int) -> str:
        return f"{self.field}, line {line}" if self.field else f"line {line}"


class Utf8Lines(Iterator[str]):
    """Lines of bytes (with their ends) as lines of text, each of at most ``most_bytes``. Raises BadInputError for what is not UTF-8,
    TooLargeError for a longer line."""

    def __init__(self, lines: Iterable[bytes], rules: CsvRules, most_bytes: int) -> None:
        self._lines = iter(lines)
        self._rules = rules
        self._most_bytes = most_bytes
        self._line = 0

    def __next__(self) -> str:
        raw = next(self._lines)
        if self._line == 0:
            if raw.startswith(_WIDE_MARKS):
                raise self._rules.unreadable(1, "the file is UTF-16; save it as CSV UTF-8")
            raw = raw.removeprefix(_MARK)
        self._line += 1
        if len(raw) > self._most_bytes:
            raise self._rules.too_large(
                f"the line is longer than {self._most_bytes} bytes; is this a CSV file?", self._line
            )
        try:
            return raw.decode()
        except UnicodeDecodeError:
            raise self._rules.unreadable(self._line, "this is not UTF-8; save the file as CSV UTF-8") from None


class ContactCsv:
    """A file whose header is read: ``columns`` by name (a column may have none), and which of them is the number's, ``number_at``."""

    def __init__(self, lines: Iterable[str], rules: CsvRules) -> None:
        """Raises BadInputError for a header that cannot be read, has no column of numbers, two of one name or too many."""
        self._rules = rules
        self._reader, names = self._opened(lines)
        self.columns = self._named(names)
        self.number_at = self._number_column()

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row that is not empty, with the line it begins in. Raises BadInputError where it cannot be read on."""
        while True:
            line = self._reader.line_num + 1
            try:
                cells = next(self._reader, None)
            except csv.Error as error:
                raise self._rules.unreadable(
                    line, f"the row that begins here is not CSV ({error}); look for a quote that is not closed"
                ) from None
            if cells is None:
                return
            if any(cell.strip() for cell in cells):
                yield line, cells

    def _opened(self, lines: Iterable[str]) -> tuple[Reader, list[str]]:
        """The rows behind the header, and its cells: between commas, unless only between semicolons or tabs, as spreadsheets of some
        countries write, there is a column of numbers."""
        commas: tuple[Reader, list[str]] | None = None
        problem = ""
        peeked, *copies = tee(lines, 1 + len(_DELIMITERS))
        first = next(peeked, "")
        for delimiter, copy in zip(_DELIMITERS, copies, strict=True):
            reader = csv.reader(copy, delimiter=delimiter, strict=True)
            try:
                names = next(reader, [])
            except csv.Error as error:
                # Blanks behind a closed quote are no part of the name: `"name" ,` is written by hand.
                tidied = re.sub(rf'" +(?=[{delimiter}\r\n]|$)', '"', first)
                try:
                    names = next(csv.reader([tidied], delimiter=delimiter, strict=True))
                except csv.Error:
                    problem = problem or str(error)
                    continue
            if {_plain(name) for name in names} & set(self._rules.number_columns):
                return reader, names
            if delimiter == _DELIMITERS[0]:
                commas = reader, names
        if commas is None:
            why = "look for a quote that is not closed; lines end with LF or CRLF"
            raise self._rules.unreadable(1, f"the header is not CSV ({problem}); {why}")
        return commas

    def _named(self, names: list[str]) -> list[str]:
        columns = [name.strip() for name in names]
        if len(columns) > self._rules.most_columns:
            why = f"the header has {len(columns)} columns; at most {self._rules.most_columns} are allowed"
            raise self._rules.unreadable(1, why)
        seen: set[str] = set()
        for name in columns:
            if len(name) > MAX_NAME_CHARACTERS or "\x00" in name:
                why = f"a column's name must be at most {MAX_NAME_CHARACTERS} characters, without NUL"
                raise self._rules.unreadable(1, why)
            if name and name in seen:
                raise self._rules.unreadable(
                    1, f"there are two columns {named(name)!r}, the same name; give each its own"
                )
            seen.add(name)
        return columns

    def _number_column(self) -> int:
        plain = [_plain(name) for name in self.columns]
        for wanted in self._rules.number_columns:
            for names in (self.columns, plain):
                if wanted in names:
                    return names.index(wanted)
        found = ", ".join(named(name) for name in self.columns if name)[:200] or "nothing"
        raise self._rules.unreadable(1, f"the header needs a column {self._rules.number_columns[0]}; it has {found}")


def _plain(name: str) -> str:
    return _SEPARATORS.sub("_", name.strip().lower())
