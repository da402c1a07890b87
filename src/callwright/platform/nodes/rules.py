"""Processes that run calls."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node as the others see it."""

    incarnation: str
    name: str
    counter: int
    stopped: bool


@dataclass(frozen=True, slots=True)
class Beat:
    """What a node learns at its heartbeat: whether it owns executions, and every other node that has not stopped or still owns some."""

    owns: bool
    others: tuple[NodeView, ...]
