"""Waiting for news from the database: one dedicated connection that LISTENs for the whole process and comes back after an outage."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import suppress
from typing import Any

from callwright.domain.errors import CallwrightError
from callwright.storage import failures
from callwright.storage.pool import open_connection

_LOG = logging.getLogger(__name__)

ADMITTED = "execution_admitted"
WAITING = "execution_waiting"
OUTBOX = "outbox_added"
CHANGED = "execution_changed"
EVENTS = "event_added"
BATCHES = "batch_changed"
BATCH_OUTBOX = "batch_outbox_added"
ORDERED = "event_ordered"
KEYS = "key_changed"

_NOTIFIED = (ADMITTED, WAITING, OUTBOX, EVENTS, BATCHES, BATCH_OUTBOX)

_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 5.0
_ANSWER_S = 20.0
_LOOK_S = 5.0
"""Between two looks: what was told of in a notice that got lost is found after so long."""
_GATHER_S = 1.0
"""From a loop's rest to the look for it. Others that come to rest in that time share it."""

# Whether there is anything at all that a loop might have to do, each answered by the first entry of an index, and
# the seconds until the next batch is due.
_LOOK = """
select
  exists (select from execution where phase = 'waiting' and detail <> 'prepared') as execution_waiting,
  exists (select from execution where phase = 'admitted') as execution_admitted,
  exists (select from outbox where state = 'waiting' and due_at < 'infinity') as outbox_added,
  exists (select from batch_outbox where state = 'waiting' and due_at < 'infinity') as batch_outbox_added,
  exists (select from batch where status in ('queued', 'running') or status = 'scheduled' and scheduled_at <= now()) as batch_changed,
  exists (select from event where position is null) as event_added,
  (select extract(epoch from min(scheduled_at) - now())::float8 from batch
    where status = 'scheduled' and scheduled_at > now()) as batch_in_s
"""


async def _within(seconds: float, event: asyncio.Event) -> None:
    """Until the event is set or the time is over."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


class Bell:
    """Wakes who waits; a ring that nobody heard is kept for the next one to wait, so that none is lost in between."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake everybody who waits, or the next to come."""
        self._event.set()

    async def wait(self, timeout_seconds: float) -> bool:
        """Until rung or the time is over; True when rung."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True


class Listener:
    """News from the database. While it is out of reach nothing rings; when it is back everything does, because news may be missed."""

    def __init__(self, dsn: str, keys_changed: Callable[[], None] = lambda: None) -> None:
        self._dsn = dsn
        self._keys_changed = keys_changed
        self.listening = False
        """Whether news would be heard now."""
        self._bells = {name: Bell() for name in _NOTIFIED}
        self._at_rest: set[str] = set()
        self._look_wanted = asyncio.Event()
        self._lost = Bell()
        self._followers: dict[str, set[Bell]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Connect and listen, in a task of its own."""
        self._task = asyncio.create_task(self._keep_listening(), name="storage listener")

    async def aclose(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def wait(self, channel: str, timeout_seconds: float, at_rest_seconds: float = 0.0) -> bool:
        """Until the channel rings (True) or the time is over, for one waiter of a channel. The time is ``at_rest_seconds``, if given, while
        looks for all channels find nothing for this one."""
        if not at_rest_seconds or not self.listening:
            return await self._bells[channel].wait(timeout_seconds)
        self._at_rest.add(channel)
        self._look_wanted.set()
        try:
            return await self._bells[channel].wait(at_rest_seconds)
        finally:
            self._at_rest.discard(channel)

    async def lost(self, timeout_seconds: float) -> bool:
        """Until the connection is lost (True) or the time is over, for one waiter."""
        return await self._lost.wait(timeout_seconds)

    async def changes(self, followed_id: str, heartbeat_seconds: float) -> AsyncGenerator[bool, None]:
        """True at once and each time the execution changed or the account has new events (several changes may come as one), False after so
        long a silence."""
        bell = Bell()
        bell.ring()
        self._followers.setdefault(followed_id, set()).add(bell)
        try:
            while True:
                yield await bell.wait(heartbeat_seconds)
        finally:
            followers = self._followers[followed_id]
            followers.discard(bell)
            if not followers:
                del self._followers[followed_id]

    async def _keep_listening(self) -> None:
        delay_s = _FIRST_DELAY_S
        while True:
            try:
                connection = await open_connection(self._dsn)
            except CallwrightError as error:
                _LOG.warning("cannot listen to the database, trying again in %.1f s: %s", delay_s, error.message)
                await asyncio.sleep(delay_s)
                delay_s = min(delay_s * 2, _LONGEST_DELAY_S)
                continue
            delay_s = _FIRST_DELAY_S
            try:
                await self._listen(connection)
            except CallwrightError as error:
                _LOG.warning("lost the connection that listens to the database: %s", error.message)
            finally:
                self.listening = False
                connection.terminate()
                self._lost.ring()
                # Who rests relies on the look.
                self._ring(self._at_rest)
            await asyncio.sleep(delay_s)

    async def _listen(self, connection: Any) -> None:
        """Returns when the server closed the connection; raises when it does not answer any more."""
        closed = asyncio.Event()

        def close(*_: object) -> None:
            closed.set()
            self._look_wanted.set()

        connection.add_termination_listener(close)
        with failures.translated(connecting=True):
            for channel in (*_NOTIFIED, CHANGED, ORDERED, KEYS):
                await connection.add_listener(channel, self._heard)
            self._ring_all()
            self._keys_changed()
            self.listening = True
            next_s = _LOOK_S
            while True:
                await _within(next_s, self._look_wanted)
                if self._look_wanted.is_set():
                    await _within(_GATHER_S, closed)
                self._look_wanted.clear()
                if closed.is_set():
                    return
                # It also finds out that a connection is dead of which nobody said so (a firewall that forgot it).
                found = await connection.fetchrow(_LOOK, timeout=_ANSWER_S)
                self._ring(name for name in self._at_rest if found[name])
                next_s = min(_LOOK_S, found["batch_in_s"] or _LOOK_S)

    def _heard(self, _connection: object, _pid: int, channel: str, payload: object) -> None:
        if channel == KEYS:
            self._keys_changed()
            return
        bell = self._bells.get(channel)
        if bell is not None:
            bell.ring()
            return
        for follower in self._followers.get(str(payload), ()):
            follower.ring()

    def _ring(self, names: Iterable[str]) -> None:
        for name in names:
            self._bells[name].ring()

    def _ring_all(self) -> None:
        for bell in self._bells.values():
            bell.ring()
        for followers in self._followers.values():
            for bell in followers:
                bell.ring()
