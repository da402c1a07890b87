"""Writes of a unit that are made together."""

from __future__ import annotations

from typing import Any

from callwright.storage.deferred import DeferringConnection


class Connection:
    """Keeps what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    async def execute(self, *arguments: Any) -> str:
        self.asked.append(arguments)
        return "done"

    async def fetchval(self, *arguments: Any) -> Any:
        self.asked.append(arguments)
        return 1


async def test_deferred_writes_are_one_statement_with_the_parameters_of_all() -> None:
    real = Connection()
    connection = DeferringConnection(real)
    await connection.defer("insert into a values ($1, $2, $1)", "x", "y")
    await connection.defer("delete from b", *())
    await connection.defer("update c set d = $11 where e = $1", *range(11))
    assert not real.asked
    await connection.flush()
    await connection.flush()
    assert real.asked == [
        (
            "with w0 as (insert into a values ($1, $2, $1)), w1 as (delete from b), w2 as (update c set d = $13 where e = $3) select",
            "x",
            "y",
            *range(11),
        )
    ]


async def test_a_statement_sees_what_was_deferred_before_it() -> None:
    real = Connection()
    connection = DeferringConnection(real)
    await connection.defer("delete from a where b = $1", 1)
    await connection.fetchval("select count(*) from a")
    assert real.asked == [("delete from a where b = $1", 1), ("select count(*) from a",)]


async def test_the_same_write_is_made_again_after_the_first() -> None:
    real = Connection()
    connection = DeferringConnection(real)
    for number in (1, 2):
        await connection.defer("insert into a values ($1)", number)
    assert real.asked == [("insert into a values ($1)", 1)]
    assert connection.is_deferred("insert into a values ($1)")
    await connection.flush()
    assert real.asked[1:] == [("insert into a values ($1)", 2)]
