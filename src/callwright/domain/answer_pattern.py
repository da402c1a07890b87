"""Patterns that answers are checked against, matched in time proportional to pattern times text, whoever wrote the pattern.

The usual backtracking engine takes exponential time for some patterns (``(a+)+$``), and these patterns come from outside. Here a pattern is
compiled into a list of states, and all the states it can be in are moved on together, character by character (Thompson's construction): no
input makes that slower than MAX_PATTERN_STATES times the length of the text. What cannot be matched that way, look-around and references
to groups, is refused by name. A pattern must fit the whole text; ``^`` and ``$`` may be written and change nothing at the ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from callwright.domain.limits import MAX_CHECKED_CHARACTERS, MAX_PATTERN_CHARACTERS, MAX_PATTERN_STATES

_MAX_GROUPS_DEEP = 20
_MAX_REPEATS = MAX_PATTERN_STATES
_SHORT = frozenset("dwsDWS")
_CONTROL = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "0": "\0"}
_ANCHORS = {"b": "edge", "B": "inside", "A": "begin", "Z": "end"}
_PLAIN_GROUPS = ("?:", "?P<", "?<")
_LOOKING = ("?=", "?!", "?<=", "?<!")
_IGNORE_CASE = "(?i)"


class PatternError(ValueError):
    """A pattern that is not one, or that is not matched here. The message says where and why."""


@dataclass(frozen=True, slots=True)
class _Set:
    """One character out of ``items``: ranges (first, last), or the names d, w, s and their opposites D, W, S."""

    items: tuple[tuple[str, str] | str, ...]
    negated: bool = False

    def holds(self, character: str) -> bool:
        return any(_fits(item, character) for item in self.items) is not self.negated


def _fits(item: tuple[str, str] | str, character: str) -> bool:
    if isinstance(item, tuple):
        return item[0] <= character <= item[1]
    found = {"d": str.isdecimal, "w": _is_word, "s": str.isspace}[item.lower()](character)
    return found is not item.isupper()


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


_ANY = _Set((("\n", "\n"),), negated=True)


@dataclass(frozen=True, slots=True)
class _Anchor:
    kind: str


@dataclass(frozen=True, slots=True)
class _Repeat:
    part: _Node
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class _Choice:
    """One of ``ways``, each a run of parts."""

    ways: tuple[tuple[_Node, ...], ...]


_Node = _Set | _Anchor | _Repeat | _Choice


class _Reader:
    """Reads a pattern's text into nodes."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def whole(self) -> _Choice:
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

    def _choice(self) -> _Choice:
        ways: list[tuple[_Node, ...]] = []
        while True:
            ways.append(tuple(self._run()))
            if not self._skip("|"):
                return _Choice(tuple(ways))

    def _run(self) -> Iterator[_Node]:
        while self._peek() not in ("", "|", ")"):
            yield self._repeated(self._part())

    def _part(self) -> _Node:
        character = self._take()
        if character == "(":
            return self._group()
        if character == "[":
            return self._set()
        if character == "\\":
            return self._escape()
        if character == ".":
            return _ANY
        if character in "^$":
            return _Anchor("begin" if character == "^" else "end")
        if character in "*+?":
            self._at -= 1
            raise self._error(f"{character} has nothing to repeat")
        return _Set(((character, character),))

    def _group(self) -> _Choice:
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

    def _escape(self) -> _Node:
        character = self._take()
        if character in _SHORT:
            return _Set((character,))
        if character in _ANCHORS:
            return _Anchor(_ANCHORS[character])
        if character in "123456789k":
            raise self._error("references to groups are not supported")
        one = self._escaped(character)
        return _Set(((one, one),))

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

    def _set(self) -> _Set:
        negated = self._skip("^")
        items: list[tuple[str, str] | str] = []
        while not (items and self._peek() == "]"):
            first = self._member()
            if (
                isinstance(first, str)
                and self._peek() == "-"
                and self._text[self._at + 1 : self._at + 2] not in ("]", "")
            ):
                self._at += 1
                last = self._member()
                if not isinstance(last, str) or last < first:
                    raise self._error("a range whose ends are in the wrong order")
                items.append((first, last))
            else:
                items.append(first[0] if isinstance(first, tuple) else (first, first))
        self._at += 1
        return _Set(tuple(items), negated)

    def _member(self) -> str | tuple[str]:
        """A character of a set, or the name of a class in a tuple."""
        character = self._take()
        if character != "\\":
            return character
        escaped = self._take()
        if escaped in _SHORT:
            return (escaped,)
        return "\b" if escaped == "b" else self._escaped(escaped)

    def _repeated(self, part: _Node) -> _Node:
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
        return _Repeat(part, least, most)

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


@dataclass(slots=True)
class _Program:
    """The states of a pattern. ``steps``: a set or an anchor to pass, or the two states to be in at once; the last state is the end."""

    steps: list[_Set | _Anchor | tuple[int, int]] = field(default_factory=list)
    visited: int = 0

    def add(self, step: _Set | _Anchor | tuple[int, int]) -> int:
        """A further state; its number."""
        self._count()
        self.steps.append(step)
        return len(self.steps) - 1

    def _count(self) -> None:
        # Parts are visited also where they add no state: empty groups must not be repeated for ever.
        self.visited += 1
        if self.visited > MAX_PATTERN_STATES:
            raise PatternError(f"it needs more than {MAX_PATTERN_STATES} states; repeat less")

    def compile(self, node: _Node) -> None:
        """Append the states of ``node``; they end where the next state begins."""
        self._count()
        if isinstance(node, _Set | _Anchor):
            self.add(node)
        elif isinstance(node, _Choice):
            self._choice(node)
        else:
            self._repeat(node)

    def _choice(self, node: _Choice) -> None:
        to_end: list[int] = []
        for way in node.ways[:-1]:
            fork = self.add((0, 0))
            for part in way:
                self.compile(part)
            to_end.append(self.add((0, 0)))
            self.steps[fork] = (fork + 1, len(self.steps))
        for part in node.ways[-1]:
            self.compile(part)
        for at in to_end:
            self.steps[at] = (len(self.steps), len(self.steps))

    def _repeat(self, node: _Repeat) -> None:
        for _ in range(node.least):
            self.compile(node.part)
        if node.most is None:
            fork = self.add((0, 0))
            self.compile(node.part)
            self.add((fork, fork))
            self.steps[fork] = (fork + 1, len(self.steps))
            return
        forks: list[int] = []
        for _ in range(node.most - node.least):
            forks.append(self.add((0, 0)))
            self.compile(node.part)
        for fork in forks:
            self.steps[fork] = (fork + 1, len(self.steps))


@dataclass(frozen=True, slots=True)
class AnswerPattern:
    """A pattern ready to be matched."""

    steps: tuple[_Set | _Anchor | tuple[int, int], ...]
    ignore_case: bool

    def fits(self, text: str) -> bool:
        """Whether the whole ``text`` is of this form. A text longer than MAX_CHECKED_CHARACTERS is not."""
        if len(text) > MAX_CHECKED_CHARACTERS:
            return False
        states = self._closed([0], text, 0)
        for at, character in enumerate(text):
            passed: dict[_Set, bool] = {}
            onward: list[int] = []
            for state in states:
                step = self.steps[state] if state < len(self.steps) else None
                if not isinstance(step, _Set):
                    continue
                if step not in passed:
                    passed[step] = self._holds(step, character)
                if passed[step]:
                    onward.append(state + 1)
            states = self._closed(onward, text, at + 1)
            if not states:
                return False
        return len(self.steps) in states

    def _holds(self, step: _Set, character: str) -> bool:
        if not self.ignore_case:
            return step.holds(character)
        # One spelling of the letter must be in the set; a negated set must hold none of them.
        spellings = {character, character.lower(), character.upper()}
        return (all if step.negated else any)(step.holds(one) for one in sorted(spellings) if len(one) == 1)

    def _closed(self, states: list[int], text: str, at: int) -> list[int]:
        """``states`` and all that are reached from them without a character, each once."""
        seen: dict[int, None] = {}
        waiting = list(reversed(states))
        while waiting:
            state = waiting.pop()
            if state in seen:
                continue
            seen[state] = None
            step = self.steps[state] if state < len(self.steps) else None
            if isinstance(step, tuple):
                waiting.extend(step)
            elif isinstance(step, _Anchor) and _is_at(step.kind, text, at):
                waiting.append(state + 1)
        return list(seen)


def _is_at(kind: str, text: str, at: int) -> bool:
    if kind == "begin":
        return at == 0
    if kind == "end":
        return at == len(text)
    before = at > 0 and _is_word(text[at - 1])
    after = at < len(text) and _is_word(text[at])
    return (before is not after) is (kind == "edge")


def answer_pattern(text: str) -> AnswerPattern:
    """Compile a pattern. Raises PatternError."""
    if len(text) > MAX_PATTERN_CHARACTERS:
        raise PatternError(f"it has {len(text)} characters, at most {MAX_PATTERN_CHARACTERS} are allowed")
    ignore_case = text.startswith(_IGNORE_CASE)
    program = _Program()
    program.compile(_Reader(text.removeprefix(_IGNORE_CASE)).whole())
    return AnswerPattern(tuple(program.steps), ignore_case)
