"""Ambient tracks of accounts' own, with their sound."""

from __future__ import annotations

from typing import Any

from callwright.platform.ambient_sounds.rules import OwnTrack

_COLUMNS = "id, tenant_id, name, duration_ms, created_at"


class OwnTrackRows:
    """Ambient tracks of accounts' own. A track never changes: another sound is another track."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def insert(self, track: OwnTrack, pcm: bytes) -> None:
        """A new track with its sound (PCM at 8,000 Hz). ConflictError when the account has one of that name."""
        await self._connection.execute(
            f"insert into own_track ({_COLUMNS}, pcm) values ($1, $2, $3, $4, $5, $6)",
            track.id,
            track.tenant_id,
            track.name,
            track.duration_ms,
            track.created_at,
            pcm,
        )

    async def all(self, tenant_id: str) -> list[OwnTrack]:
        """The account's tracks, oldest first."""
        rows = await self._connection.fetch(
            f"select {_COLUMNS} from own_track where tenant_id = $1 order by created_at, id", tenant_id
        )
        return [OwnTrack(**row) for row in rows]

    async def find(self, tenant_id: str, name: str) -> OwnTrack | None:
        """The account's track with that id, or else of that name."""
        row = await self._connection.fetchrow(
            f"select {_COLUMNS} from own_track where tenant_id = $1 and $2 in (id, name) order by id = $2 desc limit 1",
            tenant_id,
            name,
        )
        return OwnTrack(**row) if row else None

    async def pcm(self, tenant_id: str, track_id: str) -> bytes | None:
        """The sound of a track."""
        found = await self._connection.fetchval(
            "select pcm from own_track where tenant_id = $1 and id = $2", tenant_id, track_id
        )
        return None if found is None else bytes(found)

    async def delete(self, tenant_id: str, track_id: str) -> bool:
        """Forget a track. False when there is none."""
        gone = await self._connection.fetchval(
            "delete from own_track where tenant_id = $1 and id = $2 returning true", tenant_id, track_id
        )
        return bool(gone)
