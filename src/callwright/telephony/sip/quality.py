"""How good the line of one call is: the stack's counters, our own, and whether audio flows in both directions. Pure."""

from __future__ import annotations

from collections.abc import Mapping

TICK_MS = 20
SILENT_TICKS = 3_000 // TICK_MS
"""So long nothing may come from a far end that is not on hold before it counts as audio in one direction only."""
LOST_PACKETS_LEAST = 100
LOST_SHARE = 0.9
REPORT_TICKS = 10_000 // TICK_MS

_COUNTERS = (
    "rx_packets",
    "rx_lost",
    "rx_jitter_ms",
    "tx_packets",
    "tx_lost",
    "tx_jitter_ms",
    "rtt_ms",
    "jbuf_late",
    "jbuf_lost",
)


class Quality:
    """Collects during a call. ``one_way`` is nothing, ``no_audio_from_caller`` or ``no_audio_to_caller``."""

    def __init__(self) -> None:
        self._counters: dict[str, float] = dict.fromkeys(_COUNTERS, 0)
        self._told_by_far_end = False
        self._silent_ticks = 0
        self._ticks = 0
        self._sent_before = (0.0, 0.0)
        self._deaf = False
        self.one_way = ""
        self.one_way_ever = ""
        self.held_bytes_max = 0
        self.starved_frames = 0

    def statistics(self, values: Mapping[str, float], key_packets: int = 0) -> None:
        """A report of the stack. Loss and jitter are the far end's and ours as of the last RTCP exchange; when the far end sends none, the
        jitter buffer's own count stands in for them (``loss_from``): to it, a packet that came too late to be played is lost.
        ``key_packets`` came beside the stack, which takes them for lost."""
        if not values:
            return
        told_before = self._told_by_far_end
        self._told_by_far_end = self._told_by_far_end or bool(
            values["rtt_ms"] or values["rx_jitter_ms"] or values["rx_lost"]
        )
        known_lost = self._counters["rx_lost"] if self._told_by_far_end == told_before else 0
        self._counters = {name: values[name] for name in _COUNTERS}
        if not self._told_by_far_end:
            self._counters["rx_lost"] = values["jbuf_lost"]
            self._counters["rx_jitter_ms"] = values.get("jbuf_jitter_ms", 0)
        # The stack's count of losses may be older than ours of keys; once lost, a packet stays lost.
        self._counters["rx_lost"] = max(known_lost, self._counters["rx_lost"] - key_packets)
        self._counters["rx_packets"] += key_packets
        packets, lost = values["tx_packets"], values["tx_lost"]
        sent, missed = packets - self._sent_before[0], lost - self._sent_before[1]
        if sent >= LOST_PACKETS_LEAST:
            self._deaf = missed >= LOST_SHARE * sent
            self._sent_before = (packets, lost)

    def tick(self, ticks: int, frames: int, *, expected: bool) -> bool:
        """``frames`` came in the last ``ticks`` ticks; ``expected``: the call is answered and nobody is on hold. Returns true when a report
        is due: now and then, and at once when audio begins or ends to flow in one direction only."""
        self._silent_ticks = self._silent_ticks + ticks if expected and not frames else 0
        silent = self._silent_ticks >= SILENT_TICKS
        now = "no_audio_from_caller" if silent else "no_audio_to_caller" if self._deaf else ""
        changed = now != self.one_way
        self.one_way = now
        self.one_way_ever = self.one_way_ever or now
        before, self._ticks = self._ticks, self._ticks + ticks
        return changed or self._ticks // REPORT_TICKS != before // REPORT_TICKS

    def held(self, held_bytes_max: int, starved_frames: int) -> None:
        """What the stack says about the audio it was given."""
        self.held_bytes_max = max(self.held_bytes_max, held_bytes_max)
        self.starved_frames = max(self.starved_frames, starved_frames)

    def values(self, *, final: bool) -> dict[str, float | str | bool]:
        """As the wire's ``quality`` message. At the end, ``one_way`` tells whether it ever was."""
        return {
            **{name: round(value, 3) for name, value in self._counters.items()},
            "loss_from": "rtcp" if self._told_by_far_end else "jitter_buffer",
            "one_way": self.one_way_ever if final else self.one_way,
            "held_in_stack_ms_max": self.held_bytes_max // 16,
            "tx_starved_frames": self.starved_frames,
            "final": final,
        }
