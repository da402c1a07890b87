"""Reading CSV whose rows are contacts: as RFC 4180 has it, in UTF-8 with or without a mark, separated as spreadsheets of any country do.

One reader for lists of contacts to be called (``domain.contact_list``) and for files in which callers are looked up (``domain.contacts``);
what they do with a row is their own. No I/O here: lines come in, rows go out.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from callwright.domain.errors import BadInputError, TooLargeError
from callwright.domain.fields import named
from callwright.domain.limits import MAX_NAME_CHARACTERS

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
        self._lines = _Counted(lines)
        self._rules = rules
        header = next(self._lines, "")
        self._delimiter = self._delimiter_of(header)
        try:
            names = next(csv.reader([header], delimiter=self._delimiter), [])
        except csv.Error as error:
            raise rules.unreadable(1, f"the header is not CSV ({error}); lines end with LF or CRLF") from None
        self.columns = self._named(names)
        self.number_at = self._number_column()

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row that is not empty, with the line it begins in. Raises BadInputError where it cannot be read on."""
        reader = csv.reader(self._lines, delimiter=self._delimiter, strict=True)
        while True:
            line = self._lines.line + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise self._rules.unreadable(
                    line, f"the row that begins here is not CSV ({error}); look for a quote that is not closed"
                ) from None
            if cells is None:
                return
            if any(cell.strip() for cell in cells):
                yield line, cells

    def _delimiter_of(self, header: str) -> str:
        """A comma, unless only with a semicolon or a tab, as spreadsheets of some countries write, there is a column of numbers."""
        for delimiter in _DELIMITERS:
            names = {_plain(name) for name in header.strip("\r\n").replace('"', "").split(delimiter)}
            if names & set(self._rules.number_columns):
                return delimiter
        return ","

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


class _Counted(Iterator[str]):
    """Lines; ``line`` counts those that were taken."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self.line = 0

    def __next__(self) -> str:
        text = next(self._lines)
        self.line += 1
        return text


def _plain(name: str) -> str:
    return _SEPARATORS.sub("_", name.strip().lower())
