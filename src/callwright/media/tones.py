"""Sounds of the telephone network as PCM at 8,000 Hz: ringing, busy, a machine's beep, the keys."""

from __future__ import annotations

import numpy as np

from callwright.media.framing import SAMPLE_RATE_HZ

_AMPLITUDE = 8_000

RINGBACK_HZ = (440, 480)
RINGING: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "us": (RINGBACK_HZ, (2_000, 4_000)),
    "eu": ((425,), (1_000, 4_000)),
    "uk": ((400, 450), (400, 200, 400, 2_000)),
}
"""How ringing sounds to who calls (ITU-T E.180, supplement 2): the tones, and milliseconds of sound and of silence in turn."""
BUSY_HZ = (480, 620)
BEEP_HZ = 1_000

KEYS_HZ: dict[str, tuple[int, int]] = {
    key: (row_hz, column_hz)
    for row_hz, keys in ((697, "123A"), (770, "456B"), (852, "789C"), (941, "*0#D"))
    for column_hz, key in zip((1_209, 1_336, 1_477, 1_633), keys, strict=True)
}
"""Key -> its two tones (ITU-T Q.23)."""
KEY_MS = 200
"""A key's tone and the pause after it, unless said otherwise."""
_KEY_TONE_MS = 100


def tone(frequencies_hz: tuple[float, ...], length_ms: int, amplitude: int = _AMPLITUDE) -> bytes:
    """The sum of sines, each of ``amplitude`` shared among them."""
    at = np.arange(length_ms * SAMPLE_RATE_HZ // 1000) * (2 * np.pi / SAMPLE_RATE_HZ)
    wave = sum((np.sin(at * hz) for hz in frequencies_hz), np.zeros(len(at)))
    return np.asarray(wave * (amplitude / max(1, len(frequencies_hz)))).astype("<i2").tobytes()


def silence(length_ms: int) -> bytes:
    """PCM silence."""
    return bytes(2 * length_ms * SAMPLE_RATE_HZ // 1000)


def ringback(length_ms: int = 6_000) -> bytes:
    """The caller's ringing: 2 s of tone, 4 s of silence, from the start of the tone."""
    return ringing(RINGING["us"], length_ms)


def ringing(how: tuple[tuple[int, ...], tuple[int, ...]], length_ms: int) -> bytes:
    """One of ``RINGING``, from the start of its tone."""
    frequencies_hz, cadence_ms = how
    parts = [silence(ms) if at % 2 else tone(frequencies_hz, ms) for at, ms in enumerate(cadence_ms)]
    return _repeated(b"".join(parts), length_ms)


def busy(length_ms: int = 4_000) -> bytes:
    """Half a second of tone, half a second of silence."""
    return _repeated(tone(BUSY_HZ, 500) + silence(500), length_ms)


def beep(length_ms: int = 400) -> bytes:
    """An answering machine's beep."""
    return tone((BEEP_HZ,), length_ms)


def keys(pressed: str, tone_ms: int = _KEY_TONE_MS, pause_ms: int = KEY_MS - _KEY_TONE_MS) -> bytes:
    """DTMF tones of ``pressed``. Raises ValueError for anything but 0-9 * # A-D."""
    for key in pressed:
        if key not in KEYS_HZ:
            raise ValueError(f"{key!r} is no key; use 0-9 * # A-D")
    return b"".join(tone(KEYS_HZ[key], tone_ms) + silence(pause_ms) for key in pressed)


def _repeated(cycle: bytes, length_ms: int) -> bytes:
    wanted = 2 * length_ms * SAMPLE_RATE_HZ // 1000
    return (cycle * (wanted // len(cycle) + 1))[:wanted]
