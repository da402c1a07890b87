"""Voices of vendors that organisations imported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from callwright.ports.catalogue import VoiceOffer


@dataclass(frozen=True, slots=True)
class ImportedVoice:
    """A voice that an organisation imported from its vendor."""

    tenant_id: str
    provider: str
    offer: VoiceOffer
    created_at: datetime
