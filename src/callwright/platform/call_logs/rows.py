"""Call logs in pieces."""

from __future__ import annotations

from typing import Any

from callwright.platform.call_logs.rules import LogChunk

# A shorter piece was read earlier: when it arrives late, it must not take the end of the log away again.
_APPEND = (
    "insert into call_log (execution_id, attempt, section, chunk, data)"
    " select * from unnest($1::text[], $2::integer[], $3::text[], $4::integer[], $5::bytea[])"
    " on conflict (execution_id, attempt, section, chunk) do update set data = excluded.data"
    " where excluded.section <> 'live' or length(excluded.data) >= length(call_log.data)"
)


class LogRows:
    """Call logs in pieces."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def append(self, *chunks: LogChunk) -> None:
        """Store pieces; the same (execution, attempt, section, chunk) again replaces one. NotFoundError without such an attempt."""
        rows = [(one.execution_id, one.attempt, one.section, one.chunk, one.data) for one in chunks]
        await self._connection.defer(_APPEND, *map(list, zip(*rows, strict=True)))

    async def read(self, execution_id: str, attempt: int | None = None, section: str | None = None) -> bytes:
        """The log of an attempt (by default the execution's present one): live section, then post section, or one of them. Empty when
        there is none."""
        rows = await self._connection.fetch(
            "select data from call_log"
            " where execution_id = $1 and attempt = coalesce($2, (select attempt from execution where id = $1))"
            " and section = coalesce($3, section) order by section, chunk",
            execution_id,
            attempt,
            section,
        )
        return b"".join(row["data"] for row in rows)
