"""The columns of an execution, in one order, and how a row becomes the domain's Execution."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from callwright.platform.executions.rules.execution import Execution, Phase, Status

NAMES = tuple(field.name for field in fields(Execution))
COLUMNS = ", ".join(NAMES)
SHOWN = ", ".join("'{}'::json as agent" if name == "agent" else name for name in NAMES)
"""What is shown of an execution: not the agent it was placed with, which nobody reads in a list and which is large."""
_COUNT, _STATUS, _PHASE = len(NAMES), NAMES.index("status"), NAMES.index("phase")


def qualified(table: str) -> str:
    """The columns with a table's name or alias in front."""
    return ", ".join(f"{table}.{name}" for name in NAMES)


def execution_of(row: Any) -> Execution:
    """A row that begins with the columns above, in their order, as an Execution."""
    values = [*row]
    values[_STATUS], values[_PHASE] = Status(values[_STATUS]), Phase(values[_PHASE])
    # By position: a list of executions is read often, and naming forty columns costs more than reading them.
    return Execution(*values[:_COUNT])
