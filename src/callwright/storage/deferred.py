"""Writes that a unit defers: those whose result nobody waits for go to the database together, in one statement."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

_PARAMETER = re.compile(r"\$(\d+)")


class DeferringConnection:
    """The connection of one unit. A deferred write is made before any other statement of the unit and before its commit, so that the unit
    reads what it wrote; an error of it is raised there."""

    __slots__ = ("_arguments", "_connection", "_statements")

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._statements: list[str] = []
        self._arguments: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        # What sends no statement.
        return getattr(self._connection, name)

    async def defer(self, statement: str, *arguments: Any) -> None:
        """Write later. ``statement`` is one insert, update or delete without ``with``; the same one is made in its order. Others that are
        deferred together happen in no particular order and do not see each other: :meth:`flush` between those that must."""
        if statement in self._statements:
            await self.flush()
        self._statements.append(statement)
        self._arguments += arguments

    def is_deferred(self, statement: str) -> bool:
        """Whether such a write is still to be made."""
        return statement in self._statements

    async def flush(self) -> None:
        """Make the deferred writes."""
        if self._statements:
            text, arguments = _together(tuple(self._statements)), self._arguments
            self._statements, self._arguments = [], []
            await self._connection.execute(text, *arguments)

    async def execute(self, *arguments: Any) -> str:
        """As asyncpg's."""
        await self.flush()
        return str(await self._connection.execute(*arguments))

    async def executemany(self, *arguments: Any) -> None:
        """As asyncpg's."""
        await self.flush()
        await self._connection.executemany(*arguments)

    async def fetch(self, *arguments: Any) -> list[Any]:
        """As asyncpg's."""
        await self.flush()
        return list(await self._connection.fetch(*arguments))

    async def fetchrow(self, *arguments: Any) -> Any:
        """As asyncpg's."""
        await self.flush()
        return await self._connection.fetchrow(*arguments)

    async def fetchval(self, *arguments: Any) -> Any:
        """As asyncpg's."""
        await self.flush()
        return await self._connection.fetchval(*arguments)

    async def copy_records_to_table(self, *arguments: Any, **named: Any) -> str:
        """As asyncpg's."""
        await self.flush()
        return str(await self._connection.copy_records_to_table(*arguments, **named))


@lru_cache(maxsize=256)
def _together(statements: Sequence[str]) -> str:
    """One statement that makes several writes. Its parameters are theirs, one after the other."""
    if len(statements) == 1:
        return statements[0]
    parts: list[str] = []
    used = 0
    for number, statement in enumerate(statements):
        # Text and numbers of parameters take turns.
        pieces = _PARAMETER.split(statement)
        numbers = [int(one) for one in pieces[1::2]]
        pieces[1::2] = [f"${one + used}" for one in numbers]
        parts.append(f"w{number} as ({''.join(pieces)})")
        used += max(numbers, default=0)
    return f"with {', '.join(parts)} select"
