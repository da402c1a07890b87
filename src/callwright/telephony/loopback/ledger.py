"""The loopback carrier's own account of its calls, apart from the platform's: what a proof compares with ours."""

from __future__ import annotations

import json
import os
from pathlib import Path

from callwright.ops.clock import SystemClock
from callwright.telephony.loopback.observer import LineMoment

_KEPT = frozenset({"dialled", "ringing", "answered", "transferred", "closed"})


class DialLedger:
    """A ``LineObserver`` that appends a line of JSON for each dial and each change of a call, and no words.

    A line is written before whoever dialled hears of it, so it outlives a server that is killed. Several servers may write one file.
    """

    def __init__(self, path: Path) -> None:
        """Raises OSError when the file cannot be opened."""
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._clock = SystemClock()

    def __call__(self, moment: LineMoment) -> None:
        """Take notice."""
        if moment.kind not in _KEPT:
            return
        line = {
            "at": self._clock.now().isoformat(),
            "kind": moment.kind,
            "call": moment.call,
            "callback_id": moment.callback_id,
            "text": moment.text,
            "at_ms": moment.at_ms,
        }
        # One write of a short line to a file opened for appending is whole, whoever else writes.
        os.write(self._descriptor, json.dumps(line, separators=(",", ":")).encode() + b"\n")
