"""Beeps, cadence, and the two together."""

from __future__ import annotations

import numpy as np
import pytest

from callwright.media import tones
from callwright.media.beeps import MOST_MS, SETTLE_MS, BeepDetector
from callwright.media.cadence import BREATH_MS, LISTENS_MS, LONG_MS, Cadence
from callwright.media.framing import PCM_FRAME_BYTES
from callwright.media.g711 import mulaw_of, pcm_of_mulaw
from callwright.media.machine_ear import MachineEar

QUIET = tones.silence


def frames(pcm: bytes) -> list[bytes]:
    return [pcm[at : at + PCM_FRAME_BYTES] for at in range(0, len(pcm) - PCM_FRAME_BYTES + 1, PCM_FRAME_BYTES)]


def heard(pcm: bytes) -> list[int]:
    """When a beep was certain, in ms."""
    detector = BeepDetector()
    return [20 * (number + 1) for number, frame in enumerate(frames(pcm)) if detector.push(frame)]


def noisy(pcm: bytes, rms: float) -> bytes:
    samples = np.frombuffer(pcm, dtype="<i2") + np.random.default_rng(1).normal(0, rms, len(pcm) // 2)
    return pcm_of_mulaw(mulaw_of(np.clip(samples, -32_768, 32_767).astype("<i2").tobytes()))


@pytest.mark.parametrize("hz", [400, 440, 620, 850, 1_000, 1_400, 2_000])
@pytest.mark.parametrize("length_ms", [160, 400, 1_500])
def test_a_beep_is_certain_when_it_is_over_and_nothing_follows(hz: int, length_ms: int) -> None:
    found = heard(noisy(QUIET(500) + tones.tone((hz,), length_ms) + QUIET(1_500), 300))
    assert len(found) == 1
    assert found[0] == pytest.approx(500 + length_ms + SETTLE_MS, abs=80)


def test_its_length_is_told() -> None:
    detector = BeepDetector()
    lengths = [detector.push(frame) for frame in frames(QUIET(200) + tones.beep(400) + QUIET(800))]
    assert max(lengths) == pytest.approx(400, abs=60)


def test_packets_that_were_lost_do_not_cut_a_beep() -> None:
    whole = frames(QUIET(200) + tones.beep(800) + QUIET(1_000))
    whole[20] = whole[33] = bytes(PCM_FRAME_BYTES)
    assert len(heard(b"".join(whole))) == 1


@pytest.mark.parametrize(
    "pcm",
    [
        tones.busy(),
        tones.ringback(),
        tones.keys("0123456789*#", 120, 300) + QUIET(1_000),
        (tones.tone((425,), 1_000) + QUIET(4_000)) * 2,
        (tones.tone((425,), 500) + QUIET(500)) * 4,
        tones.tone((950,), 330) + tones.tone((1_400,), 330) + tones.tone((1_800,), 330) + QUIET(1_500),
        tones.tone((350, 440), 3_000) + QUIET(1_000),
        tones.tone((2_100,), 1_000) + QUIET(1_000),
        tones.tone((1_000,), MOST_MS + 500) + QUIET(1_000),
        tones.tone((1_000,), 60) + QUIET(1_000),
        tones.tone((1_000,), 1_000, 60) + QUIET(1_000),
        QUIET(3_000),
    ],
    ids=[
        "busy",
        "ringing",
        "keys",
        "ring 425",
        "busy 425",
        "intercept",
        "dial",
        "fax",
        "long",
        "short",
        "faint",
        "silence",
    ],
)
def test_what_is_no_beep(pcm: bytes) -> None:
    assert heard(pcm) == []


def test_a_tone_behind_which_somebody_speaks_on_is_none() -> None:
    speech = noisy(QUIET(800), 3_000)
    assert heard(QUIET(300) + tones.beep(300) + QUIET(100) + speech + QUIET(1_000)) == []


def test_a_short_tone_within_speech_is_a_vowel_and_a_tone_behind_one_may_be_a_beep() -> None:
    speech = noisy(QUIET(400), 3_000)
    vowel = speech + tones.tone((700,), 160) + QUIET(700)
    assert heard(vowel + QUIET(500)) == []
    assert len(heard(tones.tone((700,), 160) + speech + QUIET(100) + tones.beep(400) + QUIET(1_000))) == 1


def told(cadence: Cadence, *stretches: tuple[bool, int]) -> list[str]:
    """What is told over stretches of (voiced, ms)."""
    return [what for voiced, ms in stretches for _ in range(ms // 20) if (what := cadence.push(voiced))]


def test_a_voice_that_goes_on_is_told_once_and_so_is_its_end() -> None:
    cadence = Cadence()
    assert told(cadence, (True, LONG_MS + 2_000), (False, LISTENS_MS + 1_000)) == ["likely", "human"]


def test_short_breaths_do_not_end_a_speech_and_pauses_do() -> None:
    breath, pause = (False, BREATH_MS - 40), (False, BREATH_MS + 40)
    assert told(Cadence(), (True, 1_000), breath, (True, 1_000)) == ["likely"]
    assert told(Cadence(), (True, 1_000), pause, (True, 1_000)) == []


def test_a_word_and_silence_is_a_person_and_silence_alone_or_a_click_is_nobody() -> None:
    assert told(Cadence(), (False, 400), (True, 400), (False, 2_000)) == ["human"]
    assert told(Cadence(), (False, 5_000)) == []
    assert told(Cadence(), (True, 60), (False, 2_000)) == []


def test_the_ear_tells_cadence_and_beeps() -> None:
    ear = MachineEar()
    found = [ear.feed(frame, 255) for frame in frames(noisy(QUIET(2_000), 2_000))]
    found += [ear.feed(frame, 0) for frame in frames(QUIET(200) + tones.beep(400) + QUIET(1_000))]
    assert [kind for kind in found if kind] == ["likely", "human", "beep"]
