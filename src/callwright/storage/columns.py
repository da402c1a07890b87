"""The columns of an execution, in one order, and how a row becomes the domain's Execution."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from callwright.domain.execution import Execution, Phase, Status

NAMES = tuple(field.name for field in fields(Execution))
COLUMNS = ", ".join(NAMES)


def qualified(table: str) -> str:
    """The columns with a table's name or alias in front."""
    return ", ".join(f"{table}.{name}" for name in NAMES)


def execution_of(row: Any) -> Execution:
    """A row with exactly the columns above as an Execution."""
    values = dict(row)
    values["status"] = Status(values["status"])
    values["phase"] = Phase(values["phase"])
    return Execution(**values)
