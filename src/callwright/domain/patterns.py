"""Patterns that tenants write, matched by RE2 in time proportional to the text.

The standard library's engine takes exponential time for some patterns, such as ``(a+)+$``. RE2 does not. This module reads a pattern in the
syntax of the standard library and hands it to RE2 in RE2's own. So an error names its place, the limits of ``domain.limits`` hold, and
``\\d``, ``\\w`` and ``\\s`` match every alphabet. Look-around and references to groups are refused by name. A pattern must fit the whole
text. ``^`` and ``$`` are allowed and change nothing at the ends.

Limit: ``\\b`` and ``\\B`` know word characters of ASCII only.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import re2

from callwright.domain.limits import MAX_CHECKED_CHARACTERS, MAX_PATTERN_CHARACTERS, MAX_PATTERN_STATES
from callwright.domain.text import whole_text

_MAX_GROUPS_DEEP = 20
_MAX_REPEATS = MAX_PATTERN_STATES
_MAX_MEMORY_BYTES = 3 << 19
"""What RE2 may use for one pattern: room for some seventy classes of all alphabets, which take a tenth of a second to compile."""
_CONTROL = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "0": "\0"}
_ANCHORS = {"b": r"\b", "B": r"\B", "A": r"\A", "Z": r"\z"}
_PLAIN_GROUPS = ("?:", "?P<", "?<")
_LOOKING = ("?=", "?!", "?<=", "?<!")
_IGNORE_CASE = "(?i)"
_NOTHING = r"[^\x{0}-\x{10FFFF}]"

_Range = tuple[int, int]
"""Code points, first and last."""


class PatternError(ValueError):
    """A pattern that is not one, or that is not matched here. The message says where and why."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a pattern in RE2's syntax, and how many states it counts for."""

    source: str
    states: int = 2


_CLASSES = {
    "d": r"\p{Nd}",
    "w": r"\p{L}\p{N}_",
    "s": r"\x{9}-\x{D}\x{1C}-\x{20}\x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}",
}
"""The members of a class in RE2's syntax."""


_LAST_PLANE_WITH_LETTERS_END = 0x3FFFF


@cache
def _ranges(name: str) -> tuple[_Range, ...]:
    """All characters of a class, d, w or s, or of its opposite, D, W or S. Some 50 ms of work, once."""
    if name.isupper():
        return tuple(_opposite(_ranges(name.lower())))
    every = "".join(map(chr, range(_LAST_PLANE_WITH_LETTERS_END + 1)))
    return tuple((found.start(), found.end() - 1) for found in re.finditer(rf"\{name}+", every))


def _opposite(ranges: Iterable[_Range]) -> Iterator[_Range]:
    """The characters that are in none of ``ranges``."""
    free = 0
    for first, last in sorted(ranges):
        if first > free:
            yield free, first - 1
        free = max(free, last + 1)
    if free <= sys.maxunicode:
        yield free, sys.maxunicode


def _source(ranges: Iterable[_Range]) -> str:
    return "".join(rf"\x{{{first:X}}}-\x{{{last:X}}}" for first, last in ranges)


def _set_of(items: Sequence[_Range | str], negated: bool = False) -> _Part:
    """One character out of ``items``: ranges, or names of classes."""
    if any(isinstance(item, str) and item.isupper() for item in items):
        # RE2 has no set within a set, which the opposite of a class would be.
        ranges = [one for item in items for one in (_ranges(item) if isinstance(item, str) else (item,))]
        source = _source(_opposite(ranges) if negated else ranges)
        return _Part(f"[{source}]" if source else _NOTHING)
    written = "".join(_CLASSES[item] if isinstance(item, str) else _source((item,)) for item in items)
    return _Part(f"[{'^' if negated else ''}{written}]")


class _Reader:
    """Reads a pattern's text and writes it in RE2's syntax."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def whole(self) -> _Part:
        found = self._choice()
        if self._at < len(self._text):
            raise self._error("a ) without its (")
        return found

    def _error(self, what: str) -> PatternError:
        return PatternError(f"{what} at character {self._at + 1}")

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self) -> str:
        character = self._peek()
        if not character:
            raise self._error("the pattern ends too early")
        self._at += 1
        return character

    def _skip(self, text: str) -> bool:
        if self._text.startswith(text, self._at):
            self._at += len(text)
            return True
        return False

    def _choice(self) -> _Part:
        ways, states = [""], 1
        while True:
            for part in self._run():
                ways[-1] += part.source
                states += part.states
            if not self._skip("|"):
                return _Part(f"(?:{'|'.join(ways)})", states)
            ways.append("")
            states += 2

    def _run(self) -> Iterator[_Part]:
        while self._peek() not in ("", "|", ")"):
            yield self._repeated(self._part())

    def _part(self) -> _Part:
        character = self._take()
        if character == "(":
            return self._group()
        if character == "[":
            return self._set()
        if character == "\\":
            return self._escape()
        if character == ".":
            return _Part(r"[^\n]")
        if character in "^$":
            return _Part(r"\A" if character == "^" else r"\z")
        if character in "*+?":
            self._at -= 1
            raise self._error(f"{character} has nothing to repeat")
        return _set_of([(ord(character), ord(character))])

    def _group(self) -> _Part:
        self._depth += 1
        if self._depth > _MAX_GROUPS_DEEP:
            raise self._error(f"groups nested deeper than {_MAX_GROUPS_DEEP}")
        if self._peek() == "?":
            self._kind_of_group()
        found = self._choice()
        if not self._skip(")"):
            raise self._error("a ( is not closed")
        self._depth -= 1
        return found

    def _kind_of_group(self) -> None:
        if any(self._text.startswith(kind, self._at) for kind in _LOOKING):
            raise self._error("look-ahead and look-behind are not supported")
        kind = next((kind for kind in _PLAIN_GROUPS if self._skip(kind)), None)
        if kind is None:
            raise self._error("this kind of group is not supported")
        if kind != "?:":
            end = self._text.find(">", self._at)
            if end < 0 or not self._text[self._at : end].isidentifier():
                raise self._error("a group's name is missing")
            self._at = end + 1

    def _escape(self) -> _Part:
        character = self._take()
        if character.lower() in _CLASSES:
            return _set_of([character.lower()], negated=character.isupper())
        if character in _ANCHORS:
            return _Part(_ANCHORS[character])
        if character in "123456789k":
            raise self._error("references to groups are not supported")
        code = ord(self._escaped(character))
        return _set_of([(code, code)])

    def _escaped(self, character: str) -> str:
        if character in _CONTROL:
            return _CONTROL[character]
        if character in "xu":
            size = 2 if character == "x" else 4
            code = self._text[self._at : self._at + size]
            if len(code) < size or any(c not in "0123456789abcdefABCDEF" for c in code):
                raise self._error(f"\\{character} needs {size} hexadecimal digits")
            self._at += size
            return chr(int(code, 16))
        if character.isalnum():
            raise self._error(f"\\{character} is not supported")
        return character

    def _set(self) -> _Part:
        negated = self._skip("^")
        items: list[_Range | str] = []
        while not (items and self._peek() == "]"):
            first = self._member()
            if (
                isinstance(first, int)
                and self._peek() == "-"
                and self._text[self._at + 1 : self._at + 2] not in ("]", "")
            ):
                self._at += 1
                last = self._member()
                if isinstance(last, str) or last < first:
                    raise self._error("a range whose ends are in the wrong order")
                items.append((first, last))
            else:
                items.append(first if isinstance(first, str) else (first, first))
        self._at += 1
        return _set_of(items, negated)

    def _member(self) -> int | str:
        """A character of a set, or the name of a class."""
        character = self._take()
        if character != "\\":
            return ord(character)
        escaped = self._take()
        if escaped.lower() in _CLASSES:
            return escaped
        return ord("\b" if escaped == "b" else self._escaped(escaped))

    def _repeated(self, part: _Part) -> _Part:
        bounds = self._bounds()
        if bounds is None:
            return part
        least, most = bounds
        if most is not None and most < least:
            raise self._error("a repetition whose bounds are in the wrong order")
        if max(least, most or 0) > _MAX_REPEATS:
            raise self._error(f"a repetition of more than {_MAX_REPEATS}")
        # Lazily or not, the same whole texts fit.
        self._skip("?")
        if self._peek() in ("*", "+", "?") or self._counted() is not None:
            raise self._error("a repetition of a repetition; put the inner one into a group")
        if most is None:
            return _Part(f"(?:{part.source}){{{least},}}", 1 + (least + 1) * part.states + 2)
        states = 1 + least * part.states + (most - least) * (1 + part.states)
        return _Part(f"(?:{part.source}){{{least},{most}}}", states)

    def _bounds(self) -> tuple[int, int | None] | None:
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if self._peek() in simple:
            return simple[self._take()]
        counted = self._counted()
        if counted is None:
            return None
        self._at, least, most = counted
        return least, most

    def _counted(self) -> tuple[int, int, int | None] | None:
        """``{n}``, ``{n,}``, ``{n,m}`` or ``{,m}`` from here: where it ends and its bounds. Any other brace is a character."""
        end = self._text.find("}", self._at)
        if self._peek() != "{" or end < 0:
            return None
        low, comma, high = self._text[self._at + 1 : end].partition(",")
        if not all(part == "" or (part.isascii() and part.isdigit() and len(part) <= 6) for part in (low, high)):
            return None
        if not comma:
            return (end + 1, int(low), int(low)) if low else None
        return (end + 1, int(low or 0), int(high) if high else None) if low or high else None


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern ready to be matched."""

    compiled: Any
    """RE2's form of it, which no stub file describes."""

    def fits(self, text: str) -> bool:
        """Whether the whole ``text`` is of this form. A text longer than MAX_CHECKED_CHARACTERS is not."""
        return len(text) <= MAX_CHECKED_CHARACTERS and self.compiled.fullmatch(whole_text(text)) is not None


def compile_pattern(text: str) -> Pattern:
    """Compile a pattern; ``(?i)`` at its beginning makes it match any case. Raises PatternError."""
    if len(text) > MAX_PATTERN_CHARACTERS:
        raise PatternError(f"it has {len(text)} characters, at most {MAX_PATTERN_CHARACTERS} are allowed")
    whole = _Reader(text.removeprefix(_IGNORE_CASE)).whole()
    if whole.states > MAX_PATTERN_STATES:
        raise PatternError(f"it needs more than {MAX_PATTERN_STATES} states; repeat less")
    options = re2.Options()
    options.case_sensitive = not text.startswith(_IGNORE_CASE)
    options.log_errors = False
    options.max_mem = _MAX_MEMORY_BYTES
    options.never_capture = True
    try:
        return Pattern(re2.compile(whole.source, options))
    except re2.error:
        # RE2 knows all that is written here and refuses only its size.
        raise PatternError(r"it needs too much memory; repeat \w, \d and \s less") from None
