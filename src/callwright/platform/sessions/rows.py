"""Sessions of the dashboard, and the codes of sign-in links."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from callwright.domain.limits import MAX_LISTED_SESSIONS, MAX_SESSIONS_OF_KEY, SESSION_IDLE_SECONDS
from callwright.platform.sessions.rules import OpenSession, Session

_COLUMNS = "id, tenant_id, key_id, digest, client, created_at, used_at, expires_at"

_VISIBLE = (
    "select s.*, k.name as key_name from dashboard_session s join api_key k on k.id = s.key_id"
    " where s.tenant_id = $1 and ($2::text is null or k.holder = $2)"
)


class SessionRows:
    """Sessions of the dashboard."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def insert(self, session: Session) -> None:
        """A new session. The least recently used ones of its key beyond MAX_SESSIONS_OF_KEY end."""
        # Two sign-ins with one key wait for each other, so that neither misses the session of the other.
        await self._connection.execute("select from api_key where id = $1 for no key update", session.key_id)
        await self._connection.execute(
            f"insert into dashboard_session ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8)",
            session.id,
            session.tenant_id,
            session.key_id,
            session.digest,
            session.client,
            session.created_at,
            session.used_at,
            session.expires_at,
        )
        await self._connection.execute(
            "delete from dashboard_session where id in (select id from dashboard_session where key_id = $1 and id <> $2"
            " order by used_at desc, id desc offset $3)",
            session.key_id,
            session.id,
            MAX_SESSIONS_OF_KEY - 1,
        )

    async def by_digest(self, digest: bytes) -> Session | None:
        """The session with that hash, ended ones included that are not deleted yet."""
        return await self._one("digest", digest)

    async def by_id(self, session_id: str) -> Session | None:
        """The session with that id, ended ones included that are not deleted yet."""
        return await self._one("id", session_id)

    async def _one(self, column: str, value: str | bytes) -> Session | None:
        row = await self._connection.fetchrow(f"select {_COLUMNS} from dashboard_session where {column} = $1", value)
        return Session(**row) if row else None

    async def used(self, session_id: str, at: datetime) -> None:
        """Note a use; a later one that is there stays."""
        await self._connection.execute(
            "update dashboard_session set used_at = greatest(used_at, $2) where id = $1", session_id, at
        )

    async def of_tenant(self, tenant_id: str, holder: str | None, now: datetime) -> list[OpenSession]:
        """The MAX_LISTED_SESSIONS sessions of an account used last that have not ended at ``now``, the last used first; with ``holder``
        those of this member's keys only."""
        rows = await self._connection.fetch(
            f"{_VISIBLE} and s.expires_at > $3 and s.used_at > $3 - interval '{SESSION_IDLE_SECONDS} seconds'"
            " and k.revoked_at is null and (k.expires_at is null or k.expires_at > $3)"
            f" order by s.used_at desc, s.id desc limit {MAX_LISTED_SESSIONS}",
            tenant_id,
            holder,
            now,
        )
        return [_open(row) for row in rows]

    async def one_of_tenant(self, tenant_id: str, holder: str | None, session_id: str) -> OpenSession | None:
        """One of an account's sessions, or None; with ``holder`` only one of this member's keys."""
        row = await self._connection.fetchrow(
            f"{_VISIBLE} and s.id = $3",
            tenant_id,
            holder,
            session_id,
        )
        return _open(row) if row else None

    async def delete(self, session_id: str) -> bool:
        """End a session. False when there is none."""
        done = await self._connection.execute("delete from dashboard_session where id = $1", session_id)
        return bool(done != "DELETE 0")

    async def insert_code(self, digest: bytes, tenant_id: str, created_at: datetime, expires_at: datetime) -> None:
        """The hash of a sign-in code of an account."""
        await self._connection.execute(
            "insert into sign_in_code (digest, tenant_id, created_at, expires_at) values ($1, $2, $3, $4)",
            digest,
            tenant_id,
            created_at,
            expires_at,
        )

    async def take_code(self, digest: bytes, now: datetime) -> str | None:
        """The account of a sign-in code, which is used up by it; None for one that is not known, used or expired."""
        tenant_id = await self._connection.fetchval(
            "delete from sign_in_code where digest = $1 and expires_at > $2 returning tenant_id", digest, now
        )
        return None if tenant_id is None else str(tenant_id)


def _open(row: Any) -> OpenSession:
    found = dict(row)
    key_name = found.pop("key_name")
    return OpenSession(Session(**found), key_name)
