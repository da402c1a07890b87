"""First answers under idempotency keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class IdempotentAnswer:
    """The first answer under an idempotency key. ``request_digest`` tells whether the same key came with other content."""

    request_digest: str
    http_status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class HeldKey:
    """An idempotency key under which somebody works outside of a transaction, until ``until`` at the latest."""

    request_digest: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """An idempotency key that is held by who gets this, until ``until``; that tells it from every later hold of the same key, too."""

    until: datetime
