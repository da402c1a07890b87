"""First answers under idempotency keys, kept 24 hours."""

from __future__ import annotations

from typing import Any

from callwright.platform.idempotency.rules import HeldKey, Hold, IdempotentAnswer

KEPT = "interval '24 hours'"


class IdempotencyRows:
    """First answers under idempotency keys, kept 24 hours."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def begin(self, tenant_id: str, key: str, request_digest: str) -> IdempotentAnswer | HeldKey | None:
        """Claim the key for this unit. Returns the stored answer, or who holds the key, if there is one.

        A concurrent unit is waited for: the insertion blocks on its uncommitted row. When it commits, its answer is returned; when it is
        undone, this unit gets the key. A key without an answer (its work was never finished) or older than 24 hours is free.
        """
        found = await self._claim(tenant_id, key, request_digest, None)
        return None if isinstance(found, Hold) else found

    async def hold(
        self, tenant_id: str, key: str, request_digest: str, seconds: int
    ) -> Hold | IdempotentAnswer | HeldKey:
        """Hold the key for work that is no transaction: nobody else gets it for so many seconds, or until :meth:`release`. A :class:`Hold`
        when it is held now, else what :meth:`begin` returns. Commit at once."""
        return await self._claim(tenant_id, key, request_digest, seconds)

    async def find(self, tenant_id: str, key: str) -> IdempotentAnswer | HeldKey | None:
        """What is under the key, without a lock; None when it is free."""
        row = await self._connection.fetchrow(
            "select request_digest, http_status, body, held_until from idempotency where tenant_id = $1 and key = $2"
            f" and (http_status is not null or held_until >= now()) and created_at >= now() - {KEPT}",
            tenant_id,
            key,
        )
        if row is None:
            return None
        if row["http_status"] is None:
            return HeldKey(row["request_digest"], row["held_until"])
        return IdempotentAnswer(row["request_digest"], row["http_status"], row["body"])

    async def _claim(
        self, tenant_id: str, key: str, request_digest: str, seconds: int | None
    ) -> Hold | IdempotentAnswer | HeldKey:
        while True:
            claimed = await self._connection.fetchrow(
                "insert into idempotency as i (tenant_id, key, request_digest, held_until)"
                " values ($1, $2, $3, now() + make_interval(secs => $4))"
                " on conflict (tenant_id, key) do update set request_digest = excluded.request_digest, http_status = null,"
                " body = null, created_at = now(), held_until = excluded.held_until"
                " where (i.http_status is null and coalesce(i.held_until, '-infinity') < now())"
                f" or i.created_at < now() - {KEPT} returning held_until",
                tenant_id,
                key,
                request_digest,
                seconds,
            )
            if claimed is not None:
                return Hold(claimed["held_until"])
            found = await self.find(tenant_id, key)
            # None: retention removed it between the two statements, or it is free now; the next round gets it.
            if found is not None:
                return found

    async def release(self, tenant_id: str, key: str, hold: Hold) -> None:
        """Let go of a key that has no answer; nothing when somebody else holds it by now."""
        await self._connection.execute(
            "delete from idempotency where tenant_id = $1 and key = $2 and http_status is null and held_until = $3",
            tenant_id,
            key,
            hold.until,
        )

    async def keep(self, tenant_id: str, key: str, answer: IdempotentAnswer, hold: Hold) -> bool:
        """Keep the answer of work under a hold; False when somebody else has the key by now."""
        kept = await self._connection.fetchval(
            "update idempotency set http_status = $4, body = $5, created_at = now()"
            " where tenant_id = $1 and key = $2 and http_status is null and held_until = $3 returning true",
            tenant_id,
            key,
            hold.until,
            answer.http_status,
            answer.body,
        )
        return bool(kept)

    async def store(self, tenant_id: str, key: str, answer: IdempotentAnswer) -> None:
        """Keep the answer, in the same unit as the work."""
        await self._connection.execute(
            "insert into idempotency (tenant_id, key, request_digest, http_status, body) values ($1, $2, $3, $4, $5)"
            " on conflict (tenant_id, key) do update set request_digest = excluded.request_digest,"
            " http_status = excluded.http_status, body = excluded.body, created_at = now()",
            tenant_id,
            key,
            answer.request_digest,
            answer.http_status,
            answer.body,
        )
