"""Ambient tracks of an account's own (contract 3.15)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from callwright.domain.errors import BadInputError
from callwright.domain.limits import MAX_NAME_CHARACTERS


@dataclass(frozen=True, slots=True)
class OwnTrack:
    """A track without its sound. An agent names it by ``id``, or by ``name`` where that has no spaces."""

    id: str
    tenant_id: str
    name: str
    duration_ms: int
    created_at: datetime


def parse_track_name(text: str, file_name: str) -> str:
    """The name of a track: as given, else the file's without its ending. Raises BadInputError."""
    name = text.strip() or file_name.rpartition(".")[0].strip() or file_name.strip()
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS or not name.isprintable():
        raise BadInputError(f"name must have 1 to {MAX_NAME_CHARACTERS} printable characters", field="name")
    return name
