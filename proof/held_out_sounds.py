"""Sounds of whoever or whatever answers, made in another way than those of ``answer_sounds``: no threshold was ever set on them.

Speech is a pulse train through resonances with stops and hisses; beeps are clipped, fade or begin hard, at other frequencies and lengths;
the line is band-limited, hums, hisses pink, speaks A-law and loses packets in bursts that it hides by saying the last one again.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy as np

from callwright.media.framing import FRAME_SAMPLES, SAMPLE_RATE_HZ
from callwright.media.g711 import alaw_of, pcm_of_alaw
from proof.answer_sounds import Samples, quiet

_PER_MS = SAMPLE_RATE_HZ // 1000
_FRAME_BYTES = 2 * FRAME_SAMPLES


def talk(random: Random, length_ms: int) -> Samples:
    """Sound like speech, as long as asked: one speaker whose pitch falls over a breath, with closed lips in it."""
    pitch_hz = random.uniform(75, 240)
    said: list[Samples] = []
    left_ms, breath_ms = length_ms, 0
    while left_ms > 0:
        syllable_ms = min(left_ms, random.randint(90, 380))
        breath_ms = 0 if breath_ms > 2_200 else breath_ms + syllable_ms
        closed_ms = min(syllable_ms, random.choice((0, 0, 30, 60, 90)))
        hz = pitch_hz * (1.1 - breath_ms / 12_000) * random.uniform(0.92, 1.08)
        voiced = random.random() < 0.8
        sound = _voiced(random, syllable_ms - closed_ms, hz) if voiced else _rush(random, syllable_ms - closed_ms)
        said += [quiet(closed_ms), sound]
        left_ms -= syllable_ms
    whole = np.concatenate(said)
    return whole * (random.uniform(2_500, 11_000) / max(float(np.abs(whole).max()), 1.0))


def beep(random: Random) -> tuple[float, int, Samples]:
    """A machine's beep: its frequency, its length in ms, its sound."""
    hz, length_ms = random.uniform(430, 1_950), random.choice((170, 230, 350, 420, 650, 900, 1_400, 2_200))
    at = np.arange(length_ms * _PER_MS) / SAMPLE_RATE_HZ
    sound = np.sin(2 * np.pi * hz * at)
    shape = random.choice(("hard", "clipped", "fading", "drifting"))
    if shape == "clipped":
        sound = np.clip(sound, -0.8, 0.8)
    elif shape == "fading":
        sound *= np.exp(-at / (length_ms / 1_000) * 1.2)
    elif shape == "drifting":
        sound = np.sin(2 * np.pi * (hz * at + random.uniform(-8, 8) * at**2))
    return hz, length_ms, sound * 32_768 * 10 ** (random.uniform(-26, -5) / 20)


def no_beep(random: Random) -> tuple[str, Samples]:
    """A sound without a beep in it, and its name."""
    name = random.choice(sorted(_OTHERS))
    return name, np.concatenate((quiet(random.randint(100, 600)), _OTHERS[name](random), quiet(1_400)))


def other_line(random: Random, samples: Samples) -> list[bytes]:
    """The sound as frames of 20 ms of PCM that came over the line."""
    count = _easy(len(samples))
    spectrum = np.fft.rfft(samples + _hum(random, len(samples)), count)
    hz = np.fft.rfftfreq(count, 1 / SAMPLE_RATE_HZ)
    passed = np.fft.irfft(spectrum / (1 + (250 / np.maximum(hz, 1)) ** 4) / (1 + (hz / 3_500) ** 8), count)[
        : len(samples)
    ]
    heard = passed + _pink(random, len(samples), random.uniform(-64, -42))
    pcm = pcm_of_alaw(alaw_of(np.clip(heard, -32_768, 32_767).astype("<i2").tobytes()))
    frames = [pcm[at : at + _FRAME_BYTES] for at in range(0, len(pcm) - _FRAME_BYTES + 1, _FRAME_BYTES)]
    return _in_bursts(random, frames, random.choice((0.0, 0.0, 0.004, 0.012)))


def _in_bursts(random: Random, frames: list[bytes], begins: float) -> list[bytes]:
    """Packets lost one to four in a row; in their place the last one, softer each time."""
    got: list[bytes] = []
    left = 0
    for frame in frames:
        left = left - 1 if left else random.randint(1, 4) if random.random() < begins else 0
        if left and got:
            got.append((np.frombuffer(got[-1], dtype="<i2") * 0.6).astype("<i2").tobytes())
        else:
            got.append(frame)
    return got


def _noise(random: Random, count: int) -> Samples:
    return np.random.default_rng(random.randrange(1 << 32)).standard_normal(count)


def _easy(count: int) -> int:
    """The next count of samples whose Fourier transform is quick: it has small factors only."""
    return -(-count // 4_000) * 4_000


def _pink(random: Random, count: int, level_db: float) -> Samples:
    spectrum = np.fft.rfft(_noise(random, _easy(count)))
    shaped = np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 1.0))[:count]
    return shaped / max(float(shaped.std()), 1e-9) * 32_768 * 10 ** (level_db / 20)


def _hum(random: Random, count: int) -> Samples:
    at, mains_hz = np.arange(count) / SAMPLE_RATE_HZ, random.choice((50, 60))
    level = 32_768 * 10 ** (random.uniform(-70, -40) / 20)
    hum = np.zeros(count)
    for part in (1, 2, 3, 5):
        hum += level / part * np.sin(2 * np.pi * mains_hz * part * at)
    return hum


def _shaped(samples: Samples, peaks_hz: tuple[float, ...], width_hz: float) -> Samples:
    """Through resonances."""
    hz = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE_HZ)
    gain = sum(1 / (1 + ((hz - peak) / width_hz) ** 2) for peak in peaks_hz)
    return np.fft.irfft(np.fft.rfft(samples) * gain, len(samples))


def _voiced(random: Random, length_ms: int, hz: float) -> Samples:
    count = max(1, length_ms * _PER_MS)
    # A voice is never steady: each of its pulses comes a little early or late, and its pitch glides.
    wander = np.cumsum(_noise(random, count)) * 0.0004
    phase = np.cumsum(hz * (1 + wander + random.uniform(-0.15, 0.15) * np.linspace(0, 1, count))) / SAMPLE_RATE_HZ
    pulses = 1 - 2 * (phase % 1.0)
    peaks = (random.uniform(270, 820), random.uniform(850, 2_300), random.uniform(2_300, 3_100))
    swell = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / (25 * _PER_MS))
    return _shaped(pulses, peaks, random.uniform(60, 160)) * swell


def _rush(random: Random, length_ms: int) -> Samples:
    return 0.2 * _shaped(_noise(random, max(1, length_ms * _PER_MS)), (random.uniform(2_000, 3_800),), 700)


def _tones(parts_hz: tuple[float, ...], length_ms: int, level: float = 4_500.0) -> Samples:
    at = np.arange(length_ms * _PER_MS) / SAMPLE_RATE_HZ
    return sum((level * np.sin(2 * np.pi * hz * at) for hz in parts_hz), np.zeros(len(at)))


def _again(sound: Samples, pause_ms: int, times: int) -> Samples:
    return np.tile(np.concatenate((sound, quiet(pause_ms))), times)


def _whistle(random: Random) -> Samples:
    """Somebody whistles: a pure tone that goes up and down."""
    count = random.randint(500, 1_500) * _PER_MS
    part = np.linspace(0, 1, count)
    hz = random.uniform(800, 1_600) * (1 + 0.3 * np.sin(2 * np.pi * random.uniform(1, 3) * part))
    return 5_000 * np.sin(2 * np.pi * np.cumsum(hz) / SAMPLE_RATE_HZ)


def _chords(random: Random) -> Samples:
    """Waiting music: three notes at once, again and again others."""
    roots = [220 * 2 ** (random.randint(0, 18) / 12) for _ in range(8)]
    length_ms = random.choice((240, 360, 600))
    return np.concatenate([_tones((hz, hz * 1.26, hz * 1.5), length_ms, 2_500) for hz in roots])


def _siren(random: Random) -> Samples:
    low, high = random.uniform(420, 650), random.uniform(850, 1_400)
    return np.concatenate([_tones((low,), 500), _tones((high,), 500)] * 3)


_OTHERS: dict[str, Callable[[Random], Samples]] = {
    "talk": lambda random: talk(random, random.randint(800, 5_000)),
    "talk in pieces": lambda random: np.concatenate(
        [part for _ in range(4) for part in (talk(random, random.randint(200, 700)), quiet(random.randint(200, 900)))]
    ),
    "whistle": _whistle,
    "chords": _chords,
    "siren": _siren,
    "dial tone": lambda _: _tones((350, 440), 3_000),
    "British ringing": lambda _: _again(_tones((400, 450), 400), 200, 2),
    "fast busy": lambda _: _again(_tones((480, 620), 250), 250, 8),
    "French busy": lambda _: _again(_tones((440,), 500), 500, 6),
    "Japanese ringing": lambda _: _tones((384, 416), 1_000),
    "car horn": lambda random: _tones((420, 500), random.randint(300, 1_200)),
    "click": lambda _: np.concatenate((quiet(100), 12_000 * np.ones(_PER_MS), quiet(800))),
    "modem": lambda random: _tones((2_225,), random.randint(2_700, 3_500)),
    "door": lambda random: 9_000 * np.exp(-np.arange(400 * _PER_MS) / 400) * _noise(random, 400 * _PER_MS),
}
