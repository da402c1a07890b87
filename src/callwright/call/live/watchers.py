"""What happens on a call, as it happens, for whoever watches: the entries of its log.

A watcher that reads too slowly loses entries and is told how many; the call never waits for it. A call of another process is
followed by what that process has sent to the ledger, about a second behind.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Any

from callwright.call.live.logfile import EntryListener
from callwright.conversation.log import LogFormatError, read_log
from callwright.domain.limits import LIVE_RECENT_ENTRIES, MAX_LIVE_BACKLOG
from callwright.platform.executions.rules.execution import Phase
from callwright.platform.ledger import Ledger
from callwright.ports.world import Clock

LiveEvent = Mapping[str, Any]
LOOK_SECONDS = 0.5

_OVER = frozenset({Phase.FINISHING, Phase.DONE})


def live_event(seq: int, at_us: int, section: str, direction: str, name: str, values: Mapping[str, Any]) -> LiveEvent:
    """A log entry as a live event: ``id`` is its number in the log, ``event`` its type."""
    data = {"seq": seq, "at_us": at_us, "section": section, "direction": direction, "type": name, "values": values}
    return {"id": str(seq), "event": name, "data": data}


class _Watcher:
    """One reader: what it has not read yet, and how much it lost."""

    def __init__(self) -> None:
        self.backlog: deque[LiveEvent] = deque()
        self.dropped = 0
        self.news = asyncio.Event()

    def push(self, event: LiveEvent) -> None:
        """An event for this reader, lost when too many wait."""
        if len(self.backlog) >= MAX_LIVE_BACKLOG:
            self.dropped += 1
        else:
            self._tell_loss()
            self.backlog.append(event)
        self.news.set()

    def take(self) -> LiveEvent | None:
        """The next event, or None when there is none yet."""
        if not self.backlog:
            self._tell_loss()
        return self.backlog.popleft() if self.backlog else None

    def _tell_loss(self) -> None:
        if self.dropped:
            self.backlog.append({"event": "dropped", "data": {"count": self.dropped}})
            self.dropped = 0


class LiveCall:
    """One call of this process: its newest entries and its watchers."""

    def __init__(self) -> None:
        self.over = False
        self._recent: deque[tuple[int, int, str, str, str, Mapping[str, Any]]] = deque(maxlen=LIVE_RECENT_ENTRIES)
        self._watchers: list[_Watcher] = []
        self.listeners: list[EntryListener] = []

    def publish(self, seq: int, at_us: int, section: str, direction: str, name: str, values: Mapping[str, Any]) -> None:
        """An entry was written to the call's log (a ``logfile.EntryListener``)."""
        entry = (seq, at_us, section, direction, name, values)
        self._recent.append(entry)
        for watcher in self._watchers:
            watcher.push(live_event(*entry))
        for listener in self.listeners:
            listener(*entry)

    def end(self) -> None:
        """The call is over: watchers read what is left and end."""
        self.over = True
        for watcher in self._watchers:
            watcher.news.set()

    async def watch(self, after: int | None) -> AsyncIterator[LiveEvent]:
        """The entries from now on, or those after number ``after`` as far as they are kept."""
        watcher = _Watcher()
        if after is not None:
            for entry in self._recent:
                if entry[0] > after:
                    watcher.push(live_event(*entry))
        self._watchers.append(watcher)
        try:
            while True:
                event = watcher.take()
                if event is not None:
                    yield event
                elif self.over:
                    return
                else:
                    watcher.news.clear()
                    await watcher.news.wait()
        finally:
            self._watchers.remove(watcher)


class LiveCalls:
    """The calls that can be watched: those of this process at once, those of others through the ledger."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._calls: dict[str, LiveCall] = {}
        self._early: dict[str, list[EntryListener]] = {}

    def open(self, execution_id: str) -> LiveCall:
        """A call of this process begins."""
        call = self._calls[execution_id] = LiveCall()
        call.listeners = self._early.pop(execution_id, [])
        return call

    def listen(self, execution_id: str, listener: EntryListener) -> None:
        """Tell ``listener`` of every entry of a call of this process, at once. It may be asked for before the call begins."""
        self._early.setdefault(execution_id, []).append(listener)

    def close(self, execution_id: str) -> None:
        """The call is over."""
        self._early.pop(execution_id, None)
        call = self._calls.pop(execution_id, None)
        if call is not None:
            call.end()

    async def subscribe(self, execution_id: str, after: str | None) -> AsyncIterator[LiveEvent]:
        """Events ``{"id", "event", "data"}`` from now on, or those after the event with id ``after`` as far as they are kept. A call that
        waits is waited for; ends when the call has ended. ``{"event": "dropped", "data": {"count"}}`` stands where events were lost."""
        known = int(after) if after is not None and after.isascii() and after.isdigit() and len(after) < 16 else None
        while True:
            call = self._calls.get(execution_id)
            if call is not None:
                async for event in call.watch(known):
                    yield event
                return
            if await self._is_over(execution_id):
                return
            # Whoever was here before the call began sees it from its beginning.
            known = known or 0
            async for event in self._of_others(execution_id, known):
                known = int(event["id"])
                yield event
            await self._clock.sleep(LOOK_SECONDS)

    async def _is_over(self, execution_id: str) -> bool:
        async with self._ledger.unit() as unit:
            row = await unit.executions.get_any(execution_id)
        return row is None or row.phase in _OVER

    async def _of_others(self, execution_id: str, after: int) -> AsyncIterator[LiveEvent]:
        async with self._ledger.unit() as unit:
            data = await unit.logs.read(execution_id)
        if not data:
            return
        try:
            _, entries = await asyncio.to_thread(read_log, data.decode(errors="replace"))
        except LogFormatError:
            return
        for entry in entries:
            if entry.seq > after:
                yield live_event(entry.seq, entry.at_us, entry.section, entry.direction, entry.type, entry.values)
