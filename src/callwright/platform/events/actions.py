"""Reading the events of an account with a cursor, for programs without a public address."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass

from callwright.domain.errors import BadInputError, ExpiredCursorError
from callwright.domain.fields import not_among
from callwright.domain.limits import EVENT_POLL_SECONDS, MAX_EVENT_PAGE_BYTES, MAX_EVENTS_SCANNED
from callwright.platform.accounts.rules import Principal
from callwright.platform.batches.rules.batch import BatchStatus
from callwright.platform.events.rules import Event, EventPage, WantedEvents
from callwright.platform.executions.rules.execution import Status
from callwright.platform.services import Services

TYPES: tuple[str, ...] = (
    *(f"execution.{status}" for status in Status),
    *(f"batch.{status}" for status in BatchStatus),
)
"""Every type of event."""


@dataclass(frozen=True, slots=True)
class EventRequest:
    """Which events: those after the cursor ``after`` (empty: from the oldest), at most ``limit``, of ``types`` (None: all). With ``wait_s``
    an empty page comes after so long at the earliest."""

    after: str
    limit: int
    types: Sequence[str] | None
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ReadEvents:
    """A page of events and the cursor after it. ``has_more``: the next page is there already."""

    events: Sequence[Event]
    next_cursor: str
    has_more: bool


def types_in(text: str) -> tuple[str, ...]:
    """The types in a list with commas. ``execution`` and ``batch`` alone stand for all of theirs. Raises BadInputError."""
    found: list[str] = []
    for name in filter(None, (part.strip() for part in text.split(","))):
        matching = [one for one in TYPES if name in (one, one.partition(".")[0])]
        if not matching:
            raise not_among("types", ["execution", "batch", *TYPES], name)
        found += matching
    return tuple(dict.fromkeys(found))


async def read_events(services: Services, principal: Principal, asked: EventRequest) -> ReadEvents:
    """Events of the account after a cursor, without waiting. Raises BadInputError for a cursor that is none, ExpiredCursorError for one
    after which events were deleted."""
    tenant_id = principal.tenant_id
    after = _position(asked.after, tenant_id) if asked.after else 0
    wanted = WantedEvents(tenant_id, after, asked.limit, MAX_EVENT_PAGE_BYTES, MAX_EVENTS_SCANNED, asked.types)
    async with services.ledger.reading() as unit:
        page = await unit.events.page(wanted)
    if asked.after:
        _check(after, page)
    return ReadEvents(page.events, _cursor(page.next, tenant_id), page.next < page.last)


async def newest_cursor(services: Services, principal: Principal) -> str:
    """The cursor behind the newest event of the account: what comes after it is new."""
    tenant_id = principal.tenant_id
    async with services.ledger.reading() as unit:
        page = await unit.events.page(WantedEvents(tenant_id, 0, 1, MAX_EVENT_PAGE_BYTES, 1))
    return _cursor(page.last, tenant_id)


async def await_events(
    services: Services, principal: Principal, asked: EventRequest, is_gone: Callable[[], Awaitable[bool]]
) -> ReadEvents:
    """As :func:`read_events`, but an empty page comes only after ``wait_s``, or when the client ``is_gone``. No connection to the database
    is held while it waits."""
    found = await read_events(services, principal, asked)
    async with aclosing(services.ledger.new_events(principal.tenant_id, EVENT_POLL_SECONDS)) as news:
        with suppress(TimeoutError):
            async with asyncio.timeout(asked.wait_s):
                while not (found.events or found.has_more or await is_gone()):
                    await anext(news)
                    found = await read_events(services, principal, asked)
    return found


def cursor_behind(event: Event, principal: Principal) -> str:
    """The cursor behind one event."""
    return _cursor(event.position, principal.tenant_id)


def _check(after: int, page: EventPage) -> None:
    if after < page.pruned:
        raise ExpiredCursorError("events after this cursor are deleted: they were older than CALLWRIGHT_EVENT_DAYS")
    if after > page.last:
        raise ExpiredCursorError("this cursor is ahead of the newest event: the database was restored from a backup")


def _cursor(position: int, tenant_id: str) -> str:
    text = f"{position}.{_mark(position, tenant_id)}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _position(cursor: str, tenant_id: str) -> int:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        number, _, mark = base64.b64decode(padded, b"-_", validate=True).decode("ascii").partition(".")
        if mark == _mark(int(number), tenant_id):
            return int(number)
    except ValueError:
        pass
    raise BadInputError("after must be a next_cursor of an earlier answer to the same account", field="after")


def _mark(position: int, tenant_id: str) -> str:
    """Tells cursors of another account, and mistyped ones, from good ones. It protects nothing: each account has positions of its own."""
    return hashlib.blake2b(f"{tenant_id}.{position}".encode(), digest_size=6).hexdigest()
