"""Processes watch each other: every one beats, and one whose counter no longer moves is settled by the others.

Death is never judged by comparing clocks. A reader counts the time of its *own successful reads* in which a counter stood still, so an outage of
the database, in which nobody can beat and nobody can read, kills nothing when it ends.
"""

from __future__ import annotations

import fcntl
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from callwright.call.settlement import Settlement
from callwright.domain.errors import StaleOwnerError, UnavailableError
from callwright.ports.ledger import Ledger, NodeView
from callwright.ports.world import Clock

_LOG = logging.getLogger(__name__)

BEAT_SECONDS = 1.0
DEAD_AFTER_US = 20_000_000
MOST_BETWEEN_READS_US = 5_000_000
"""Two successful reads further apart than this have an outage between them: the time is not counted."""


@dataclass(slots=True)
class _Watched:
    counter: int
    still_us: int = 0


class Reaper:
    """Decides who is dead from a series of readings. Pure: time comes with each reading."""

    def __init__(self, own: str) -> None:
        self._own = own
        self._last_us: int | None = None
        self._watched: dict[str, _Watched] = {}

    def read(self, nodes: list[NodeView], now_us: int) -> list[str]:
        """Take a successful reading; returns the incarnations that are dead by now (stopped ones that still own calls at once)."""
        passed = 0 if self._last_us is None else now_us - self._last_us
        self._last_us = now_us
        counted = passed if passed <= MOST_BETWEEN_READS_US else 0
        dead: list[str] = []
        watched: dict[str, _Watched] = {}
        for node in nodes:
            if node.incarnation == self._own:
                continue
            known = self._watched.get(node.incarnation)
            if known is None or known.counter != node.counter:
                known = _Watched(node.counter)
            else:
                known.still_us += counted
            watched[node.incarnation] = known
            if node.stopped or known.still_us >= DEAD_AFTER_US:
                dead.append(node.incarnation)
        self._watched = watched
        return dead


class IncarnationFiles:
    """One locked file per living process of a data folder: who can lock another's file knows that it is dead."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptor = -1

    def claim(self, incarnation: str) -> list[str]:
        """Enter ``incarnation`` and return those whose processes are gone. Their files stay until :meth:`forget`. Blocks briefly."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        gone = [path.name for path in sorted(self._folder.iterdir()) if _is_unlocked(path)]
        self._descriptor = os.open(self._folder / incarnation, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        return gone

    def forget(self, incarnation: str) -> None:
        """Its calls are settled."""
        (self._folder / incarnation).unlink(missing_ok=True)

    def release(self, incarnation: str) -> None:
        """This process ends in order."""
        if self._descriptor >= 0:
            self.forget(incarnation)
            os.close(self._descriptor)
            self._descriptor = -1


def _is_unlocked(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


class Node:
    """This process in the ledger: its heartbeat, and its watch over the others."""

    def __init__(self, ledger: Ledger, clock: Clock, settlement: Settlement, incarnation: str, name: str) -> None:
        self._ledger = ledger
        self._clock = clock
        self._settlement = settlement
        self._reaper = Reaper(incarnation)
        self.incarnation = incarnation
        self.name = name
        self.declared_dead = False

    async def run(self) -> None:
        """Beat and watch once a second until cancelled, or until another node declared this one dead (``declared_dead``)."""
        while True:
            try:
                async with self._ledger.unit() as unit:
                    await unit.nodes.beat(self.incarnation, self.name)
                    nodes = await unit.nodes.all()
                for dead in self._reaper.read(nodes, self._clock.monotonic_us()):
                    await self._settlement.settle(dead)
            except UnavailableError as error:
                _LOG.warning("the heartbeat waits for the database: %s", error.message)
            except StaleOwnerError as error:
                self.declared_dead = True
                _LOG.error("%s", error.message)
                return
            await self._clock.sleep(BEAT_SECONDS)

    async def stop(self) -> None:
        """Say that this process ended in order."""
        async with self._ledger.unit() as unit:
            await unit.nodes.stopped(self.incarnation)
