"""What happens on a call, as it happens, for whoever watches: the entries of its log.

A watcher that reads too slowly loses entries and is told how many; the call never waits for it. Entries are made into dictionaries only while
somebody watches.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Any

from callwright.domain.limits import MAX_LIVE_BACKLOG

Entry = dict[str, Any]


class _Watcher:
    """One reader: what it has not read yet, and how much it lost."""

    def __init__(self) -> None:
        self.backlog: deque[Entry] = deque()
        self.dropped = 0
        self.over = False
        self.news = asyncio.Event()

    def push(self, entry: Entry) -> None:
        if len(self.backlog) >= MAX_LIVE_BACKLOG:
            self.dropped += 1
        else:
            if self.dropped:
                self.backlog.append({"type": "dropped", "count": self.dropped})
                self.dropped = 0
            self.backlog.append(entry)
        self.news.set()

    def end(self) -> None:
        self.over = True
        self.news.set()


class LiveCalls:
    """The calls of this process that can be watched."""

    def __init__(self) -> None:
        self._watchers: dict[str, list[_Watcher]] = {}

    def open(self, execution_id: str) -> None:
        """A call begins."""
        self._watchers.setdefault(execution_id, [])

    def close(self, execution_id: str) -> None:
        """The call is over: its watchers read what is left and end."""
        for watcher in self._watchers.pop(execution_id, ()):
            watcher.end()

    def has(self, execution_id: str) -> bool:
        """Whether this process runs the call."""
        return execution_id in self._watchers

    def publish(
        self, execution_id: str, seq: int, at_us: int, section: str, direction: str, name: str, values: Mapping[str, Any]
    ) -> None:
        """An entry was written to the call's log."""
        watchers = self._watchers.get(execution_id)
        if not watchers:
            return
        entry = {"seq": seq, "at": at_us, "sec": section, "dir": direction, "type": name, "v": values}
        for watcher in watchers:
            watcher.push(entry)

    async def watch(self, execution_id: str) -> AsyncIterator[Entry]:
        """The entries from now to the call's end; ends at once when this process does not run the call.

        ``{"type": "dropped", "count": n}`` stands where entries were lost.
        """
        watchers = self._watchers.get(execution_id)
        if watchers is None:
            return
        watcher = _Watcher()
        watchers.append(watcher)
        try:
            while True:
                while watcher.backlog:
                    yield watcher.backlog.popleft()
                if watcher.dropped:
                    lost, watcher.dropped = watcher.dropped, 0
                    yield {"type": "dropped", "count": lost}
                if watcher.over:
                    return
                watcher.news.clear()
                await watcher.news.wait()
        finally:
            if watcher in watchers:
                watchers.remove(watcher)
