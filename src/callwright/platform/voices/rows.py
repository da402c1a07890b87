"""Voices of vendors that organisations imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from callwright.platform.voices.rules import ImportedVoice
from callwright.ports.catalogue import VoiceOffer


class ImportedVoiceRows:
    """Imported voices."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def put(self, voice: ImportedVoice) -> bool:
        """Keep a voice, in place of the one with the same provider and id. False when there was one."""
        inserted = await self._connection.fetchval(
            "insert into imported_voice (tenant_id, provider, voice_id, offer, created_at) values ($1, $2, $3, $4, $5)"
            " on conflict (tenant_id, provider, voice_id) do update set offer = excluded.offer returning xmax = 0",
            voice.tenant_id,
            voice.provider,
            voice.offer.voice_id,
            asdict(voice.offer),
            voice.created_at,
        )
        return bool(inserted)

    async def all(self, tenant_id: str) -> list[ImportedVoice]:
        """The organisation's voices, the oldest first."""
        rows = await self._connection.fetch(
            "select tenant_id, provider, offer, created_at from imported_voice where tenant_id = $1"
            " order by created_at, provider, voice_id",
            tenant_id,
        )
        return [ImportedVoice(**{**row, "offer": _offer(row["offer"])}) for row in rows]

    async def delete(self, tenant_id: str, provider: str, voice_id: str) -> bool:
        """Forget a voice. False when there is none."""
        gone = await self._connection.fetchval(
            "delete from imported_voice where tenant_id = $1 and provider = $2 and voice_id = $3 returning true",
            tenant_id,
            provider,
            voice_id,
        )
        return bool(gone)


def _offer(stored: Mapping[str, Any]) -> VoiceOffer:
    lists = {name: tuple(stored[name]) for name in ("languages", "use_case")}
    return VoiceOffer(**{**stored, **lists})
