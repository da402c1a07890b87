"""Processes that run calls watch each other: each beats once a second, less often without calls, and settles those that stopped beating.

Death is judged by the watcher's own successful reads: a counter that has not moved over 20 s of them. Clocks of different
machines are never compared, and time without a database does not count, so an outage kills nobody when it ends.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from callwright.call.live.deps import RuntimeDeps
from callwright.call.live.pacer_clock import PacerClock
from callwright.call.process.control import LocalCalls
from callwright.call.process.incarnation import Incarnation, NodeFile
from callwright.call.process.orphaned_claims import OrphanedClaims
from callwright.call.process.settle import settle_node
from callwright.domain.errors import StaleOwnerError, UnavailableError
from callwright.domain.limits import NODE_DEAD_SECONDS
from callwright.ops.rounds import round_boundary
from callwright.platform.executions.rules.execution import Execution
from callwright.platform.nodes.rules import NodeView

_LOG = logging.getLogger(__name__)

BEAT_SECONDS, REST_BEAT_SECONDS = 1.0, 3.0
"""Between two heartbeats, and without calls. Admission counts the processes of the last 5 seconds."""
MOST_BETWEEN_READS_US = 4_000_000
"""Of a longer gap between two reads only this much counts: the watcher itself may have been stopped."""


@dataclass(slots=True)
class _Seen:
    """What is known of another node: its counter, and for how long it has stood still."""

    counter: int
    still_us: int = 0


class Watch:
    """Judges which nodes are dead. Pure: it is told what was read and when."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}
        self._last_us: int | None = None

    def read(self, nodes: Iterable[NodeView], now_us: int) -> list[str]:
        """A successful read at ``now_us``. Returns the incarnations to settle: dead ones, and stopped ones that left something."""
        passed_us = 0 if self._last_us is None else min(now_us - self._last_us, MOST_BETWEEN_READS_US)
        self._last_us = now_us
        seen: dict[str, _Seen] = {}
        dead: list[str] = []
        for node in nodes:
            before = self._seen.get(node.incarnation)
            if before is None or before.counter != node.counter:
                seen[node.incarnation] = _Seen(node.counter)
            else:
                before.still_us += passed_us
                seen[node.incarnation] = before
            if node.stopped or seen[node.incarnation].still_us >= NODE_DEAD_SECONDS * 1_000_000:
                dead.append(node.incarnation)
        self._seen = seen
        return dead


class Node:
    """This process as a node: its name in the ledger, its heartbeat and its watch over the others."""

    def __init__(self, deps: RuntimeDeps, calls: LocalCalls, pacer: PacerClock) -> None:
        self._deps = deps
        self._pacer = pacer
        self._calls = calls
        self._file = NodeFile(deps.data_folder)
        self._watch = Watch()
        self.incarnation = Incarnation(deps.ids.uuid())

    async def start(self) -> None:
        """Settle the predecessors on this data folder, then appear in the ledger. Raises UnavailableError."""
        dead = await asyncio.to_thread(self._file.take, self.incarnation.id)
        for incarnation in dead:
            await settle_node(self._deps, incarnation)
        async with self._deps.ledger.unit() as unit:
            await unit.nodes.beat(self.incarnation.id, self._deps.settings.node_name)

    async def run(self, orphaned: OrphanedClaims) -> None:
        """Beat, watch, and take up what this process owns and does not run, until cancelled."""
        owns = True
        while True:
            if owns or self._calls.some.is_set():
                await self._deps.clock.sleep(BEAT_SECONDS)
            else:
                with suppress(TimeoutError):
                    async with asyncio.timeout(REST_BEAT_SECONDS):
                        await self._calls.some.wait()
            owns = True
            # One odd row must not stop the heartbeat, or this process would be taken for dead.
            with round_boundary("the heartbeat and the watch over other processes"):
                try:
                    owns = await self._beat(orphaned)
                except UnavailableError as error:
                    _LOG.warning("no heartbeat: %s", error)

    async def stop(self) -> None:
        """End in order."""
        try:
            async with self._deps.ledger.unit() as unit:
                await unit.nodes.stopped(self.incarnation.id)
        except UnavailableError as error:
            _LOG.warning("the end of this process could not be told: %s", error)
            return
        await asyncio.to_thread(self._file.release)

    async def _beat(self, orphaned: OrphanedClaims) -> bool:
        """Returns whether this process owns executions."""
        owned: list[Execution] = []
        late_ms = self._pacer.measure()
        async with self._deps.ledger.reading() as unit:
            try:
                beat = await unit.nodes.beat(self.incarnation.id, self._deps.settings.node_name, late_ms)
            except StaleOwnerError:
                await self._begin_anew()
                return True
            if beat.owns:
                owned = await unit.executions.owned_by(self.incarnation.id)
        self._calls.obey(owned)
        await orphaned.look(owned)
        for incarnation in self._watch.read(beat.others, self._deps.clock.monotonic_us()):
            await settle_node(self._deps, incarnation)
        return beat.owns

    async def _begin_anew(self) -> None:
        """Another process declared this one dead and settled its calls: end them here too, and go on under a new name."""
        _LOG.error("this process was declared dead by another one: its calls are ended and it goes on under a new name")
        self._calls.stop_all("Error", "node_lost")
        self.incarnation.id = self._deps.ids.uuid()
        await asyncio.to_thread(self._file.write, self.incarnation.id)
