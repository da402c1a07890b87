"""Reading CSV whose rows are contacts: as RFC 4180 has it, separated as spreadsheets of any country do.

One reader for lists of contacts to be called (``contact_list``) and for files in which callers are looked up
(``platform.contact_files.rules``); what they do with a row is their own. No I/O here: lines come in, rows go out.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, tee
from typing import TYPE_CHECKING

from callwright.domain.errors import BadInputError, TooLargeError
from callwright.domain.fields import named
from callwright.domain.limits import MAX_NAME_CHARACTERS

if TYPE_CHECKING:
    from _csv import Reader

NUMBER_COLUMN = "contact_number"

_SEPARATORS = re.compile(r"[\s_-]+")
_DELIMITERS = (",", ";", "\t")
_DECLARED = re.compile(r'"?sep=(?P<delimiter>[^\r\n])"?\r?\n?', re.IGNORECASE)
"""The first line with which spreadsheets name the delimiter."""


@dataclass(frozen=True, slots=True)
class CsvRules:
    """What a file may be. ``field`` names it in errors, empty: the whole body is the file. ``number_columns``: names of the column of
    numbers, the one that counts first; capitals, spaces, hyphens and accents make no difference. ``common_names``: other names of it, and
    ``foreign_names``: those of other languages, without accents, which count behind them. Both count where one column has such a name and
    no more.
    ``declared_delimiter``: whether a first line ``sep=;`` may name the delimiter."""

    most_columns: int
    field: str = ""
    number_columns: tuple[str, ...] = (NUMBER_COLUMN,)
    common_names: frozenset[str] = frozenset()
    foreign_names: frozenset[str] = frozenset()
    delimiters: tuple[str, ...] = _DELIMITERS
    declared_delimiter: bool = False

    @property
    def names(self) -> frozenset[str]:
        """What the column of numbers may be called."""
        return self.foreign_names.union(self.number_columns, self.common_names)

    def unreadable(self, line: int, why: str) -> BadInputError:
        """The error for a file that cannot be read on at a line."""
        return BadInputError(f"{self._place(line)}: {why}", field=self.field or None)

    def too_large(self, why: str, line: int | None = None) -> TooLargeError:
        """The error for a file, or a line of it, that is over a limit."""
        return TooLargeError(why if line is None else f"{self._place(line)}: {why}", field=self.field or None)

    def _place(self, line: int) -> str:
        return f"{self.field}, line {line}" if self.field else f"line {line}"


class ContactCsv:
    """A file whose header is read: ``columns`` by name (a column may have none), which of them is the number's, ``number_at``, and the
    ``delimiter`` between them."""

    def __init__(self, lines: Iterable[str], rules: CsvRules) -> None:
        """Raises BadInputError for a header that cannot be read, has no column of numbers, two of one name or too many."""
        self._rules = rules
        self._header_line = 1
        self._reader, names, self.delimiter = self._opened(iter(lines))
        self.columns = self._named(names)
        self.number_at = self._number_column()

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row that is not empty, with the line it begins in. Raises BadInputError where it cannot be read on."""
        while True:
            line = self._reader.line_num + self._header_line
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

    def _opened(self, lines: Iterator[str]) -> tuple[Reader, list[str], str]:
        """The rows after the header, its cells and the delimiter: the first one with which there is a column of numbers, else
        the first one with which there are most columns."""
        first, delimiters = next(lines, ""), self._rules.delimiters
        declared = _DECLARED.fullmatch(first) if self._rules.declared_delimiter else None
        if declared is not None:
            if declared["delimiter"] not in delimiters:
                raise self._rules.unreadable(1, "the line sep= names no delimiter; use a comma, semicolon, tab or pipe")
            first, delimiters, self._header_line = next(lines, ""), (declared["delimiter"],), 2
        default: tuple[Reader, list[str], str] | None = None
        problem, most = "", -1
        for delimiter, copy in zip(delimiters, tee(chain((first,), lines), len(delimiters)), strict=True):
            reader = csv.reader(copy, delimiter=delimiter, strict=True)
            try:
                names = next(reader, [])
            except csv.Error as error:
                # Blanks behind a closed quote are no part of the name: `"name" ,` is written by hand.
                tidied = re.sub(rf'" +(?=[{delimiter}\r\n]|$)', '"', first)
                try:
                    names = next(csv.reader([tidied], delimiter=delimiter, strict=True))
                except csv.Error:
                    # One column is no sign of another delimiter, and its quotes are not to blame.
                    problem, most = problem or str(error), max(most, 1)
                    continue
            if {plain_name(name) for name in names} & self._rules.names:
                return reader, names, delimiter
            if len(names) > most:
                default, most = (reader, names, delimiter), len(names)
        if default is None:
            why = "look for a quote that is not closed; lines end with LF or CRLF"
            raise self._unreadable_header(f"the header is not CSV ({problem}); {why}")
        return default

    def _named(self, names: list[str]) -> list[str]:
        columns = [name.strip() for name in names]
        if len(columns) > self._rules.most_columns:
            raise self._unreadable_header(
                f"the header has {len(columns)} columns; at most {self._rules.most_columns} are allowed"
            )
        seen: set[str] = set()
        for name in columns:
            if len(name) > MAX_NAME_CHARACTERS or "\x00" in name:
                raise self._unreadable_header(
                    f"a column's name must be at most {MAX_NAME_CHARACTERS} characters, without NUL"
                )
            if name and name in seen:
                raise self._unreadable_header(
                    f"there are two columns {named(name)!r}, the same name; give each its own"
                )
            seen.add(name)
        return columns

    def _number_column(self) -> int:
        plain = [plain_name(name) for name in self.columns]
        for wanted in self._rules.number_columns:
            for names in (self.columns, plain):
                if wanted in names:
                    return names.index(wanted)
        wanted = self._rules.number_columns[0]
        # "Téléphone" beside "Mobile" is no second English name.
        written = [_joined(name) for name in self.columns]
        for names, known in ((written, self._rules.common_names), (plain, self._rules.foreign_names)):
            common = [at for at, name in enumerate(names) if name in known]
            if len(common) == 1:
                return common[0]
            if common:
                found = " and ".join(named(self.columns[at]) for at in common)[:200]
                raise self._unreadable_header(f"the header has {found}; call the column with the numbers {wanted}")
        found = ", ".join(named(name) for name in self.columns if name)[:200] or "nothing"
        raise self._unreadable_header(f"the header needs a column {wanted}; it has {found}{self._also()}")

    def _also(self) -> str:
        """What else the column of numbers may be called, of one word each, for an error."""
        first, *other = self._rules.number_columns
        names = [*other, *sorted(name for name in self._rules.names - {first, *other} if "_" not in name)]
        return f"; also accepted: {', '.join(names)}" if names else ""

    def _unreadable_header(self, why: str) -> BadInputError:
        return self._rules.unreadable(self._header_line, why)


def plain_name(name: str) -> str:
    """The name of a column without capitals and accents, its words joined by underscores."""
    letters = unicodedata.normalize("NFKD", _joined(name))
    return "".join(one for one in letters if unicodedata.category(one) != "Mn")


def _joined(name: str) -> str:
    return _SEPARATORS.sub("_", name.strip().lower())
