"""Patterns that tenants write, matched by RE2 in time proportional to the text.

The standard library's engine takes exponential time for some patterns, such as ``(a+)+$``. RE2 does not. This module reads a pattern in the
syntax of the standard library and hands it to RE2 in RE2's own. So an error names its place, and the limits of ``domain.limits`` hold.
Look-around and references to groups are refused by name. A pattern must fit the whole text. ``^`` and ``$`` are allowed and change nothing
at the ends.

Rules of a script (:class:`Searches`) search instead. RE2 reads them itself, its ``\\w`` is that of ASCII, and all of an answer share one
bound.

``\\d``, ``\\w``, ``\\s`` and ``\\b`` know every alphabet. RE2 compiles a pattern that repeats such a class for a tenth of a second, in
which no call has sound. So RE2 gets no characters but symbols. All characters that no set of the pattern tells apart are one symbol.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import re2

from callwright.domain.limits import (
    MAX_CHECKED_CHARACTERS,
    MAX_FILLED_CHARACTERS,
    MAX_PATTERN_CHARACTERS,
    MAX_PATTERN_STATES,
    MAX_SEARCH_STEPS,
)

_MAX_GROUPS_DEEP = 20
_MAX_REPEATS = MAX_PATTERN_STATES
_MAX_MEMORY_BYTES = 8 << 20
"""What RE2 may use for one pattern: more than any pattern within the limits needs."""
_MAX_SEARCH_MEMORY_BYTES = 256 << 10
"""What RE2 may use for one pattern that searches."""
_STEPS_TO_COMPILE = 500
"""Steps of a search that compiling one instruction counts for."""
_IN_TEMPLATE = re.compile(r"\\(?:g<([^<>]*)>|([1-9][0-9]?)|(.))", re.DOTALL)
_CONTROL = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "0": "\0"}
_ANCHORS = {"b": r"\b", "B": r"\B", "A": r"\A", "Z": r"\z"}
_PLAIN_GROUPS = ("?:", "?P<", "?<")
_LOOKING = ("?=", "?!", "?<=", "?<!")
_IGNORE_CASE = "(?i)"
_NOTHING = r"[^\x{0}-\x{10FFFF}]"
_FIRST_SYMBOL = 0xF0000
_WORD, _OTHER = "w", "-"
"""What stands around the symbol of a word character, or of another, in a pattern with edges: RE2's own edges are those of ASCII."""

_Range = tuple[int, int]
"""Code points, first and last."""


class PatternError(ValueError):
    """A pattern that is not one, or that is not matched here. The message says where and why."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a pattern in RE2's syntax, and how many states it counts for."""

    source: str
    states: int = 2


@dataclass(frozen=True, slots=True)
class _Set:
    """One character out of ``items``: ranges, or names of classes (d, w, s and their opposites D, W, S)."""

    items: tuple[_Range | str, ...]
    negated: bool = False


_CLASSES = frozenset("dws")
_SORTS = ("d", "w", "s", "")
"""Characters by the narrowest class they are in: digits are also word characters."""


def _sort_of(character: str) -> int:
    if character.isdecimal():
        return 0
    if character.isalnum() or character == "_":
        return 1
    return 2 if character.isspace() else 3


def _is_in(sort: int, name: str) -> bool:
    wanted = name.lower()
    return (_SORTS[sort] == wanted or (wanted == "w" and _SORTS[sort] == "d")) is not name.isupper()


_LAST_PLANE_WITH_LETTERS_END = 0x3FFFF


@cache
def _cased() -> tuple[str, ...]:
    """All characters that have another spelling. Some 50 ms of work, once."""
    return tuple(c for c in map(chr, range(_LAST_PLANE_WITH_LETTERS_END + 1)) if len(_spellings(c)) > 1)


def _spellings(character: str) -> list[str]:
    return [one for one in sorted({character, character.lower(), character.upper()}) if len(one) == 1]


class _Alphabet:
    """The symbols of a pattern. A symbol stands for all characters of one sort that lie between the same two bounds of its ranges. Where
    case does not count, it may stand for several such places: those of all spellings."""

    def __init__(self, sets: Iterable[_Set], *, ignore_case: bool, edges: bool) -> None:
        ranges = [item for one in sets for item in one.items if not isinstance(item, str)]
        self._starts = sorted({0, *(first for first, _ in ranges), *(last + 1 for _, last in ranges)})
        self._ignore_case = ignore_case
        self._edges = edges
        self._places = len(self._starts) * len(_SORTS)
        self._joined: dict[tuple[int, ...], int] = {}
        if ignore_case:
            for character in _cased():
                places = self._places_of(character)
                if len(places) > 1:
                    self._joined.setdefault(places, self._places + len(self._joined))

    def _place(self, character: str) -> int:
        return _sort_of(character) * len(self._starts) + bisect_right(self._starts, ord(character)) - 1

    def _places_of(self, character: str) -> tuple[int, ...]:
        return tuple(sorted({self._place(one) for one in _spellings(character)}))

    def written(self, text: str) -> str:
        """The text in symbols."""
        return "".join(self._written(character) for character in text)

    def _written(self, character: str) -> str:
        places = self._places_of(character) if self._ignore_case else (self._place(character),)
        symbol = chr(_FIRST_SYMBOL + (places[0] if len(places) == 1 else self._joined[places]))
        around = _WORD if _sort_of(character) < 2 else _OTHER
        return f"{around}{symbol}{around}" if self._edges else symbol

    def source(self, one: _Set) -> str:
        """The set in RE2's syntax."""
        places = {place for item in one.items for place in self._places_in(item)}
        symbols = places | {symbol for joined, symbol in self._joined.items() if not places.isdisjoint(joined)}
        if one.negated:
            symbols = set(range(self._places + len(self._joined))) - symbols
        members = _source(symbols)
        if not self._edges:
            return members
        return f"(?:{_WORD}{members}{_WORD}|{_OTHER}{members}{_OTHER})"

    def _places_in(self, item: _Range | str) -> Iterator[int]:
        width = len(self._starts)
        first, end = (
            (0, width) if isinstance(item, str) else (bisect_left(self._starts, at) for at in (item[0], item[1] + 1))
        )
        for sort in range(len(_SORTS)):
            if not isinstance(item, str) or _is_in(sort, item):
                yield from range(sort * width + first, sort * width + end)


def _source(symbols: Iterable[int]) -> str:
    runs: list[list[int]] = []
    for symbol in sorted(symbols):
        if runs and runs[-1][1] == symbol - 1:
            runs[-1][1] = symbol
        else:
            runs.append([symbol, symbol])
    if not runs:
        return _NOTHING
    return f"[{''.join(_range_of(first, last) for first, last in runs)}]"


def _range_of(first: int, last: int) -> str:
    return rf"\x{{{_FIRST_SYMBOL + first:X}}}-\x{{{_FIRST_SYMBOL + last:X}}}"


class _Reader:
    """Reads a pattern's text and writes it in RE2's syntax."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self.sets: dict[_Set, int] = {}
        """Each set with its number: ``<number>`` stands for it in the source."""
        self.edges = False

    def whole(self) -> _Part:
        found = self._choice()
        if self._at < len(self._text):
            raise self._error("a ) without its (")
        return found

    def _one_of(self, items: Iterable[_Range | str], negated: bool = False) -> _Part:
        number = self.sets.setdefault(_Set(tuple(items), negated), len(self.sets))
        return _Part(f"<{number}>")

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
            return self._one_of([(10, 10)], negated=True)
        if character in "^$":
            return _Part(r"\A" if character == "^" else r"\z")
        if character in "*+?":
            self._at -= 1
            raise self._error(f"{character} has nothing to repeat")
        return self._one_of([(ord(character), ord(character))])

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
            return self._one_of([character])
        if character in _ANCHORS:
            self.edges = self.edges or character in "bB"
            return _Part(_ANCHORS[character])
        if character in "123456789k":
            raise self._error("references to groups are not supported")
        code = ord(self._escaped(character))
        return self._one_of([(code, code)])

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
        return self._one_of(items, negated)

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
    alphabet: _Alphabet

    def fits(self, text: str) -> bool:
        """Whether the whole ``text`` is of this form. A text longer than MAX_CHECKED_CHARACTERS is not."""
        return len(text) <= MAX_CHECKED_CHARACTERS and self.compiled.fullmatch(self.alphabet.written(text)) is not None


def compile_pattern(text: str) -> Pattern:
    """Compile a pattern; ``(?i)`` at its beginning makes it match any case. Raises PatternError."""
    if len(text) > MAX_PATTERN_CHARACTERS:
        raise PatternError(f"it has {len(text)} characters, at most {MAX_PATTERN_CHARACTERS} are allowed")
    ignore_case = text.startswith(_IGNORE_CASE)
    reader = _Reader(text.removeprefix(_IGNORE_CASE))
    whole = reader.whole()
    if whole.states > MAX_PATTERN_STATES:
        raise PatternError(f"it needs more than {MAX_PATTERN_STATES} states; repeat less")
    alphabet = _Alphabet(reader.sets, ignore_case=ignore_case, edges=reader.edges)
    sets = [alphabet.source(one) for one in reader.sets]
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAX_MEMORY_BYTES
    options.never_capture = True
    source = re.sub(r"<(\d+)>", lambda found: sets[int(found[1])], whole.source)
    try:
        return Pattern(re2.compile(source, options), alphabet)
    except re2.error:
        # RE2 knows all that is written here and refuses only its size.
        raise PatternError("it needs too much memory; repeat less") from None


@dataclass(frozen=True, slots=True)
class Found:
    """A place where a pattern was found. ``groups``: what its groups matched, the whole match first."""

    groups: tuple[str, ...]
    named: dict[str, str]


class Searches:
    """The searches of one answer and the templates filled from them. All together take bounded time and make bounded text."""

    def __init__(self) -> None:
        self._steps = MAX_SEARCH_STEPS
        self._characters = MAX_FILLED_CHARACTERS

    def find(self, pattern: str, text: str) -> Found | None:
        """The first place in ``text`` that ``pattern`` fits, in any case; None without one. ``.`` fits a line's end too.

        Raises PatternError for a pattern that RE2 does not read, and for more than MAX_SEARCH_STEPS in all.
        """
        compiled = _compiled_search(pattern)
        self._steps -= compiled.programsize * (len(text) + _STEPS_TO_COMPILE)
        if self._steps < 0:
            raise PatternError("the patterns take too long for a text of this length; use fewer or shorter ones")
        match = compiled.search(text)
        return None if match is None else Found((match[0], *match.groups("")), match.groupdict(""))

    def filled(self, template: str, found: Found) -> str:
        """``template`` with ``\\1`` and ``\\g<name>`` replaced by what the groups matched.

        Raises PatternError for a group that is not there, and for more than MAX_FILLED_CHARACTERS in all.
        """
        self._use(len(template))
        pieces, end = [], 0
        for place in _IN_TEMPLATE.finditer(template):
            piece = _piece(place, found)
            self._use(len(piece))
            pieces += [template[end : place.start()], piece]
            end = place.end()
        return "".join([*pieces, template[end:]])

    def _use(self, characters: int) -> None:
        self._characters -= characters
        if self._characters < 0:
            raise PatternError(f"the filled texts have more than {MAX_FILLED_CHARACTERS} characters")


def _compiled_search(pattern: str) -> Any:
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        raise PatternError(f"it has {len(pattern)} characters, at most {MAX_PATTERN_CHARACTERS} are allowed")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAX_SEARCH_MEMORY_BYTES
    options.case_sensitive = False
    options.dot_nl = True
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        (why,) = error.args
        raise PatternError(why.decode(errors="replace")) from None


def _piece(place: re.Match[str], found: Found) -> str:
    name, number, escaped = place.groups()
    if escaped is not None:
        if escaped.isascii() and escaped.isalpha() and escaped not in _CONTROL:
            raise PatternError(f"\\{escaped} is not supported")
        return "\\" if escaped == "\\" else _CONTROL.get(escaped, place[0])
    group = number or name
    if group in found.named:
        return found.named[group]
    if not (group.isascii() and group.isdigit() and len(group) <= 3 and int(group) < len(found.groups)):
        raise PatternError(f"there is no group {group!r}")
    return found.groups[int(group)]
