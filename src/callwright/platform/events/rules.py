"""Published changes of executions and batches in the order in which an account reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Event:
    """A published change. ``body`` is that of its webhook, frozen at the change; ``id`` is the webhook's. ``position`` orders the events of
    an account. ``about`` says what ``subject_id`` is: ``execution`` or ``batch``."""

    position: int
    id: str
    about: str
    subject_id: str
    status: str
    created_at: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class WantedEvents:
    """Those of ``tenant_id`` after the position ``after``, oldest first: at most ``limit``, and no more once they have ``max_bytes`` of
    bodies. ``types`` are ``execution.<status>`` or ``batch.<status>``; None: all. Of a long range only ``scanned`` positions are looked
    at."""

    tenant_id: str
    after: int
    limit: int
    max_bytes: int
    scanned: int
    types: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events, and the position to continue after. ``last`` is the account's newest position; up to ``pruned`` events were deleted because
    they were past their time."""

    events: Sequence[Event]
    next: int
    last: int
    pruned: int
