"""First answers under idempotency keys, kept 24 hours."""

from __future__ import annotations

from typing import Any

from callwright.ports.ledger import IdempotentAnswer

KEPT = "interval '24 hours'"


class IdempotencyRows:
    """``ports.ledger.Idempotency``."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def begin(self, tenant_id: str, key: str, request_digest: str) -> IdempotentAnswer | None:
        """Claim the key for this unit. Returns the stored answer if there is one.

        A concurrent holder is waited for: the insertion below blocks on its uncommitted row. When it commits, its answer is
        returned; when it is undone, this unit gets the key. A key without an answer (its work was never finished) or older
        than 24 hours is free.
        """
        while True:
            claimed = await self._connection.fetchval(
                "insert into idempotency as i (tenant_id, key, request_digest) values ($1, $2, $3)"
                " on conflict (tenant_id, key) do update"
                " set request_digest = excluded.request_digest, http_status = null, body = null, created_at = now()"
                f" where i.http_status is null or i.created_at < now() - {KEPT} returning true",
                tenant_id,
                key,
                request_digest,
            )
            if claimed:
                return None
            row = await self._connection.fetchrow(
                "select request_digest, http_status, body from idempotency"
                " where tenant_id = $1 and key = $2 and http_status is not null",
                tenant_id,
                key,
            )
            # None: retention removed it between the two statements; then the key is free and the next round gets it.
            if row is not None:
                return IdempotentAnswer(**row)

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
