"""Measuring a line by its sound: markers in time, a tone's level and holes."""

import numpy as np
import pytest

from callwright.media import tones
from callwright.media.g711 import mulaw_of, pcm_of_mulaw
from callwright.media.probe import (
    MARKER_MS,
    clipped_share,
    find_markers,
    level_dbfs,
    marker,
    read_tone,
    steady_tone,
)
from callwright.media.tonetext import spoken


def softer(pcm: bytes, factor: float) -> bytes:
    return (np.frombuffer(pcm, dtype="<i2") * factor).astype("<i2").tobytes()


def without(pcm: bytes, from_ms: int, length_ms: int) -> bytes:
    return pcm[: from_ms * 16] + tones.silence(length_ms) + pcm[(from_ms + length_ms) * 16 :]


class TestMarkers:
    def test_each_is_found_to_the_sample(self):
        sound = tones.silence(123) + bytes(2 * 5) + marker() + tones.silence(300) + marker() + tones.silence(50)
        found = find_markers(sound)
        assert [one.at_samples for one in found] == [123 * 8 + 5, (123 + 200 + 300) * 8 + 5]
        assert all(one.alike > 0.99 for one in found)

    def test_through_the_codec_and_much_softer(self):
        sound = tones.silence(60) + softer(marker(), 0.02) + tones.silence(60)
        (found,) = find_markers(pcm_of_mulaw(mulaw_of(sound)))
        assert found.at_samples == 480
        assert found.level_dbfs == pytest.approx(level_dbfs(marker()) - 34, abs=0.5)

    def test_with_two_of_its_frames_lost(self):
        (found,) = find_markers(tones.silence(40) + without(without(marker(), 40, 20), 120, 20) + tones.silence(40))
        assert found.at_samples == 320
        assert 0.8 < found.alike < 0.95

    @pytest.mark.parametrize(
        "sound",
        [b"", tones.silence(500), spoken("nothing of the kind"), tones.beep(1_000), tones.keys("159D"), marker()[:-2]],
        ids=["nothing", "silence", "letters", "beep", "keys", "less than whole"],
    )
    def test_nothing_else_is_taken_for_one(self, sound):
        assert find_markers(sound) == []

    def test_of_two_that_overlap_the_better_counts(self):
        sound = np.frombuffer(tones.silence(20) + marker() + tones.silence(100), dtype="<i2").astype(int)
        echo = np.frombuffer(tones.silence(80) + softer(marker(), 0.3) + tones.silence(40), dtype="<i2").astype(int)
        (found,) = find_markers((sound + echo).astype("<i2").tobytes())
        assert found.at_samples == 160
        assert MARKER_MS == 200


class TestTones:
    def test_a_steady_one_has_its_level_and_no_gaps(self):
        reading = read_tone(tones.silence(100) + steady_tone(1_000, 1_000) + tones.silence(70), 1_000)
        assert reading is not None
        assert (reading.found_ms, reading.gaps, reading.gap_ms) == (1_000, 0, 0)
        assert reading.level_dbfs == pytest.approx(-15.26, abs=0.05)
        assert reading.level_dbfs == pytest.approx(level_dbfs(steady_tone(1_000, 1_000)), abs=0.05)
        assert reading.clipped_share == 0

    def test_holes_are_counted(self):
        sound = without(without(steady_tone(1_000, 1_000), 200, 20), 500, 60)
        reading = read_tone(sound, 1_000)
        assert reading is not None
        assert (reading.gaps, reading.gap_ms) == (2, 80)

    def test_another_tone_beside_it_does_not_disturb(self):
        both = tones.tone((1_000, 600), 1_000, 16_000)
        reading = read_tone(both, 1_000)
        assert reading is not None
        assert reading.level_dbfs == pytest.approx(-15.26, abs=0.3)
        assert reading.gaps == 0

    def test_clipping_is_seen(self):
        reading = read_tone(steady_tone(1_000, 500, 32_760), 1_000)
        assert reading is not None
        assert reading.clipped_share > 0.05
        assert clipped_share(steady_tone(1_000, 500, 32_760)) == reading.clipped_share
        assert clipped_share(b"") == 0

    @pytest.mark.parametrize("sound", [b"", tones.silence(500), bytes(20)])
    def test_a_tone_that_is_not_there(self, sound):
        assert read_tone(sound, 1_000) is None


def test_silence_has_the_lowest_level():
    assert level_dbfs(b"") == level_dbfs(tones.silence(20)) == -96.0
