"""The encoding of an uploaded text, and its lines. No I/O here: pieces of bytes come in, lines of text go out.

A byte order mark counts: UTF-8 or UTF-16. A text without a mark is in the encoding that is given; if all of it is UTF-8, any other is
refused. Without a given encoding it is UTF-8 if all of it is. Otherwise it is taken for Windows-1252, of which Latin-1 is a part, unless
its bytes speak against it: then it is refused. Five bytes are undefined there. A text that is UTF-8 in parts is damaged. Four different
bytes above ASCII in a row are a word of another alphabet.

Nothing speaks against most words of Central Europe, short words of other alphabets and texts from an old Mac: they are read as
Windows-1252, with wrong letters, unless their encoding is given.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from callwright.platform.batches.rules.contact_csv import CsvRules

UTF_8 = "utf-8"
UTF_16 = "utf-16"
WINDOWS_1252 = "windows-1252"

_CODECS = {
    UTF_8: "utf-8-sig",
    UTF_16: "utf-16",
    **{f"windows-{page}": f"cp{page}" for page in range(1250, 1259)},
    **{name: name for name in ("iso-8859-2", "iso-8859-15", "mac_roman", "koi8-r")},
    # As spreadsheets write them: each has letters of names that the standard of its name lacks.
    "iso-8859-1": "cp1252",
    "shift_jis": "cp932",
    "gbk": "gb18030",
    "big5": "cp950",
    "euc-kr": "cp949",
}
ENCODINGS = tuple(_CODECS)
"""The encodings that may be given."""
_TAKEN_FOR = {"iso-8859-2": "windows-1250", "iso-8859-15": "windows-1252"}
"""Encodings whose bytes 0x80 to 0x9F are control characters, and what a file with such bytes is in."""
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_CONTROLS = re.compile(rb"[\x80-\x9f]")
_LONGEST_CHARACTER = 4
_BLOCK = 1 << 20

_UTF_8_MARK = codecs.BOM_UTF8
_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How files of spreadsheets begin: .xlsx and .ods, and .xls."""
_UTF_32_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)

_AGAINST_WINDOWS = (
    (re.compile(rb"[\x81\x8d\x8f\x90\x9d]"), "it has bytes that are nothing in Windows-1252"),
    (
        # Western letters and punctuation, and what is no accident: several characters in a row.
        re.compile(
            rb"\xc3[\x80-\xbf]|\xe2\x80[\x80-\xbf]|(?:[\xc2-\xdf][\x80-\xbf]){3}|(?:[\xe0-\xef][\x80-\xbf]{2}){2}"
            rb"|[\xf0-\xf4][\x80-\xbf]{3}"
        ),
        "other parts of it are UTF-8",
    ),
    # A line drawn of dashes is none.
    (re.compile(rb"([\x80-\xff])(?!\1{3})[\x80-\xff]{3}"), "it looks like an alphabet that Windows-1252 does not have"),
)

Pieces = Callable[[], Iterable[bytes]]
"""Gives the pieces of a file from its beginning, each time it is called. None is empty."""


def encoding_of(pieces: Pieces, rules: CsvRules, *, given: str | None = None, only_utf_8: bool = False) -> str:
    """One of ENCODINGS: the one that is ``given``, else UTF_8, UTF_16 or WINDOWS_1252. Raises BadInputError with the line of a file that is
    not in it, that is none of them, or not UTF-8 with ``only_utf_8``."""
    first = b"".join(islice(pieces(), len(codecs.BOM_UTF32_LE)))
    if first.startswith(_WORKBOOKS):
        raise rules.unreadable(1, "the file is a spreadsheet; save it as CSV UTF-8")
    if first.startswith(_UTF_32_MARKS):
        raise rules.unreadable(1, "the file is UTF-32; save it as CSV UTF-8")
    if given is not None:
        marked = UTF_8 if first.startswith(_UTF_8_MARK) else UTF_16 if first.startswith(_UTF_16_MARKS) else ""
        if marked not in ("", given):
            raise rules.unreadable(1, f"the file begins as {marked} and not as {given}; leave out encoding")
        if given == UTF_16 != marked:
            raise rules.unreadable(1, "the file has no byte order mark of UTF-16; save it as CSV UTF-8")
        if given not in (UTF_8, UTF_16) and (line := _first_line_of_utf_8(pieces)) is not None:
            raise rules.unreadable(line, f"the file is utf-8 and not {given}; leave out encoding")
        if (line := _undecodable_line(pieces(), given)) is not None:
            raise rules.unreadable(line, f"this is not {given}; give the encoding of the file, or save it as CSV UTF-8")
        if given in _TAKEN_FOR and (line := _line_with(_CONTROLS, pieces())) is not None:
            meant = _TAKEN_FOR[given]
            raise rules.unreadable(
                line, f"it has bytes that are no letters in {given}; give {meant}, or save it as CSV UTF-8"
            )
        return given
    if first.startswith(_UTF_16_MARKS):
        if only_utf_8:
            raise rules.unreadable(1, "the file is UTF-16; save it as CSV UTF-8")
        if (line := _undecodable_line(pieces(), UTF_16)) is not None:
            raise rules.unreadable(line, "this is not UTF-16, which the file begins as; save it as CSV UTF-8")
        return UTF_16
    line = _undecodable_line(pieces(), UTF_8)
    if line is None:
        return UTF_8
    if only_utf_8 or first.startswith(_UTF_8_MARK):
        raise rules.unreadable(line, "this is not UTF-8; save the file as CSV UTF-8")
    for block in _blocks(pieces()):
        for pattern, why in () if block.isascii() else _AGAINST_WINDOWS:
            if pattern.search(block):
                advice = "save the file as CSV UTF-8, or give its encoding"
                raise rules.unreadable(line, f"this is not UTF-8, and {why}; {advice}")
    return WINDOWS_1252


def lines_of(pieces: Iterable[bytes], encoding: str, rules: CsvRules, most_bytes: int) -> Iterator[str]:
    """The lines of a file in that encoding, with their ends. Raises TooLargeError for one that is longer than ``most_bytes`` in UTF-8."""
    count, rest = 0, ""
    for text in _decoded(pieces, encoding):
        *lines, rest = (rest + text).split("\n")
        for one in lines:
            count, line = count + 1, f"{one}\n"
            _check_length(line, count, rules, most_bytes)
            yield line
        _check_length(rest, count + 1, rules, most_bytes)
    if rest:
        yield rest


def _check_length(line: str, at: int, rules: CsvRules, most_bytes: int) -> None:
    # Only what could be too long is measured exactly.
    if _LONGEST_CHARACTER * len(line) > most_bytes and len(line.encode()) > most_bytes:
        raise rules.too_large(f"the line is longer than {most_bytes} bytes; is this a CSV file?", at)


def _decoded(pieces: Iterable[bytes], encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(_CODECS[encoding])()
    for piece in pieces:
        yield decoder.decode(piece)
    yield decoder.decode(b"", True)


def _undecodable_line(pieces: Iterable[bytes], encoding: str) -> int | None:
    """The first line that is not in that encoding."""
    line = 1
    try:
        for text in _decoded(pieces, encoding):
            line += text.count("\n")
    except UnicodeDecodeError as error:
        return line + error.object[: error.start].decode(error.encoding, "ignore").count("\n")
    return None


def _first_line_of_utf_8(pieces: Pieces) -> int | None:
    """The first line that is not ASCII, of a file that is UTF-8 as a whole. By chance, hardly any text in another encoding is."""
    line = _line_with(_NOT_ASCII, pieces())
    return line if line is not None and _undecodable_line(pieces(), UTF_8) is None else None


def _line_with(pattern: re.Pattern[bytes], pieces: Iterable[bytes]) -> int | None:
    """The first line with such a byte."""
    line = 1
    for piece in pieces:
        if (found := pattern.search(piece)) is not None:
            return line + piece.count(b"\n", 0, found.start())
        line += piece.count(b"\n")
    return None


def _blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in blocks that end at the end of a line, unless one is long."""
    rest = b""
    for piece in pieces:
        block, end, rest = (rest + piece).rpartition(b"\n")
        if len(rest) > _BLOCK:
            block, end, rest = block + end, rest, b""
        yield block + end
    yield rest
