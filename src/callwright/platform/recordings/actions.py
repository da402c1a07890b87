"""Waveforms of recordings, made when they are asked for, off the event loop."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field

from callwright.insight.view import view_of
from callwright.media.peaks import Peaks, peaks_of
from callwright.platform.accounts.rules import Principal
from callwright.platform.call_logs.actions import CallLog, call_log_of
from callwright.platform.executions.rules.attempts import recording_name
from callwright.platform.services import Services, missing


@dataclass(frozen=True, slots=True)
class Waveform:
    """A recording that can be shown. ``tag`` is its entity tag: another one when the file changes."""

    path: str
    tag: str
    per_second: int
    _call: CallLog = field(repr=False)

    async def made(self) -> tuple[float, Peaks]:
        """Where the recording begins in milliseconds since the attempt began, and its peaks. Raises NotFoundError."""
        return await asyncio.to_thread(self._made)

    def _made(self) -> tuple[float, Peaks]:
        answered_us = view_of(self._call.log.decode()).answered_us if self._call.log else None
        try:
            return (answered_us or 0) / 1000, peaks_of(self.path, self.per_second)
        except OSError:
            # Deleted meanwhile, or cut off by a full disk.
            raise missing("recording") from None


async def waveform_of(
    services: Services, principal: Principal, execution_id: str, attempt: int | None, per_second: int
) -> Waveform:
    """The waveform of the recording of an attempt. Raises NotFoundError."""
    call = await call_log_of(services, principal, execution_id, attempt)
    path = await asyncio.to_thread(services.recordings.path, call.execution.id, recording_name(call.attempt))
    if path is None:
        raise missing("recording")
    file = await asyncio.to_thread(os.stat, path)
    return Waveform(path, f'"{file.st_size:x}-{file.st_mtime_ns:x}-{per_second}"', per_second, call)
