"""Port of storage: ambient tracks of accounts' own."""

from __future__ import annotations

from typing import Protocol

from callwright.domain.own_track import OwnTrack


class OwnTracks(Protocol):
    """Ambient tracks of accounts' own. A track never changes: another sound is another track."""

    async def insert(self, track: OwnTrack, pcm: bytes) -> None:
        """A new track with its sound (PCM at 8,000 Hz). ConflictError when the account has one of that name."""

    async def all(self, tenant_id: str) -> list[OwnTrack]:
        """The account's tracks, oldest first."""
        ...

    async def find(self, tenant_id: str, name: str) -> OwnTrack | None:
        """The account's track with that id, or else of that name."""

    async def pcm(self, tenant_id: str, track_id: str) -> bytes | None:
        """The sound of a track."""

    async def delete(self, tenant_id: str, track_id: str) -> bool:
        """Forget a track. False when there is none."""
        ...
