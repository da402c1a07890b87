"""Webhooks to deliver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """A published change and its webhook. ``body`` is frozen at the change; ``sequence`` orders the webhooks of one execution from 1. With
    an empty ``url`` it is an event that accounts read and no webhook."""

    id: str
    tenant_id: str
    execution_id: str
    sequence: int
    status: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    tries: int
    created_at: datetime
    gap: bool = False
    endpoint: str = ""
    """Where it goes, without secrets (``domain.webhook_address``)."""
    organisation_id: str = ""
    """Of the tenant; known of a leased entry only."""
    is_failing: bool = False
    """Whether the last try at its endpoint failed; known of a leased entry only."""
    is_probe: bool = False
    """Whether its endpoint is paused and this is a look whether it answers again; known of a leased entry only."""
    replays: int = 0
    """How often it was sent again after it was over."""
    hurried: bool = False
    """Whether this try was asked for and does not count."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a receiver answered that took a webhook."""

    entry_id: str
    http_status: int
    answer: str


@dataclass(frozen=True, slots=True)
class WebhookShare:
    """How many webhooks a worker sends at once for one organisation, and to one receiving host of it. ``under_way`` has those it sends
    already."""

    of_organisation: int
    of_receiver: int
    under_way: Sequence[OutboxEntry] = ()
    of_failing: int | None = None
    """How many of all may be under way to endpoints whose last try failed; None: any number. Each of them gets one at a time, and all
    of an organisation half of its places."""
