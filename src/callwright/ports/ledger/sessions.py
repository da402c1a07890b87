"""Port of storage: sessions of the dashboard, and the codes of sign-in links."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from callwright.domain.session import Session


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session with the name of its key."""

    session: Session
    key_name: str


class Sessions(Protocol):
    """Sessions of the dashboard."""

    async def insert(self, session: Session) -> None:
        """A new session. The least recently used ones of its key beyond MAX_SESSIONS_OF_KEY end."""

    async def by_digest(self, digest: bytes) -> Session | None:
        """The session with that hash, ended ones included that are not deleted yet."""

    async def by_id(self, session_id: str) -> Session | None:
        """The session with that id, ended ones included that are not deleted yet."""

    async def used(self, session_id: str, at: datetime) -> None:
        """Note a use; a later one that is there stays."""

    async def of_tenant(self, tenant_id: str, holder: str | None, now: datetime) -> list[OpenSession]:
        """The MAX_LISTED_SESSIONS sessions of an account used last that have not ended at ``now``, the last used first; with ``holder``
        those of this member's keys only."""
        ...

    async def one_of_tenant(self, tenant_id: str, holder: str | None, session_id: str) -> OpenSession | None:
        """One of an account's sessions, or None; with ``holder`` only one of this member's keys."""

    async def delete(self, session_id: str) -> bool:
        """End a session. False when there is none."""
        ...

    async def insert_code(self, digest: bytes, tenant_id: str, created_at: datetime, expires_at: datetime) -> None:
        """The hash of a sign-in code of an account."""

    async def take_code(self, digest: bytes, now: datetime) -> str | None:
        """The account of a sign-in code, which is used up by it; None for one that is not known, used or expired."""
