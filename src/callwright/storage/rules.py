"""The tables of ``platform.executions.rules.execution`` as rows of the database, so that its constraints are those of the code."""

from __future__ import annotations

import hashlib
from typing import Any

from callwright.platform.batches.rules.batch import BATCH_TRANSITIONS
from callwright.platform.executions.rules.execution import BEGINNINGS, PHASES, STATUS_OF, TRANSITIONS

State = tuple[str, str, str, bool]
Pair = tuple[str, str]


def states() -> list[State]:
    """Every possible (phase, detail, status, must have an owner)."""
    return sorted(
        (phase.value, detail, status.value, PHASES[phase][1]) for (phase, detail), status in STATUS_OF.items()
    )


def status_transitions() -> list[Pair]:
    """Every allowed (status before, status after)."""
    return sorted((before.value, after.value) for before, afters in TRANSITIONS.items() for after in afters)


def phase_transitions() -> list[Pair]:
    """Every allowed (phase before, phase after)."""
    return sorted((before.value, after.value) for before, (afters, _) in PHASES.items() for after in afters)


def beginnings() -> list[tuple[str, str, str]]:
    """Every (direction, phase, detail) in which a new execution may begin."""
    return sorted(
        (direction, phase.value, detail) for direction, states in BEGINNINGS.items() for phase, detail in states
    )


def batch_transitions() -> list[Pair]:
    """Every allowed (batch status before, batch status after)."""
    return sorted((before.value, after.value) for before, afters in BATCH_TRANSITIONS.items() for after in afters)


def fingerprint() -> str:
    """Changes when any of the tables does."""
    tables = (states(), status_transitions(), phase_transitions(), beginnings(), batch_transitions())
    return hashlib.sha256(repr(tables).encode()).hexdigest()[:16]


async def write_rules(connection: Any) -> None:
    """Make the database's rows equal to the tables. Within a transaction; fails when executions stand in a state that was removed."""
    await connection.executemany(
        "insert into execution_state (phase, detail, status, owned) values ($1, $2, $3, $4)"
        " on conflict (phase, detail) do update set status = excluded.status, owned = excluded.owned",
        states(),
    )
    await connection.execute(
        "delete from execution_state where not (phase, detail) in (select * from unnest($1::text[], $2::text[]))",
        [state[0] for state in states()],
        [state[1] for state in states()],
    )
    for table, pairs in (
        ("status_transition", status_transitions()),
        ("phase_transition", phase_transitions()),
        ("batch_transition", batch_transitions()),
    ):
        await connection.execute(f"delete from {table}")
        await connection.executemany(f"insert into {table} (before, after) values ($1, $2)", pairs)
    await connection.execute("delete from execution_beginning")
    await connection.executemany(
        "insert into execution_beginning (direction, phase, detail) values ($1, $2, $3)", beginnings()
    )
