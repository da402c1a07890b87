"""Calls that a carrier has handed over, as tests know them: every call has the same keys, and the reports are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from callwright.domain.errors import UnavailableError
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.handover import CarrierCall, TalkEnd, TalkRecording


@dataclass
class Handed:
    """``ports.handover.HandedCalls`` that keeps the reports. ``keys``: those of every call; ``is_away``: it cannot keep the end of a talk
    now."""

    keys: Mapping[str, str]
    is_away: bool = False
    ends: list[tuple[CarrierCall, int, TalkEnd]] = field(default_factory=list)
    recordings: list[tuple[CarrierCall, int, TalkRecording]] = field(default_factory=list)

    async def access(self, carrier: str, call: CarrierCall) -> Access | None:
        return Access(self.keys)

    async def talk_ended(self, carrier: str, call: CarrierCall, proven: Access, handover: int, end: TalkEnd) -> None:
        assert proven == Access(self.keys)
        if self.is_away:
            raise UnavailableError("the database is away")
        self.ends.append((call, handover, end))

    async def talk_recorded(
        self, carrier: str, call: CarrierCall, proven: Access, handover: int, recording: TalkRecording
    ) -> None:
        assert proven == Access(self.keys)
        self.recordings.append((call, handover, recording))
