"""Sounds of whoever or whatever answers a telephone, made from a seed: speech-like sound, beeps, and what is mistaken for beeps.

The speech is none: voiced harmonics under wandering formants, hisses and pauses, with the pace and the loudness of talk. It has long vowels
and hums, because these are what a detector of tones mistakes.
"""

from __future__ import annotations

from random import Random

import numpy as np
from numpy.typing import NDArray

from callwright.media import tones
from callwright.media.framing import FRAME_SAMPLES, SAMPLE_RATE_HZ
from callwright.media.g711 import mulaw_of, pcm_of_mulaw

Samples = NDArray[np.float64]

_PER_MS = SAMPLE_RATE_HZ // 1000
_HIGHEST_HZ = 3_400.0


def quiet(length_ms: int) -> Samples:
    """Digital silence."""
    return np.zeros(length_ms * _PER_MS)


def tone(hz: float, length_ms: int, level: float) -> Samples:
    """One sine with soft edges of 5 ms. ``level`` is its amplitude."""
    at = np.arange(length_ms * _PER_MS) / SAMPLE_RATE_HZ
    return _edged(level * np.sin(2 * np.pi * hz * at), 5)


def speech(random: Random, length_ms: int, level: float = 6_000.0) -> Samples:
    """Sound like speech, as long as asked: syllables of one speaker."""
    pitch_hz = random.uniform(85, 260)
    said: list[Samples] = []
    left_ms = length_ms
    while left_ms > 0:
        syllable_ms = min(left_ms, random.randint(110, 320))
        if random.random() < 0.15:
            said.append(_hiss(random, syllable_ms))
        else:
            said.append(_vowel(random, syllable_ms, pitch_hz * random.uniform(0.85, 1.2)))
        left_ms -= syllable_ms
    whole = np.concatenate(said)
    return whole * (level / max(float(np.abs(whole).max()), 1.0))


def not_a_beep(random: Random) -> tuple[str, Samples]:
    """A sound without a beep in it, and its name."""
    name = random.choice(("speech", "hum", "keys", "ringing", "ringing abroad", "busy", "intercept", "melody", "fax"))
    return name, _OTHERS[name](random)


def through_the_line(random: Random, samples: Samples, noise_db: float, loss: float) -> list[bytes]:
    """The sound as frames of 20 ms of PCM that came over a telephone line: noise (dB of full scale), mu-law, frames lost (as silence)."""
    noise = np.random.default_rng(random.randrange(1 << 32)).standard_normal(len(samples))
    heard = samples + noise * 32_768 * 10 ** (noise_db / 20)
    pcm = pcm_of_mulaw(mulaw_of(np.clip(heard, -32_768, 32_767).astype("<i2").tobytes()))
    size = 2 * FRAME_SAMPLES
    frames = [pcm[at : at + size] for at in range(0, len(pcm) - size + 1, size)]
    return [bytes(size) if random.random() < loss else frame for frame in frames]


def _edged(samples: Samples, edge_ms: int) -> Samples:
    edge = min(edge_ms * _PER_MS, len(samples) // 2)
    ramp = np.linspace(0.0, 1.0, edge)
    samples[:edge] *= ramp
    samples[len(samples) - edge :] *= ramp[::-1]
    return samples


def _hiss(random: Random, length_ms: int) -> Samples:
    noise = np.random.default_rng(random.randrange(1 << 32)).standard_normal(length_ms * _PER_MS)
    return _edged(0.25 * np.diff(noise, prepend=0.0), 20)


def _vowel(random: Random, length_ms: int, pitch_hz: float) -> Samples:
    """Harmonics of a gliding pitch under two formants that move."""
    count = length_ms * _PER_MS
    part = np.linspace(0.0, 1.0, count)
    glide = pitch_hz * (1 + random.uniform(-0.12, 0.12) * part)
    phase = 2 * np.pi * np.cumsum(glide) / SAMPLE_RATE_HZ
    first_hz, second_hz = random.uniform(280, 800), random.uniform(900, 2_400)
    formants = (first_hz * (1 + random.uniform(-0.3, 0.3) * part), second_hz * (1 + random.uniform(-0.3, 0.3) * part))
    sound = np.zeros(count)
    for harmonic in range(1, int(_HIGHEST_HZ / (pitch_hz * 1.2)) + 1):
        hz = glide * harmonic
        gain = 0.02 + sum(np.exp(-(((hz - formant) / 120.0) ** 2)) for formant in formants)
        sound += gain / harmonic**0.5 * np.sin(harmonic * phase)
    return _edged(sound, 30)


def _hum(random: Random) -> Samples:
    """ "Mm", as long as somebody thinks: nearly a tone, and low."""
    length_ms, hz = random.randint(200, 900), random.uniform(90, 340)
    at = np.arange(length_ms * _PER_MS) / SAMPLE_RATE_HZ
    wobble = 2 * np.pi * hz * at + random.uniform(0.5, 2.0) * np.sin(2 * np.pi * 5 * at)
    hum = np.sin(wobble) + 0.3 * np.sin(2 * wobble) + 0.1 * np.sin(3 * wobble)
    return np.concatenate((quiet(300), _edged(4_000 * hum, 40), quiet(1_200)))


def _talk(random: Random) -> Samples:
    parts: list[Samples] = [quiet(200)]
    for _ in range(random.randint(1, 4)):
        parts += [speech(random, random.randint(300, 2_500)), quiet(random.randint(100, 1_200))]
    return np.concatenate((*parts, quiet(900)))


def _keys(random: Random) -> Samples:
    pressed = "".join(random.choice("0123456789*#") for _ in range(random.randint(1, 6)))
    pcm = tones.keys(pressed, random.choice((60, 100, 200, 400)), random.choice((60, 100, 700)))
    twist = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    return np.concatenate((quiet(300), twist, quiet(1_200)))


def _melody(random: Random) -> Samples:
    """Notes of one instrument, pure or with overtones, without pauses worth the name."""
    overtones = random.choice((0.0, 0.0, 0.3, 0.6))
    notes: list[Samples] = [quiet(200)]
    for _ in range(random.randint(5, 10)):
        hz, length_ms = 440 * 2 ** (random.randint(-3, 14) / 12), random.choice((150, 200, 300, 400))
        note = tone(hz, length_ms, 5_000) + overtones * tone(2 * hz, length_ms, 5_000)
        notes += [note, quiet(random.choice((0, 20, 80)))]
    return np.concatenate(notes)


def _repeated(pcm: bytes, times: int) -> Samples:
    return np.tile(np.frombuffer(pcm, dtype="<i2").astype(np.float64), times)


def _intercept(random: Random) -> Samples:
    """The three tones before "the number you have dialled"."""
    high = random.random() < 0.5
    parts = [tone(hz, length_ms, 6_000) for hz, length_ms in ((985 if high else 914, 380), (1_429, 276), (1_777, 380))]
    return np.concatenate((quiet(300), *parts, quiet(100), speech(random, 2_000), quiet(900)))


def _abroad(random: Random) -> Samples:
    ring = np.concatenate((tone(425, 1_000, 5_000), quiet(4_000)))
    return np.tile(ring, random.randint(1, 2))


def _busy(random: Random) -> Samples:
    if random.random() < 0.5:
        return _repeated(tones.busy(2_000), 2)
    length_ms = random.choice((250, 480, 500))
    return np.tile(np.concatenate((tone(425, length_ms, 5_000), quiet(length_ms))), 8)


def _fax(random: Random) -> Samples:
    return np.concatenate((quiet(400), tone(2_100, random.randint(2_600, 4_000), 6_000), quiet(900)))


_OTHERS = {
    "speech": _talk,
    "hum": _hum,
    "keys": _keys,
    "ringing": lambda _random: _repeated(tones.ringback(6_000), 1),
    "ringing abroad": _abroad,
    "busy": _busy,
    "intercept": _intercept,
    "melody": _melody,
    "fax": _fax,
}
