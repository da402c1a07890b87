"""Ambient tracks and what lies under the agent's frames."""

from __future__ import annotations

import numpy as np
import pytest

from callwright.media import tones
from callwright.media.ambient import LEVEL_RMS, LOOP_SECONDS, TRACKS, Bed, track, track_of_wav
from callwright.media.framing import FRAME_MS, FRAME_US, MULAW_FRAME_BYTES, MULAW_SILENCE
from callwright.media.g711 import fainter, loudness, mulaw_of, pcm_of_mulaw
from callwright.media.pacing import FILL_AHEAD_MS, ClausePlayed, Playout, PlayoutBegan
from callwright.media.wav import WavError, write_wav


@pytest.mark.parametrize("name", TRACKS)
def test_a_track_is_always_the_same_soft_and_without_a_seam(name: str) -> None:
    pcm = track(name)
    assert pcm == track(name)
    assert len(pcm) == LOOP_SECONDS * 16_000
    assert loudness(pcm) == pytest.approx(LEVEL_RMS, rel=0.05)
    samples = np.frombuffer(pcm, dtype="<i2").astype(int)
    assert abs(samples[0] - samples[-1]) <= 6 * np.std(np.diff(samples))


def test_a_wav_becomes_a_track_at_our_rate_and_level() -> None:
    loud = tones.tone((300,), 1_000, 20_000)
    pcm = track_of_wav(write_wav(loud, rate_hz=16_000))
    assert len(pcm) == pytest.approx(len(loud) / 2, abs=4)
    assert loudness(pcm) == pytest.approx(LEVEL_RMS, rel=0.05)


@pytest.mark.parametrize("samples", [b"", bytes(16_000)])
def test_a_wav_without_sound_is_refused(samples: bytes) -> None:
    with pytest.raises(WavError, match="no sound"):
        track_of_wav(write_wav(samples))


def test_the_bed_lies_under_silence_and_under_speech_and_begins_anew_at_its_end() -> None:
    pcm = tones.tone((500,), 2 * FRAME_MS, 400)
    bed = Bed(pcm)
    assert bed.under(MULAW_SILENCE) == mulaw_of(pcm)[:MULAW_FRAME_BYTES]
    speech = mulaw_of(tones.tone((1_000,), FRAME_MS, 3_000))
    mixed = np.frombuffer(pcm_of_mulaw(bed.under(speech)), dtype="<i2").astype(int)
    expected = np.frombuffer(pcm_of_mulaw(speech), dtype="<i2").astype(int) + np.frombuffer(pcm, dtype="<i2")[160:]
    assert np.abs(mixed - expected).max() < 150, "no further from the sum than mu-law takes it"
    assert bed.under(MULAW_SILENCE) == mulaw_of(pcm)[:MULAW_FRAME_BYTES]


def test_a_sum_beyond_full_scale_stays_at_full_scale() -> None:
    full = b"\x00\x7f" * 160
    assert set(Bed(full).under(mulaw_of(full))) == {mulaw_of(b"\xff\x7f")[0]}


def test_a_bed_needs_a_frame() -> None:
    with pytest.raises(ValueError, match="at least 20 ms"):
        Bed(bytes(300))


def test_fainter_is_fainter() -> None:
    pcm = tones.tone((500,), 100, 8_000)
    assert loudness(fainter(pcm, 500)) == pytest.approx(loudness(pcm) / 2, rel=0.01)


def playing(clause: bytes, ended: bool = True) -> Playout:
    playout = Playout()
    playout.add(1, 0, clause)
    if ended:
        playout.end_clause(1, 0)
        playout.end_utterance(1, 1)
    return playout


def test_a_line_that_is_filled_never_runs_dry_and_is_never_far_ahead() -> None:
    playout = Playout()
    assert not playout.due(0, 200)
    playout.fill(True)
    written = [len(playout.due(tick * FRAME_US, 200)) for tick in range(50)]
    assert written == [FILL_AHEAD_MS // FRAME_MS, *[1] * 49]
    assert not playout.idle(50 * FRAME_US)
    playout.fill(False)
    assert not playout.due(60 * FRAME_US, 200)


def test_speech_follows_the_filling_and_its_position_is_its_own() -> None:
    playout = playing(b"\x10" * 480)
    playout.fill(True)
    playout.due(0, 60)
    playout.release(1)
    frames = [frame for tick in range(1, 12) for frame in playout.due(tick * FRAME_US, 60)]
    assert sum(frame is not MULAW_SILENCE for frame in frames) == 3
    events = playout.events(12 * FRAME_US)
    assert [type(event) for event in events[:2]] == [PlayoutBegan, ClausePlayed]
    assert events[1].at_us == FILL_AHEAD_MS * 1_000 + 60_000, "behind what was written before it"
    assert playout.played_ms(1, 12 * FRAME_US) == 60


def test_a_clause_that_breaks_off_is_starved_though_the_line_is_filled() -> None:
    playout = playing(b"\x10" * 320, ended=False)
    playout.fill(True)
    playout.release(1)
    for tick in range(6):
        playout.due(tick * FRAME_US, 60)
    assert playout.quality.starved_frames > 0
    assert playout.quality.late_frames == 0
