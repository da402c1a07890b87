"""Port of storage: voices of vendors that organisations imported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from callwright.ports.catalogue import VoiceOffer


@dataclass(frozen=True, slots=True)
class ImportedVoice:
    """A voice that an organisation imported from its vendor."""

    tenant_id: str
    provider: str
    offer: VoiceOffer
    created_at: datetime


class ImportedVoices(Protocol):
    """Imported voices."""

    async def put(self, voice: ImportedVoice) -> bool:
        """Keep a voice, in place of the one with the same provider and id. False when there was one."""
        ...

    async def all(self, tenant_id: str) -> list[ImportedVoice]:
        """The organisation's voices, the oldest first."""
        ...

    async def delete(self, tenant_id: str, provider: str, voice_id: str) -> bool:
        """Forget a voice. False when there is none."""
        ...
