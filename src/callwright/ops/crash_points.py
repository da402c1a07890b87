"""Named steps of a call's and a batch's life: the places where ``make chaos`` kills a server.

In a server ``point`` does nothing. No setting, request or environment variable can change that: only a program that sets
``CRASH_POINTS.reached`` before it starts the server can, and that program (``proof.killed_server``) is not in the wheel.
"""

from __future__ import annotations

from collections.abc import Callable


class CrashPoints:
    """Who is told of the steps. ``reached`` is called with a step's name and need not return; None: nobody is told."""

    __slots__ = ("reached",)

    def __init__(self) -> None:
        self.reached: Callable[[str], None] | None = None


CRASH_POINTS = CrashPoints()


def point(name: str) -> None:
    """Marks a step. ``proof.crash_steps`` lists all names; ``...writing`` is inside a unit, before its commit, ``...written`` after it."""
    if CRASH_POINTS.reached is not None:
        CRASH_POINTS.reached(name)
