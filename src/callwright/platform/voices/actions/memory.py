"""What a process remembers of voices: vendors' lists of them, and samples that were spoken."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from callwright.domain.limits import MAX_VOICE_CATALOGUES, MAX_VOICE_SAMPLES
from callwright.ports.catalogue import VoiceOffer


@dataclass(frozen=True, slots=True)
class VoiceList:
    """A vendor's list. ``read_at``: when it was read, None for never; ``failure``: why it could not be read the last time, in a sentence
    without secrets."""

    voices: Sequence[VoiceOffer] = ()
    read_at: datetime | None = None
    failure: str = ""
    due_at: datetime | None = None
    """When it is read again."""


@dataclass(slots=True)
class VoiceLists:
    """The lists that a process keeps, by organisation, provider and the times its keys were stored. ``reading``: those that are being
    read."""

    _kept: OrderedDict[tuple[str, str], tuple[tuple[datetime, ...], VoiceList]] = field(default_factory=OrderedDict)

    reading: dict[tuple[str, str, tuple[datetime, ...]], asyncio.Future[VoiceList]] = field(default_factory=dict)

    def get(self, organisation_id: str, provider: str, stored: tuple[datetime, ...]) -> VoiceList:
        """The list that was read with these keys, an empty one otherwise."""
        found = self._kept.get((organisation_id, provider))
        return found[1] if found is not None and found[0] == stored else VoiceList()

    def put(self, organisation_id: str, provider: str, stored: tuple[datetime, ...], read: VoiceList) -> None:
        """Keeps a list, in place of the least recently read where there are too many."""
        self._kept[organisation_id, provider] = (stored, read)
        self._kept.move_to_end((organisation_id, provider))
        while len(self._kept) > MAX_VOICE_CATALOGUES:
            self._kept.popitem(last=False)


@dataclass(slots=True)
class VoiceSamples:
    """The samples that a process keeps, by organisation and voice, and the organisations for which one is being spoken."""

    kept: OrderedDict[tuple[str, ...], bytes] = field(default_factory=OrderedDict)
    speaking: set[str] = field(default_factory=set)

    def keep(self, name: tuple[str, ...], wav: bytes) -> None:
        """Keeps a sample, in place of the least recently used where there are too many."""
        self.kept[name] = wav
        while len(self.kept) > MAX_VOICE_SAMPLES:
            self.kept.popitem(last=False)
