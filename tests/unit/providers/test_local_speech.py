"""Arithmetic and guards of the local speech models, without the models."""

from fractions import Fraction

import msgspec
import numpy as np
import pytest

from callwright.domain.limits import MAX_INFERENCE_MESSAGE_BYTES
from callwright.providers.local import dsp, hearing, speaking
from callwright.providers.local.wire import LENGTH, Order, Report, length_of, pack


def tone(hertz, rate_hz, seconds=0.5, level=0.5):
    return (level * np.sin(2 * np.pi * hertz * np.arange(int(rate_hz * seconds)) / rate_hz)).astype(np.float32)


def test_mel_features_of_a_tone_peak_at_its_band():
    low = dsp.log_mel(tone(300, 16_000), 50).mean(axis=1).argmax()
    high = dsp.log_mel(tone(3_000, 16_000), 50).mean(axis=1).argmax()
    assert dsp.log_mel(tone(300, 16_000), 50).shape == (80, 50)
    assert low < high


def test_telephone_audio_is_widened_to_twice_the_samples():
    pcm = dsp.pcm_of(tone(440, 8_000))
    assert len(dsp.widened(pcm)) == 2 * len(pcm) // 2


def test_a_raised_pitch_is_shorter_and_higher():
    plain = dsp.narrowed(tone(200, 22_050), 22_050)
    raised = dsp.narrowed(tone(200, 22_050), 22_050, Fraction(5, 4))
    assert len(raised) == pytest.approx(len(plain) * 4 / 5, abs=4)

    def loudest_hz(pcm):
        return np.abs(np.fft.rfft(dsp.floats_of(pcm))).argmax() * 8_000 / (len(pcm) // 2)

    assert loudest_hz(raised) == pytest.approx(250, abs=4)


def test_trimming_leaves_a_little_silence_around_speech():
    signal = np.concatenate([np.zeros(8_000, np.float32), tone(200, 8_000, 0.1), np.zeros(8_000, np.float32)])
    assert len(dsp.trimmed(signal, 8_000)) == pytest.approx(800 + 160 + 720, abs=60)
    assert len(dsp.trimmed(np.zeros(100, np.float32), 8_000)) == 0


def test_loudness_is_of_the_loudest_stretch():
    quiet_then_loud = bytes(16_000) + dsp.pcm_of(tone(440, 8_000, 0.2))
    assert dsp.loudest_rms(quiet_then_loud) > 8_000
    assert dsp.loudest_rms(b"") == 0
    assert dsp.loudest_rms(b"\x10\x00" * 10) == 16


@pytest.mark.parametrize(
    ("text", "silence", "score", "loudness", "kept"),
    [
        ("Tuesday at ten.", 0.01, -0.2, 3_000, "Tuesday at ten."),
        ("Thank you.", 0.01, -0.2, 3_000, "Thank you."),
        ("Thank you.", 0.9, -0.3, 3_000, ""),
        ("Thank you.", 0.01, -0.3, 150, ""),
        ("Tuesday at ten.", 0.01, -0.2, 50, ""),
        ("Tuesday at ten.", 0.9, -1.5, 3_000, ""),
        ("[BLANK_AUDIO]", 0.1, -0.2, 3_000, ""),
        ("(upbeat music) Hello there", 0.1, -0.2, 3_000, "Hello there"),
        ("no no no no no no no no no no", 0.1, -0.2, 3_000, ""),
        ("my number is five five five five", 0.1, -0.2, 3_000, "my number is five five five five"),
    ],
)
def test_invented_words_are_dropped(text, silence, score, loudness, kept):
    assert hearing.sensible(text, silence, score, loudness) == kept


def test_a_phrase_four_times_in_a_row_is_a_loop():
    assert hearing.is_loop(
        ["go", "to", "the", "store", "go", "to", "the", "store", "go", "to", "the", "store", "go", "to", "the", "store"]
    )
    assert not hearing.is_loop(["I", "went", "to", "the", "store", "and", "then", "to", "the", "bank"])


def test_word_times_share_the_clause_by_their_sounds():
    assert speaking.word_times([1, 3], 16_000) == [(0, 250), (250, 1_000)]
    assert speaking.word_times([], 16_000) == []


def test_the_callers_voice_differs_from_the_agents_without_another_model():
    agent, caller = speaking.MANNERS[speaking.DEFAULT_VOICE], speaking.MANNERS[speaking.CALLER_VOICE]
    assert agent.engine == caller.engine
    assert caller.pitch > agent.pitch


def test_an_engine_that_is_not_installed_is_named():
    with pytest.raises(LookupError, match="kokoro"):
        speaking.load("kokoro", {}, 1)


def test_messages_survive_the_wire():
    packed = pack(Order(7, "tts", {"text": "hi", "pcm": b"\x00\xff"}))
    assert length_of(packed[: LENGTH.size]) == len(packed) - LENGTH.size
    assert msgspec.msgpack.decode(packed[LENGTH.size :], type=Order) == Order(
        7, "tts", {"text": "hi", "pcm": b"\x00\xff"}
    )
    assert Report(1, "done").body == {}


def test_an_oversized_message_is_refused():
    assert length_of(LENGTH.pack(MAX_INFERENCE_MESSAGE_BYTES)) == MAX_INFERENCE_MESSAGE_BYTES
    with pytest.raises(ValueError, match="at most"):
        length_of(LENGTH.pack(MAX_INFERENCE_MESSAGE_BYTES + 1))
