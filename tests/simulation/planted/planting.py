"""Planting a bug in the conversation core: a line of a function, a constant or a cell of a table is wrong while the context lasts.

Nothing of the core knows of it. A patch whose place does not look any more as it did when it was written raises ShapeChangedError: then the
planted bug has to be rewritten for the new code (or dropped with its reason), else it would plant nothing and prove nothing.
"""

from __future__ import annotations
import __future__

import importlib
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from callwright.conversation.table import PHASES

CORE = "callwright.conversation"
PURE = (f"{CORE}.", "callwright.insight.")
"""Where bugs are planted: a place is a module of the core, or "insight.module"."""


class ShapeChangedError(AssertionError):
    """The code a bug is planted in has changed. The message names the bug's place and what was expected there."""


@dataclass(frozen=True, slots=True)
class Line:
    """In ``place`` ("module:Class.method" or "module:function") the text ``was``, which stands there once, becomes ``becomes``."""

    place: str
    was: str
    becomes: str

    def plant(self) -> Callable[[], None]:
        """Put it in; returns what takes it out again."""
        module, owner, name = _found(self.place)
        old: Any = inspect.getattr_static(owner, name)
        code: Any = old.fget if isinstance(old, property) else old
        source = textwrap.dedent(inspect.getsource(code))
        if source.count(self.was) != 1:
            raise ShapeChangedError(
                f"{self.place} holds {source.count(self.was)} times, not once, what a planted bug replaces:"
                f"\n{self.was}\nRewrite that bug in tests/simulation/planted for the code as it is now."
            )
        changed = source.replace(self.was, self.becomes)
        built: dict[str, Any] = {}
        flags = __future__.annotations.compiler_flag
        exec(compile(changed, f"<planted in {self.place}>", "exec", flags, True), vars(module), built)
        return _put(owner, name, old, built[name])


@dataclass(frozen=True, slots=True)
class Constant:
    """The constant ``place`` ("module:NAME") is ``becomes`` everywhere in the core; it must have been ``was``."""

    place: str
    was: object
    becomes: object

    def plant(self) -> Callable[[], None]:
        """Put it in; returns what takes it out again."""
        _, owner, name = _found(self.place)
        if vars(owner)[name] != self.was:
            raise ShapeChangedError(
                f"{self.place} is {vars(owner)[name]!r} and not {self.was!r}: rewrite the planted bug"
            )
        return _put(owner, name, vars(owner)[name], self.becomes)


@dataclass(frozen=True, slots=True)
class Move:
    """In a table of moves ("module:MOVES") what happens to ``state`` by ``verb`` is ``becomes``; it must have been ``was``."""

    place: str
    state: str
    verb: str
    was: str
    becomes: str

    def plant(self) -> Callable[[], None]:
        """Put it in; returns what takes it out again."""
        _, owner, name = _found(self.place)
        row = vars(owner)[name].get(self.state, {})
        if row.get(self.verb) != self.was:
            raise ShapeChangedError(
                f"{self.place} {self.state} by {self.verb} is {row.get(self.verb)!r}, not {self.was!r}"
            )
        row[self.verb] = self.becomes
        return lambda: row.update({self.verb: self.was})


@dataclass(frozen=True, slots=True)
class Action:
    """What ``event`` does in ``phase`` is ``becomes``; it must have been ``was`` (``table.ACTIONS``)."""

    event: type
    phase: str
    was: str
    becomes: str

    def plant(self) -> Callable[[], None]:
        """Put it in; returns what takes it out again."""
        actions: dict[type, tuple[str, ...]] = vars(importlib.import_module(f"{CORE}.table"))["ACTIONS"]
        row, column = actions[self.event], PHASES.index(self.phase)
        if row[column] != self.was:
            raise ShapeChangedError(
                f"{self.event.__name__} in {self.phase} does {row[column]!r}, not {self.was!r}: rewrite the bug"
            )
        actions[self.event] = (*row[:column], self.becomes, *row[column + 1 :])
        return lambda: actions.update({self.event: row})


Patch = Line | Constant | Move | Action


@dataclass(frozen=True, slots=True)
class Bug:
    """A planted bug: its name, what goes wrong in a call, and how it is planted."""

    name: str
    effect: str
    patches: tuple[Patch, ...]


@contextmanager
def planted(patches: Sequence[Patch]) -> Iterator[None]:
    """The core with these bugs in it."""
    with ExitStack() as undo:
        for patch in patches:
            undo.callback(patch.plant())
        yield


def _found(place: str) -> tuple[ModuleType, Any, str]:
    """The module, the class or module that owns the thing, and its name."""
    module_name, _, path = place.partition(":")
    package = "callwright" if module_name.startswith("insight.") else CORE
    module = importlib.import_module(f"{package}.{module_name}")
    owner: Any = module
    *owners, name = path.split(".")
    try:
        for part in owners:
            owner = vars(owner)[part]
        inspect.getattr_static(owner, name)
    except (KeyError, AttributeError):
        raise ShapeChangedError(f"there is no {place} any more: rewrite the bug planted in it") from None
    return module, owner, name


def _put(owner: Any, name: str, old: object, new: object) -> Callable[[], None]:
    """Set ``new`` in place of ``old``, also in every pure module that imported it by its name."""
    holders = [owner]
    if isinstance(owner, ModuleType):
        modules = [module for path, module in sys.modules.items() if path.startswith(PURE) and module is not owner]
        holders += [module for module in modules if name in vars(module) and vars(module)[name] is old]
    for holder in holders:
        setattr(holder, name, new)

    def restore() -> None:
        for holder in holders:
            setattr(holder, name, old)

    return restore
