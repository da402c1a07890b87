"""The carrier ``loopback``: calls to synthetic callers in this process, in real time, with real audio. See docs/how-to/loopback.md."""

from __future__ import annotations

from callwright.ports.registry import Plugin
from callwright.telephony.loopback.carrier import LoopbackCarrier

PLUGINS = (
    Plugin(
        "carrier",
        "loopback",
        "synthetic callers in this process, in real time and with real audio",
        LoopbackCarrier.build,
    ),
)
