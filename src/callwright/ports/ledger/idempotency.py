"""Port of storage: first answers under idempotency keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


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


class Idempotency(Protocol):
    """First answers under idempotency keys, kept 24 hours."""

    async def begin(self, tenant_id: str, key: str, request_digest: str) -> IdempotentAnswer | HeldKey | None:
        """Claim the key for this unit (waits for a concurrent unit). Returns the stored answer, or who holds the key, if there is one."""

    async def store(self, tenant_id: str, key: str, answer: IdempotentAnswer) -> None:
        """Keep the answer, in the same unit as the work."""

    async def hold(
        self, tenant_id: str, key: str, request_digest: str, seconds: int
    ) -> Hold | IdempotentAnswer | HeldKey:
        """Hold the key for work that is no transaction: nobody else gets it for so many seconds, or until :meth:`release`. A :class:`Hold`
        when it is held now, else what :meth:`begin` returns. Commit at once."""
        ...

    async def find(self, tenant_id: str, key: str) -> IdempotentAnswer | HeldKey | None:
        """What is under the key, without a lock; None when it is free."""
        ...

    async def release(self, tenant_id: str, key: str, hold: Hold) -> None:
        """Let go of a key that has no answer; nothing when somebody else holds it by now."""

    async def keep(self, tenant_id: str, key: str, answer: IdempotentAnswer, hold: Hold) -> bool:
        """Keep the answer of work under a hold; False when somebody else has the key by now."""
        ...
