"""What the line was like: the facts its carrier and our own runtime noted, and how long it took to ring and to be answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callwright.insight.view import CallView

_OF_THE_LEG = ("line", "media", "quality", "one_way", "held", "moved", "refer_refused", "sip", "headers", "closed")
_QUALITY = (
    "rx_packets",
    "rx_lost",
    "rx_jitter_ms",
    "tx_packets",
    "tx_lost",
    "tx_jitter_ms",
    "rtt_ms",
    "jbuf_late",
    "jbuf_lost",
    "loss_from",
    "held_in_stack_ms_max",
    "tx_starved_frames",
)

_TOLD_BY_FAR_END = ("tx_lost", "tx_jitter_ms", "rtt_ms")

_BEST_R = 93.2
"""Transmission rating of the E-model (ITU-T G.107) with its default values and no impairment."""
_LOSS_ROBUSTNESS = 25.1
"""Bpl of G.711 with concealment of lost packets (ITU-T G.113, appendix I)."""
_PACKET_MS = 20
_CONVERSATIONAL_MS = 177.3
"""One-way delay from which people begin to speak over one another (ITU-T G.107, simplified delay impairment)."""


@dataclass(frozen=True, slots=True)
class DialTimes:
    """Milliseconds, None where there is nothing to measure.

    ``post_dial_delay``: from asking the carrier until somebody could hear that something happens: ringing, early media or the answer.
    What we prepare before we ask is no part of it. ``ring``: from ringing to the answer or the end; of a call that comes in, from when it
    was offered until we answered.
    """

    post_dial_delay: int | None
    ring: int | None


def dial_times(view: CallView) -> DialTimes:
    """The times before the answer."""
    asked, offered = view.first("dialling"), view.first("offered")
    answered = view.answered_us
    rings = [e.at_us for e in view.of("Ringing", "early_media") if answered is None or e.at_us <= answered]
    rang = min(rings) if rings else None if offered is None else offered.at_us
    taken = view.ended_us if answered is None else answered
    # A log that breaks off while it rings has no end to count to.
    is_over = answered is not None or view.first("LegEnded") is not None
    ring = _ms(rang, taken) if rang is not None and is_over else None
    if asked is None or (rang is None and answered is None):
        return DialTimes(None, ring)
    return DialTimes(_ms(asked.at_us, taken), 0) if rang is None else DialTimes(_ms(asked.at_us, rang), ring)


def _ms(began_us: int, ended_us: int) -> int:
    return max(0, ended_us - began_us) // 1000


def line_of(view: CallView) -> dict[str, Any] | None:
    """The line as one object, or None while its leg has noted nothing.

    Every key is always there: counters a carrier does not keep are null. ``one_way``: "" or what could not be heard, in the carrier's
    words or else by our own measure. ``rx`` is what comes from the far end, ``tx`` what it got of us.
    """
    if not view.of(*_OF_THE_LEG):
        return None
    times = dial_times(view)
    held_ms, holds = _holds(view)
    return {
        "frames_in": None,
        "frames_out": None,
        "starved_frames": None,
        "late_frames": None,
        "late_p99_ms": None,
        "caller_sound_from_ms": None,
        "voiced_frames": None,
        "unvoiced_frames": None,
        "speech_db": None,
        "noise_db": None,
        "clipped_frames": None,
        "clipped_from_ms": None,
        **_levels_of(_values(view, "line")),
        "codec": _values(view, "media").get("codec"),
        **quality_of(_values(view, "quality")),
        "one_way": _one_way(view),
        "holds": holds,
        "held_ms": held_ms,
        "moved_to": [str(e.values.get("target", "")) for e in view.of("moved")],
        "refer_refused": [dict(e.values) for e in view.of("refer_refused")],
        "post_dial_delay_ms": times.post_dial_delay,
        "ring_ms": times.ring,
        "provider_code": _values(view, "closed").get("provider_code"),
        "sip": _values(view, "sip") or None,
        "headers": _values(view, "headers"),
    }


def _levels_of(measured: Mapping[str, Any]) -> dict[str, Any]:
    """The fact ``line``. Where the pauses are digital silence, what is not voice are the first and last frames of words: they are no
    noise, and ``noise_db`` is null."""
    voiced, unvoiced = (int(measured.get(f"{kind}_frames") or 0) for kind in ("voiced", "unvoiced"))
    pauses = int(measured.get("frames_in") or 0) - voiced
    is_noise = unvoiced >= voiced or 2 * unvoiced >= pauses
    return {**measured} if is_noise else {**measured, "noise_db": None}


def quality_of(counters: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a fact ``quality``. A carrier without a count of lost packets, a websocket for instance, has its jitter buffer's.

    ``rx_mos`` and ``tx_mos`` are estimates by the E-model from loss, jitter and round-trip time.
    """
    quality = _reported(counters)
    if quality.get("rx_lost") is None and quality.get("jbuf_lost") is not None:
        quality = {**quality, "rx_lost": quality["jbuf_lost"], "loss_from": "jitter_buffer"}
    found = {name: quality.get(name) for name in _QUALITY}
    for way in ("rx", "tx"):
        loss = found[f"{way}_loss_percent"] = _loss_percent(quality, way)
        heard = loss is not None and quality.get(f"{way}_packets")
        found[f"{way}_mos"] = _mos(loss or 0.0, _delay_ms(quality, way)) if heard else None
    return found


def _delay_ms(quality: Mapping[str, Any], way: str) -> float:
    """From mouth to ear, as far as it is known: half the round trip, a packet, and a jitter buffer of twice the jitter."""
    return (quality.get("rtt_ms") or 0) / 2 + _PACKET_MS + 2 * (quality.get(f"{way}_jitter_ms") or 0)


def _mos(loss_percent: float, delay_ms: float) -> float:
    """The mean opinion score, 1 to 4.4, of G.711 over a line with this random loss and one-way delay."""
    by_delay = 0.024 * delay_ms + 0.11 * max(0.0, delay_ms - _CONVERSATIONAL_MS)
    by_loss = 95 * loss_percent / (loss_percent + _LOSS_ROBUSTNESS)
    rating = max(0.0, _BEST_R - by_delay - by_loss)
    return round(1 + 0.035 * rating + 7e-6 * rating * (rating - 60) * (100 - rating), 2)


def _values(view: CallView, fact: str) -> dict[str, Any]:
    entry = view.last(fact)
    return {} if entry is None else dict(entry.values)


def _reported(quality: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without what only the far end can tell, when it told nothing: what it lost of ours is then unknown, not none."""
    told = any(quality.get(name) for name in _TOLD_BY_FAR_END)
    return quality if told else {name: value for name, value in quality.items() if name not in _TOLD_BY_FAR_END}


def _loss_percent(quality: Mapping[str, Any], way: str) -> float | None:
    """Lost of all that were sent. Packets that came are counted by the receiver for ``rx``, all that we sent for ``tx``."""
    packets, lost = quality.get(f"{way}_packets"), quality.get(f"{way}_lost")
    if packets is None or lost is None:
        return None
    sent = packets + lost if way == "rx" else packets
    return round(100 * lost / sent, 2) if sent else 0.0


def _one_way(view: CallView) -> str:
    """What the carrier said at any time, else what we measured ourselves."""
    told = [str(e.values["one_way"]) for e in view.of("quality") if e.values.get("one_way")]
    measured = [str(e.values["what"]) for e in view.of("one_way")]
    return next(iter([*told, *measured]), "")


def _holds(view: CallView) -> tuple[int, int]:
    """Milliseconds the far end had us on hold, and how often. A hold that was not taken back lasted until the end."""
    held_us = holds = 0
    since: int | None = None
    for entry in view.of("held"):
        on = bool(entry.values.get("on"))
        if on and since is None:
            since = entry.at_us
            holds += 1
        elif not on and since is not None:
            held_us += entry.at_us - since
            since = None
    if since is not None:
        held_us += max(0, view.ended_us - since)
    return held_us // 1000, holds
